//! The command that runs one leg of our services.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;
use local_shop::Attack;

use super::{
    Place, build,
    statements::{counted_statements, slowest_statements, watch_statements},
};
use crate::{
    leg::{self, Drive, SideLoad},
    workload::Mix,
};

#[derive(Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct LegSettings {
    #[command(flatten)]
    place: Place,
    #[arg(long, default_value_t = 256)]
    connections: usize,
    /// One line of every order is of the same product.
    #[arg(long)]
    hot: bool,
    /// Replicas of product, order and the worker.
    #[arg(long, default_value_t = 1)]
    replicas: usize,
    /// Orders per second, in an open loop.
    #[arg(long)]
    rate: Option<f64>,
    #[arg(long, default_value_t = 6.0)]
    seconds: f64,
    #[arg(long, default_value_t = 3.0)]
    warm: f64,
    /// `GET /products/{id}` instead of orders.
    #[arg(long)]
    products: bool,
    /// Traefik binary through which products are read.
    #[arg(long, requires = "products")]
    traefik: Option<PathBuf>,
    /// Logins per second beside the orders.
    #[arg(long, conflicts_with = "attack")]
    flood: Option<f64>,
    /// Attack beside the orders: bombs, bodies, poison, intents, searches or paths.
    #[arg(long)]
    attack: Option<Attack>,
    /// End the services' database sessions again and again; the audit must find nothing.
    #[arg(long)]
    disturb: bool,
    /// Statement that is run on the template of `product` first, to plant a fault.
    #[arg(long, hide = true)]
    sabotage: Option<String>,
    /// Count statements with `pg_stat_statements`, and show those that take most time.
    #[arg(long)]
    statements: bool,
}

/// Runs one leg of our services and prints it.
pub fn leg(settings: &LegSettings) -> Result<()> {
    let mut stage = build(&settings.place, settings.replicas)?;
    let drive = Drive {
        connections: settings.connections,
        rate: settings.rate,
        warm_seconds: settings.warm,
        seconds: settings.seconds,
        seed: 1,
        side_load: match (settings.attack, settings.flood) {
            (Some(attack), _) => SideLoad::Attack(attack),
            (None, Some(rate)) => SideLoad::Logins(rate),
            (None, None) => SideLoad::None,
        },
        disturbed: settings.disturb,
        ..Drive::default()
    };
    let mix = if settings.hot { Mix::Hot } else { Mix::Uniform };
    if let Some(statement) = &settings.sabotage {
        stage.shop().sql("product_template", statement)?;
    }
    if settings.statements {
        watch_statements(&mut stage)?;
    }
    let leg = if settings.products {
        leg::products(&stage, "products", settings.traefik.as_deref(), drive)?
    } else {
        leg::ours(&stage, "ours", mix, drive)?
    };
    println!("{}", serde_json::to_string_pretty(&leg)?);
    ensure!(leg.violations.is_empty(), "the leg is void");
    if settings.statements {
        for row in slowest_statements(&stage)? {
            println!("{row}");
        }
        println!("{:?}", counted_statements(&stage)?);
    }
    Ok(())
}
