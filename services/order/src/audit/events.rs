//! Events against the queue: each has a number or waits for one. Three million of them are not looked up one by one: the
//! sums of both sides are compared by partition, and only a partition whose sums differ is read whole.

use std::{collections::BTreeMap, time::Duration};

use ::audit::in_time;
use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::rows::{self, Found};

/// How many, and a sum of their names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sum {
    events: i64,
    names: i64,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.events += other.events;
        self.names ^= other.names;
    }
}

/// Events older than `grace` that were not published.
pub(super) async fn unpublished(
    connection: &mut PgConnection,
    grace: Duration,
    chunk: i64,
) -> Result<Vec<Found>, sqlx::Error> {
    let late = sqlx::query_file_as!(Found, "audit/queue.sql", grace.as_secs_f64());
    let mut found = in_time(late.fetch_all(&mut *connection)).await?;
    let cutoff = sqlx::query_scalar!(
        r#"SELECT now() - make_interval(secs => $1) AS "cutoff!""#,
        grace.as_secs_f64(),
    );
    let cutoff = in_time(cutoff.fetch_one(&mut *connection)).await?;
    let queued = queued(connection, cutoff, chunk).await?;
    let written = written(connection, cutoff, chunk).await?;
    for (partition, queued) in queued {
        if written.get(&partition).copied().unwrap_or_default() != queued {
            let missing = sqlx::query_file_as!(Found, "audit/unqueued.sql", partition, cutoff);
            found.extend(in_time(missing.fetch_all(&mut *connection)).await?);
        }
    }
    Ok(found)
}

async fn queued(
    connection: &mut PgConnection,
    cutoff: DateTime<Utc>,
    chunk: i64,
) -> Result<BTreeMap<i16, Sum>, sqlx::Error> {
    let rows = sqlx::query_file!("audit/queued_sums.sql", cutoff);
    let rows = in_time(rows.fetch_all(&mut *connection)).await?;
    let mut sums = BTreeMap::new();
    for row in rows {
        let mut sum = Sum {
            events: row.events,
            names: row.names,
        };
        let mut after = 0;
        while after < row.last_sequence {
            let upto = row.last_sequence.min(after + chunk);
            let published = sqlx::query_file_as!(
                Sum,
                "audit/published_sums.sql",
                row.partition,
                after,
                upto,
                cutoff,
            );
            sum.add(in_time(published.fetch_one(&mut *connection)).await?);
            after = upto;
        }
        sums.insert(row.partition, sum);
    }
    Ok(sums)
}

async fn written(
    connection: &mut PgConnection,
    cutoff: DateTime<Utc>,
    chunk: i64,
) -> Result<BTreeMap<i16, Sum>, sqlx::Error> {
    let mut sums: BTreeMap<i16, Sum> = BTreeMap::new();
    let mut after = Uuid::nil();
    loop {
        let range = rows::orders_after(connection, after, chunk).await?;
        let rows = sqlx::query_file!("audit/event_sums.sql", after, range.upto, cutoff);
        for row in in_time(rows.fetch_all(&mut *connection)).await? {
            sums.entry(row.partition).or_default().add(Sum {
                events: row.events,
                names: row.names,
            });
        }
        if range.is_last() {
            return Ok(sums);
        }
        after = range.upto;
    }
}
