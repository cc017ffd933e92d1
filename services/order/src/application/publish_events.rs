//! Publishes events: takes partitions under a lease and numbers what is committed in them (ORDERS 26).
//! Any number of these run side by side, and each may be killed at any moment.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tracing::{debug, info, warn};

use crate::{
    domain::Published,
    ports::{EventLog, EventLogError},
};

/// Partitions of one round: half of them, so that two workers share.
const PARTITIONS: i64 = 8;
/// Events of a partition in one round.
const EVENTS: i64 = 500;
/// How often to look when nothing was left.
const POLL: Duration = Duration::from_millis(250);
/// How often the backlog is shown, and what a release before left out is filled in.
const ROUND: Duration = Duration::from_mins(1);
/// An order that a pod of the release before is writing shows up within this time.
const RECENT: Duration = Duration::from_mins(5);
/// What the first round looks at: longer than an upgrade takes.
const UPGRADE: Duration = Duration::from_hours(24);

#[derive(Clone)]
pub struct PublishEvents<L> {
    pub log: L,
    /// How long a worker that died keeps its partitions.
    pub lease: Duration,
}

impl<L: EventLog> PublishEvents<L> {
    pub const LEASE: Duration = Duration::from_secs(10);

    /// One round.
    pub async fn run_once(&self) -> Result<Published, EventLogError> {
        let leases = self.log.take(PARTITIONS, self.lease).await?;
        if leases.is_empty() {
            return Ok(Published::default());
        }
        let published = self.log.publish(&leases, EVENTS).await?;
        debug!(
            events = published.events,
            partitions = leases.len(),
            "published events"
        );
        Ok(published)
    }

    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let (mut due, mut look_back) = (Instant::now(), UPGRADE);
        while !*stop.borrow() {
            if Instant::now() >= due {
                self.keep_house(look_back).await;
                (due, look_back) = (Instant::now() + ROUND, RECENT);
            }
            match self.run_once().await {
                Ok(Published { more: true, .. }) => continue,
                Ok(Published { more: false, .. }) => {}
                Err(error) => warn!(
                    error = &error as &dyn std::error::Error,
                    "events were not published"
                ),
            }
            // Stopped, or whoever could stop us is gone.
            if tokio::time::timeout(POLL, stop.wait_for(|stop| *stop))
                .await
                .is_ok()
            {
                return;
            }
        }
    }

    async fn keep_house(&self, look_back: Duration) {
        match self.log.fill_gaps(look_back).await {
            Ok(0) => {}
            Ok(events) => info!(events, "wrote the events that the release before left out"),
            Err(error) => warn!(
                error = &error as &dyn std::error::Error,
                "gaps between events were not looked for"
            ),
        }
        match self.log.unpublished().await {
            Ok(events) => metrics::gauge!("ecommercestack_order_events_unpublished")
                .set(f64::from(i32::try_from(events).unwrap_or(i32::MAX))),
            Err(error) => warn!(
                error = &error as &dyn std::error::Error,
                "unpublished events were not counted"
            ),
        }
    }
}
