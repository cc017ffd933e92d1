//! The load beside the measured orders: floods, attacks, and database sessions that end.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::Result;
use local_shop::{Attack, Target, Volley, Workload};

use super::{Drive, generator::generate};
use crate::{
    catalogue::{CUSTOMERS, customer_id, product_id, template_order_id},
    load::{Specification, What},
    log::Report,
    stage::Stage,
};

/// The concurrent connections of a flood of logins.
const FLOOD_CONNECTIONS: usize = 512;
/// The time until queues are full and connections are open.
const HEAD_START: Duration = Duration::from_millis(500);
/// The time between two ends of sessions.
const DISTURBANCES: Duration = Duration::from_millis(100);

/// The load that other clients cause while orders are measured.
#[derive(Clone, Copy, Debug, Default)]
pub enum SideLoad {
    #[default]
    None,
    /// Logins, at this rate per second.
    Logins(f64),
    Attack(Attack),
}

/// Ends the database sessions that write, ten times a second until `done`, so that commits fail in every way they can.
pub(super) fn end_sessions(stage: &Stage, done: &AtomicBool) {
    while !done.load(Ordering::Relaxed) {
        // A session may have ended already.
        let _ = stage.shop().sql(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name IN ('order-write', 'product')",
        );
        std::thread::sleep(DISTURBANCES);
    }
}

pub(super) type Running = std::thread::JoinHandle<Result<Report>>;

/// Starts the side load, which lasts as long as the measured part.
pub(super) fn start(stage: &Stage, drive: Drive) -> Result<Vec<Running>> {
    let seconds = drive.seconds + HEAD_START.as_secs_f64();
    let seed = drive.seed ^ 0xf100d;
    let specifications = match drive.side_load {
        SideLoad::None => return Ok(Vec::new()),
        SideLoad::Attack(attack) => {
            let volleys = attack.volleys(&target(stage))?;
            let specification = |volley: Volley| -> Result<Specification> {
                Ok(Specification {
                    ports: stage.ports(volley.service)?,
                    seconds,
                    connections: volley.connections,
                    rate: Some(volley.rate),
                    seed,
                    what: What::Anything {
                        requests: volley.requests,
                    },
                })
            };
            volleys
                .into_iter()
                .map(specification)
                .collect::<Result<_>>()?
        }
        SideLoad::Logins(rate) => vec![Specification {
            ports: stage.ports(Workload::Auth)?,
            seconds,
            connections: FLOOD_CONNECTIONS,
            rate: Some(rate),
            seed,
            what: What::Logins,
        }],
    };
    let running = specifications
        .into_iter()
        .map(|specification| std::thread::spawn(move || generate(&specification, false)))
        .collect();
    std::thread::sleep(HEAD_START);
    Ok(running)
}

/// The customer of the order is the only one who also places measured orders.
fn target(stage: &Stage) -> Target<'_> {
    Target {
        tokens: stage.shop().tokens(),
        sku: "P00002",
        product: product_id(2),
        order: template_order_id(CUSTOMERS),
        customer: customer_id(0),
        attacker: customer_id(CUSTOMERS),
    }
}
