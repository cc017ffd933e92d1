//! A database that does not respond: no caller waits longer than the limits, and all connections work when it is back.

use std::time::{Duration, Instant};

use db::{
    Connection, Failure, Pool,
    testing::{Proxy, eventually},
};
use sqlx::PgPool;

/// Nothing takes longer, on a busy machine.
const IN_TIME: Duration = Duration::from_secs(7);

async fn behind_proxy(pool: &PgPool, connections: u32) -> (Proxy, Pool) {
    let proxy = Proxy::open(pool).await.unwrap();
    let behind = proxy.database(connections).pool("test").unwrap();
    drop(patiently(&behind).await);
    (proxy, behind)
}

/// A connection may take its time to come about on a busy machine.
async fn patiently(pool: &Pool) -> Connection {
    let acquired = async {
        loop {
            match pool.acquire().await {
                Ok(connection) => return connection,
                Err(error) => assert_eq!(Failure::of(&error), Failure::Retryable),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), acquired)
        .await
        .unwrap()
}

/// All connections of the pool answer.
async fn recovers(pool: &Pool, connections: usize) {
    let mut held = Vec::new();
    for _ in 0..connections {
        let mut connection = patiently(pool).await;
        let one: i32 = sqlx::query_scalar("SELECT 1")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(one, 1);
        held.push(connection);
    }
}

async fn idle_in_transaction(pool: &PgPool) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND state LIKE 'idle in transaction%' AND application_name = 'test'",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

#[sqlx::test]
async fn a_statement_that_is_not_answered_ends_in_time_and_its_connection_is_not_used_again(
    pool: PgPool,
) {
    let (proxy, behind) = behind_proxy(&pool, 2).await;
    recovers(&behind, 2).await;
    proxy.stall();
    let begun = Instant::now();
    let mut waiting = tokio::task::JoinSet::new();
    for _ in 0..6 {
        let behind = behind.clone();
        waiting.spawn(async move { sqlx::query("SELECT 1").execute(&behind).await });
    }
    for outcome in waiting.join_all().await {
        assert_eq!(Failure::of(&outcome.unwrap_err()), Failure::Retryable);
    }
    assert!(begun.elapsed() < IN_TIME, "{:?}", begun.elapsed());
    proxy.resume();
    recovers(&behind, 2).await;
}

#[sqlx::test]
async fn a_transaction_has_a_deadline_and_its_connection_is_thrown_away(pool: PgPool) {
    sqlx::query("CREATE TABLE notes (id int)")
        .execute(&pool)
        .await
        .unwrap();
    let (proxy, behind) = behind_proxy(&pool, 1).await;
    let mut transaction = behind.begin().await.unwrap();
    sqlx::query("INSERT INTO notes VALUES (1)")
        .execute(&mut *transaction)
        .await
        .unwrap();
    proxy.stall();
    let begun = Instant::now();
    let error = sqlx::query("INSERT INTO notes VALUES (2)")
        .execute(&mut *transaction)
        .await
        .unwrap_err();
    assert_eq!(
        Failure::of(&error),
        Failure::Retryable,
        "nothing was committed"
    );
    drop(transaction);
    assert!(begun.elapsed() < IN_TIME, "{:?}", begun.elapsed());
    proxy.resume();
    recovers(&behind, 1).await;
    let notes: i64 = sqlx::query_scalar("SELECT count(*) FROM notes")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(notes, 0);
}

#[sqlx::test]
async fn many_statements_that_are_each_in_time_end_at_the_deadline_of_their_transaction(
    pool: PgPool,
) {
    let (_proxy, behind) = behind_proxy(&pool, 1).await;
    let mut transaction = behind.begin().await.unwrap();
    let begun = Instant::now();
    let error = loop {
        let slept = sqlx::query("SELECT pg_sleep(0.5)")
            .execute(&mut *transaction)
            .await;
        if let Err(error) = slept {
            break error;
        }
        assert!(begun.elapsed() < IN_TIME, "{:?}", begun.elapsed());
    };
    assert_eq!(Failure::of(&error), Failure::Retryable);
    drop(transaction);
    recovers(&behind, 1).await;
}

#[sqlx::test]
async fn a_commit_that_is_not_answered_is_an_unknown_outcome(pool: PgPool) {
    let (proxy, behind) = behind_proxy(&pool, 1).await;
    let mut transaction = behind.begin().await.unwrap();
    sqlx::query("SELECT 1")
        .execute(&mut *transaction)
        .await
        .unwrap();
    proxy.stall();
    let begun = Instant::now();
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(Failure::of(&error), Failure::Unknown);
    assert!(begun.elapsed() < IN_TIME, "{:?}", begun.elapsed());
    proxy.resume();
    recovers(&behind, 1).await;
}

#[sqlx::test]
async fn a_commit_whose_session_is_ended_is_an_unknown_outcome_and_one_that_is_refused_is_not(
    pool: PgPool,
) {
    sqlx::raw_sql(
        "CREATE TABLE parents (id int PRIMARY KEY);
         CREATE TABLE children (parent int REFERENCES parents DEFERRABLE INITIALLY DEFERRED)",
    )
    .execute(&pool)
    .await
    .unwrap();
    let (_proxy, behind) = behind_proxy(&pool, 1).await;
    let mut transaction = behind.begin().await.unwrap();
    sqlx::query("INSERT INTO children VALUES (1)")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let refused = transaction.commit().await.unwrap_err();
    assert_eq!(Failure::of(&refused), Failure::Data);

    let mut transaction = behind.begin().await.unwrap();
    let session: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    sqlx::query("SELECT pg_terminate_backend($1)")
        .bind(session)
        .execute(&pool)
        .await
        .unwrap();
    let ended = transaction.commit().await.unwrap_err();
    assert_eq!(Failure::of(&ended), Failure::Unknown);
    recovers(&behind, 1).await;
}

#[sqlx::test]
async fn futures_dropped_anywhere_in_a_transaction_leave_none_open(pool: PgPool) {
    sqlx::query("CREATE TABLE notes (id int)")
        .execute(&pool)
        .await
        .unwrap();
    let (_proxy, behind) = behind_proxy(&pool, 4).await;
    for round in 0..600_u64 {
        let behind = behind.clone();
        let work = async move {
            let mut transaction = behind.begin().await?;
            sqlx::query("INSERT INTO notes VALUES (1)")
                .execute(&mut *transaction)
                .await?;
            sqlx::query("SELECT pg_sleep(0.001)")
                .execute(&mut *transaction)
                .await?;
            // Half of them end by being dropped, not committed.
            if round % 2 == 0 {
                transaction.commit().await
            } else {
                Ok(())
            }
        };
        let cut = Duration::from_micros(round * 37 % 6_000);
        let _ = tokio::time::timeout(cut, work).await;
    }
    recovers(&behind, 4).await;
    eventually("no session is left in a transaction", async || {
        idle_in_transaction(&pool).await == 0
    })
    .await;
}

#[sqlx::test]
async fn a_connection_that_stops_answering_on_its_way_back_gives_its_place_up(pool: PgPool) {
    let (proxy, behind) = behind_proxy(&pool, 1).await;
    let connection = behind.acquire().await.unwrap();
    proxy.stall();
    drop(connection);
    eventually("the place is free", async || behind.sessions().size() == 0).await;
    proxy.resume();
    recovers(&behind, 1).await;
}
