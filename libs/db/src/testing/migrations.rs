//! Migrations while the release before goes on writing: what it committed must all be there afterwards, and it must
//! be able to go on.

use std::{
    borrow::Cow,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sqlx::{
    Connection, Error, PgConnection, PgPool, migrate::Migrator, postgres::PgConnectOptions,
};

use super::url;
use crate::{Database, Failure, migrate};

const WRITERS: u64 = 6;
/// Before the migrations begin, and after they end.
const LEAD: Duration = Duration::from_millis(150);

/// Tests, each named and with the migration that comes before it, which call `check(pool, before)`; and one that every
/// migration but the first is among them.
#[macro_export]
macro_rules! each_migration {
    ($migrator:path, $check:path, $($name:ident: $before:literal),+ $(,)?) => {
        $(
            #[sqlx::test(migrations = false)]
            async fn $name(pool: sqlx::PgPool) {
                $check(pool, $before).await;
            }
        )+

        #[test]
        fn every_migration_is_among_these() {
            let mut before: Vec<i64> = $migrator.iter().map(|migration| migration.version).collect();
            before.pop();
            assert_eq!([$($before),+].to_vec(), before);
        }
    };
}

/// What a writer does in one transaction; the statements see `$1`, a number that no other transaction has.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// The first migration that the statements need.
    pub since: i64,
    pub statements: &'static [&'static str],
}

/// Applies the migrations up to `before`, lets writers run, applies the rest under their hands, and stops them.
/// The numbers of the transactions that were committed.
pub async fn under_writers(
    pool: &PgPool,
    migrator: &Migrator,
    before: i64,
    shapes: &[Written],
) -> Result<Vec<i64>, Error> {
    up_to(migrator, before).run(pool).await?;
    let newest = shapes.iter().filter(|shape| shape.since <= before);
    let Some(shape) = newest.max_by_key(|shape| shape.since).copied() else {
        return Ok(Vec::new());
    };
    let stop = Arc::new(AtomicBool::new(false));
    let options = pool.connect_options();
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let (options, stop) = (Arc::clone(&options), Arc::clone(&stop));
            tokio::spawn(async move { write(&options, shape, writer, &stop).await })
        })
        .collect();
    tokio::time::sleep(LEAD).await;
    let database = Database {
        url: Some(url(&options, options.get_port())),
        url_file: None,
        max_connections: 1,
    };
    let nowhere = Path::new("/nowhere/termination-log");
    migrate(&database, migrator, nowhere)
        .await
        .map_err(|error| Error::Configuration(Box::new(error)))?;
    tokio::time::sleep(LEAD).await;
    stop.store(true, Ordering::Relaxed);
    let mut committed = Vec::new();
    for writer in writers {
        let numbers = writer.await.map_err(|_| Error::WorkerCrashed)??;
        committed.extend(numbers);
    }
    Ok(committed)
}

fn up_to(migrator: &Migrator, last: i64) -> Migrator {
    let first = migrator
        .iter()
        .filter(|migration| migration.version <= last);
    Migrator {
        migrations: Cow::Owned(first.cloned().collect()),
        ..Migrator::DEFAULT
    }
}

/// Transactions that stay open for a while after their last statement, as those of a slow client do.
async fn write(
    options: &PgConnectOptions,
    shape: Written,
    writer: u64,
    stop: &AtomicBool,
) -> Result<Vec<i64>, Error> {
    let mut session = PgConnection::connect_with(options).await?;
    let mut committed = Vec::new();
    let mut number = i64::try_from(writer).unwrap_or_default() * 1_000_000;
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        match write_one(&mut session, shape, number).await {
            Ok(()) => committed.push(number),
            // As a service would try it again.
            Err(error) if Failure::of(&error) == Failure::Retryable => {}
            Err(error) => return Err(error),
        }
    }
    Ok(committed)
}

async fn write_one(session: &mut PgConnection, shape: Written, number: i64) -> Result<(), Error> {
    let mut transaction = session.begin().await?;
    for statement in shape.statements {
        sqlx::query(*statement)
            .bind(number)
            .execute(&mut *transaction)
            .await?;
    }
    tokio::time::sleep(Duration::from_millis(number.unsigned_abs() * 7 % 40)).await;
    transaction.commit().await
}
