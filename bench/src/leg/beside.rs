//! What happens beside the orders while they are measured: floods, attacks, and sessions that end.

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

/// Accounts that a flood of logins keeps trying, at the same time.
const FLOOD_CONNECTIONS: usize = 512;
/// Until queues are full and connections open.
const HEAD_START: Duration = Duration::from_millis(500);
const DISTURBANCES: Duration = Duration::from_millis(100);

/// What others send while the orders are measured.
#[derive(Clone, Copy, Debug, Default)]
pub enum Beside {
    #[default]
    Nothing,
    /// Logins, so many a second.
    Logins(f64),
    Attack(Attack),
}

/// Ends the sessions that write, several times a second, so that commits fail in every way they can.
pub(super) fn disturb(stage: &Stage, calm: &AtomicBool) {
    while !calm.load(Ordering::Relaxed) {
        // Sessions that are gone already are no matter.
        let _ = stage.shop().sql(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name IN ('order-write', 'product')",
        );
        std::thread::sleep(DISTURBANCES);
    }
}

pub(super) type Other = std::thread::JoinHandle<Result<Report>>;

/// What is sent beside the orders, for as long as those take.
pub(super) fn others(stage: &Stage, drive: Drive) -> Result<Vec<Other>> {
    let seconds = drive.seconds + HEAD_START.as_secs_f64();
    let seed = drive.seed ^ 0xf100d;
    let specifications = match drive.beside {
        Beside::Nothing => return Ok(Vec::new()),
        Beside::Attack(attack) => {
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
        Beside::Logins(rate) => vec![Specification {
            ports: stage.ports(Workload::Auth)?,
            seconds,
            connections: FLOOD_CONNECTIONS,
            rate: Some(rate),
            seed,
            what: What::Logins,
        }],
    };
    let others = specifications
        .into_iter()
        .map(|specification| std::thread::spawn(move || generate(&specification, false)))
        .collect();
    std::thread::sleep(HEAD_START);
    Ok(others)
}

/// Nobody in it is one of the bystanders, but the customer of the order.
fn target(stage: &Stage) -> Target<'_> {
    Target {
        tokens: stage.shop().tokens(),
        sku: "P00002",
        product: product_id(2),
        order: template_order_id(CUSTOMERS),
        customer: customer_id(0),
        stranger: customer_id(CUSTOMERS),
    }
}
