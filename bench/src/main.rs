//! The benchmark's command line.

use std::io::{Read, Write};

use anyhow::Result;
use bench::{enumeration, load, run, users};
use clap::{Parser, Subcommand};

/// Measures the shop's services against pgbench and a conventional service, and audits every order.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the benchmark and writes its report.
    Run(run::Settings),
    /// Runs our legs with the binaries of two versions, and prints which figures have become worse.
    Compare(run::CompareSettings),
    /// Runs one leg of our services and prints its results.
    Leg(run::LegSettings),
    /// Compares what auth answers for accounts that exist and for those that do not, and how long it takes.
    Enumeration(enumeration::Settings),
    /// Measures every list and search of auth beside a read by key, with as many users as wanted.
    Users(users::Settings),
    /// Runs the load generator: a specification as JSON on standard input, a report on standard output.
    #[command(hide = true)]
    Load,
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Run(settings) => run::run(&settings),
        Command::Compare(settings) => run::compare(&settings),
        Command::Leg(settings) => run::leg(&settings),
        Command::Enumeration(settings) => enumeration::run(&settings),
        Command::Users(settings) => users::run(&settings),
        Command::Load => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text)?;
            let report = load::run(serde_json::from_str(&text)?)?;
            let mut out = std::io::stdout().lock();
            serde_json::to_writer(&mut out, &report)?;
            Ok(out.flush()?)
        }
    }
}
