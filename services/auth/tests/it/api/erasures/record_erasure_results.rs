use std::{convert::Infallible, sync::Mutex};

use auth::{
    MIGRATOR,
    erasures::{model::Service, postgres::backlog},
    sweeper,
};
use erasure::{Erased, PersonalData, round};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::sync::watch;
use uuid::Uuid;

use crate::support::{
    fixture::{Auth, request},
    neighbor::{Internal, RESULTS},
};

const ANN: &str = "01932c5e-7d2a-7c3e-9f00-0242ac120001";
const BEN: &str = "01932c5e-7d2a-7c3e-9f00-0242ac120002";

/// Asks order to forget a user who was deleted so many seconds ago.
async fn deleted(pool: &PgPool, user: &str, seconds: i32) {
    sqlx::query(
        "INSERT INTO erasures (user_id, service, requested_at, due_at)
         VALUES ($1::text::uuid, 'order', now() - make_interval(secs => $2), now())",
    )
    .bind(user)
    .bind(f64::from(seconds))
    .execute(pool)
    .await
    .unwrap();
}

/// Seconds until the user is due, and whether the erasure is completed.
async fn state(pool: &PgPool, user: &str) -> (i64, bool) {
    sqlx::query_as(
        "SELECT round(extract(epoch FROM due_at - now()))::bigint, completed_at IS NOT NULL FROM erasures
         WHERE user_id = $1::text::uuid",
    )
    .bind(user)
    .fetch_one(pool)
    .await
    .unwrap()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_postponed_user_is_due_again_in_ten_minutes(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let internal = Internal::of(&auth);
    deleted(&pool, ANN, 86_400).await;
    deleted(&pool, BEN, 86_400).await;
    assert_eq!(internal.report(&[], &[ANN]).await.status, 204);
    let (seconds, completed) = state(&pool, ANN).await;
    assert!((598..=600).contains(&seconds), "{seconds}");
    assert!(!completed);
    assert_eq!(internal.due().await, [BEN], "the other one is still due");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_erased_user_is_due_once_more_when_no_older_token_is_valid(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let internal = Internal::of(&auth);
    deleted(&pool, ANN, 0).await;
    deleted(&pool, BEN, 20 * 60 + 1).await;
    assert_eq!(internal.report(&[ANN, BEN], &[]).await.status, 204);
    let (seconds, completed) = state(&pool, ANN).await;
    assert!((1_198..=1_200).contains(&seconds), "{seconds}");
    assert!(!completed, "a request in flight may still write");
    assert!(state(&pool, BEN).await.1);
    assert_eq!(internal.due().await, [""; 0]);

    let later = "UPDATE erasures SET requested_at = requested_at - interval '20 minutes',
        due_at = due_at - interval '20 minutes' WHERE completed_at IS NULL";
    auth.run(later).await;
    assert_eq!(internal.due().await, [ANN]);
    assert_eq!(internal.report(&[ANN], &[]).await.status, 204);
    assert!(state(&pool, ANN).await.1);
    assert_eq!(internal.due().await, [""; 0]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_late_or_repeated_report_changes_nothing_and_unknown_users_are_passed_over(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let internal = Internal::of(&auth);
    deleted(&pool, ANN, 86_400).await;
    let written = async || -> Vec<String> {
        sqlx::query_scalar("SELECT xmin || ' ' || erasures::text FROM erasures")
            .fetch_all(&pool)
            .await
            .unwrap()
    };
    assert_eq!(internal.report(&[ANN, BEN], &[]).await.status, 204);
    let completed = written().await;
    for (erased, postponed) in [(vec![ANN], vec![]), (vec![], vec![ANN]), (vec![], vec![])] {
        assert_eq!(internal.report(&erased, &postponed).await.status, 204);
    }
    assert_eq!(written().await, completed);
    assert_eq!(completed.len(), 1, "no row is made for an unknown user");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_user_who_is_named_repeatedly_or_in_both_lists_is_postponed(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let internal = Internal::of(&auth);
    deleted(&pool, ANN, 86_400).await;
    let report = internal.report(&[ANN; 100], &[ANN; 100]).await;
    assert_eq!(report.status, 204, "{}", report.body);
    let (seconds, completed) = state(&pool, ANN).await;
    assert!((598..=600).contains(&seconds), "{seconds}");
    assert!(!completed);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_report_of_another_shape_is_refused(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let internal = Internal::of(&auth);
    deleted(&pool, ANN, 86_400).await;
    for (body, pointer) in [
        (
            json!({ "erased": vec![ANN; 101], "postponed": [] }),
            "/erased",
        ),
        (
            json!({ "erased": [ANN], "postponed": vec![BEN; 101] }),
            "/postponed",
        ),
        (json!({ "erased": ["ann"], "postponed": [] }), "/erased/0"),
        (json!({ "erased": null, "postponed": [] }), "/erased"),
        (json!({ "erased": {}, "postponed": [] }), "/erased"),
        (json!({ "erased": [ANN], "postponed": [], "x": 1 }), "/x"),
        (json!([[ANN], []]), ""),
        (Value::Null, ""),
    ] {
        let report = request("POST", RESULTS, Some("token of order"), Some(&body));
        internal.send(report).await.is_invalid(pointer);
    }
    assert_eq!(internal.due().await, [ANN]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn two_reports_at_once_do_not_hinder_each_other(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let internal = Internal::of(&auth);
    deleted(&pool, ANN, 86_400).await;
    deleted(&pool, BEN, 86_400).await;
    for _ in 0..10 {
        let (one, two) = tokio::join!(
            internal.report(&[], &[ANN, BEN]),
            internal.report(&[], &[BEN, ANN]),
        );
        assert_eq!((one.status, two.status), (204, 204));
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn completed_erasures_are_kept_for_30_days_and_open_ones_as_long_as_it_takes(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    for (user, age) in [(ANN, "29 days"), (BEN, "31 days")] {
        deleted(&pool, user, 86_400 * 365).await;
        sqlx::query(
            "UPDATE erasures SET completed_at = now() - $2::text::interval WHERE user_id = $1::text::uuid",
        )
        .bind(user)
        .bind(age)
        .execute(&pool)
        .await
        .unwrap();
    }
    let open = "01932c5e-7d2a-7c3e-9f00-0242ac120003";
    deleted(&pool, open, 86_400 * 365).await;
    let (_stop, running) = watch::channel(false);
    assert_eq!(sweeper::sweep(&auth.app.pool, &running).await.unwrap(), 1);
    let left: Vec<String> =
        sqlx::query_scalar("SELECT user_id::text FROM erasures ORDER BY user_id")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(left, [ANN, open]);
}

/// A service that still needs the data of Ben.
#[derive(Default)]
struct Shop(Mutex<Vec<String>>);

impl PersonalData for Shop {
    type Error = Infallible;

    async fn erase(&self, user: Uuid) -> Result<Erased, Infallible> {
        self.0.lock().unwrap().push(user.to_string());
        let needed = user.to_string() == BEN;
        Ok(if needed { Erased::Part } else { Erased::All })
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_loop_of_another_service_erases_who_is_due_and_comes_to_rest(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    deleted(&pool, ANN, 86_400).await;
    deleted(&pool, BEN, 86_400).await;
    let (shop, client) = (Shop::default(), Internal::of(&auth).client().await);
    assert_eq!(round(&client, &shop).await.unwrap(), 2);
    assert_eq!(round(&client, &shop).await.unwrap(), 0);
    assert!(state(&pool, ANN).await.1);
    assert!(!state(&pool, BEN).await.1);
    auth.run("UPDATE erasures SET due_at = now()").await;
    assert_eq!(round(&client, &shop).await.unwrap(), 1);
    let mut erased = shop.0.into_inner().unwrap();
    erased.sort();
    assert_eq!(erased, [ANN, BEN, BEN]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn operators_see_how_many_erasures_are_open_and_for_how_long(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let open = async || backlog(&auth.app.pool, Service::Order).await.unwrap();
    assert_eq!(open().await, (0, 0.0));
    deleted(&pool, ANN, 100).await;
    deleted(&pool, BEN, 86_400).await;
    let (count, oldest) = open().await;
    assert_eq!(count, 2);
    assert!((86_400.0..86_500.0).contains(&oldest), "{oldest}");
    auth.run("UPDATE erasures SET completed_at = now()").await;
    assert_eq!(open().await, (0, 0.0));
}
