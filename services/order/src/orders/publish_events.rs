//! Publishes events: takes partitions under a lease and numbers what is committed in them (ORDERS 26).
//! Any number of these run side by side, and each may be killed at any moment.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::{debug, error, info, warn};

use super::{
    model::{PartitionLease, Published},
    ports::{EventLog, OrdersError},
};

/// Partitions of one round: half of them, so that two workers share.
const PARTITIONS: i64 = 8;
/// Events of one round.
const EVENTS: i64 = 4_000;
/// How often to look when nothing was left.
const POLL: Duration = Duration::from_millis(250);
/// How often the backlog is shown, and what a release before left out is filled in.
const ROUND: Duration = Duration::from_mins(1);
/// What the first round looks at: orders as old as this may have been changed while this worker was not there.
const FIRST_LOOK: Duration = Duration::from_hours(24);
/// What the next rounds look at, while pods of the release before may still be running beside this one.
const LOOK: Duration = Duration::from_mins(2);
const UPGRADE: u32 = 15;

#[derive(Clone)]
pub struct PublishEvents<L> {
    pub log: L,
    /// How long a worker that died keeps its partitions.
    pub lease: Duration,
}

impl<L: EventLog> PublishEvents<L> {
    pub const LEASE: Duration = Duration::from_secs(10);

    /// One round.
    pub async fn run_once(&self) -> Result<Published, OrdersError> {
        let leases = self.log.take(PARTITIONS, self.lease).await?;
        let publish = |leases| self.log.publish(leases, EVENTS);
        let (parts, panicked) = worker::isolating("event_relay", &leases, publish).await;
        for (PartitionLease { id: partition, .. }, panicked) in panicked {
            // Its lease ends by itself.
            error!(
                partition,
                error = &panicked as &dyn std::error::Error,
                "failed to publish a partition"
            );
        }
        let mut published = Published::default();
        for part in parts {
            let Published { events, more } = part?;
            published.events += events;
            published.more |= more;
        }
        debug!(
            events = published.events,
            partitions = leases.len(),
            "published events"
        );
        Ok(published)
    }

    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let (mut due, mut rounds) = (Instant::now(), 0_u32);
        while !*stop.borrow() {
            if Instant::now() >= due {
                match rounds {
                    0 => self.fill_gaps(FIRST_LOOK).await,
                    1..UPGRADE => self.fill_gaps(LOOK).await,
                    UPGRADE.. => {}
                }
                self.show_backlog().await;
                (due, rounds) = (Instant::now() + ROUND, rounds.saturating_add(1));
            }
            match self.run_once().await {
                Ok(Published { more: true, .. }) => continue,
                Ok(Published { more: false, .. }) => {}
                Err(error) => warn!(
                    error = &error as &dyn std::error::Error,
                    "failed to publish events"
                ),
            }
            if worker::stopped_within(&mut stop, POLL).await {
                return;
            }
        }
    }

    async fn fill_gaps(&self, within: Duration) {
        match self.log.fill_gaps(within).await {
            Ok(0) => {}
            Ok(events) => info!(
                events,
                "wrote events that the previous release had left out"
            ),
            Err(error) => warn!(
                error = &error as &dyn std::error::Error,
                "failed to look for gaps between events"
            ),
        }
    }

    async fn show_backlog(&self) {
        match self.log.unpublished().await {
            Ok(events) => metrics::gauge!("ecommercestack_order_events_unpublished")
                .set(f64::from(i32::try_from(events).unwrap_or(i32::MAX))),
            Err(error) => warn!(
                error = &error as &dyn std::error::Error,
                "failed to count unpublished events"
            ),
        }
    }
}
