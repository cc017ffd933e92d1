use std::collections::BTreeSet;

use auth::{MIGRATOR, credentials::model::Purpose, limits::address::AddressLimits};
use db::testing::eventually;
use serde_json::json;
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, Settings};

const PATH: &str = "/api/v1/auth/password/forgot";
const EVENT: &str = "user.password_reset_requested";

async fn ask(auth: &Auth, email: &str) -> Answer {
    auth.post(PATH, json!({ "email": email })).await
}

/// Requests are worked on in turn: once the message of a later one is there, all earlier ones are done.
async fn all_done(auth: &Auth, last: &Answer) {
    let accepted = ask(auth, last.text("/user/email")).await;
    assert_eq!(accepted.status, 202);
    eventually("the last message", async || {
        auth.message(last, Purpose::PasswordReset).await.is_some()
    })
    .await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_message_with_a_token_is_sent_to_the_account(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    all_done(&auth, &ann).await;
    let message = auth.message(&ann, Purpose::PasswordReset).await.unwrap();
    assert_eq!((&*message.to, message.token.len()), ("ann@example.com", 43));
    let lasts: bool = sqlx::query_scalar(
        "SELECT expires_at = created_at + interval '1 hour' FROM account_tokens WHERE purpose = 'password_reset'",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(lasts);
    let stored: String = sqlx::query_scalar(
        "SELECT string_agg(events::text, ' ') || string_agg(account_tokens::text, ' ') FROM events, account_tokens",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(!stored.contains(&message.token), "only its hash is stored");
    let events: String = sqlx::query_scalar("SELECT string_agg(events::text, ' ') FROM events")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(!events.contains("example.com"), "{events}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_answer_is_the_same_for_known_unknown_and_suspended_accounts(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, _sue) = (auth.customer("ann").await, auth.customer("sue").await);
    sqlx::query("UPDATE users SET status = 'suspended' WHERE username = 'sue'")
        .execute(&pool)
        .await
        .unwrap();
    let shape = |answer: &Answer| {
        let names: BTreeSet<_> = answer.headers.keys().map(ToString::to_string).collect();
        (answer.status, answer.body.clone(), names)
    };
    let known = ask(&auth, "ann@example.com").await;
    assert_eq!(known.status, 202);
    for email in ["sue@example.com", "unknown@example.com", "ANN@Example.com"] {
        assert_eq!(shape(&ask(&auth, email).await), shape(&known), "{email}");
    }
    all_done(&auth, &auth.customer("zoe").await).await;
    assert!(auth.message(&ann, Purpose::PasswordReset).await.is_some());
    assert_eq!(auth.events(EVENT).await, 3, "two of Ann, one of Zoe");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_fourth_message_within_an_hour_is_not_sent_and_nothing_shows_it(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    auth.customer("ann").await;
    let mut answers = Vec::new();
    for _ in 0..5 {
        answers.push(ask(&auth, "ann@example.com").await);
    }
    let policies = |answer: &Answer| {
        let policies = answer.headers_named("ratelimit-policy");
        policies.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    for answer in &answers {
        assert_eq!(answer.status, 202);
        assert_eq!(
            policies(answer),
            ["\"address\";q=600;w=60", "\"messages\";q=30;w=60"]
        );
    }
    all_done(&auth, &auth.customer("zoe").await).await;
    assert_eq!(auth.events(EVENT).await, 3 + 1, "three of Ann, one of Zoe");

    // Minutes later the limit still holds, and after an hour it does not.
    for (age, sent) in [("59 minutes", 3), ("61 minutes", 4)] {
        sqlx::query("UPDATE attempts SET window_started_at = now() - $1::text::interval")
            .bind(age)
            .execute(&pool)
            .await
            .unwrap();
        let before = auth.events(EVENT).await;
        ask(&auth, "ann@example.com").await;
        let name = format!("last{sent}");
        all_done(&auth, &auth.customer(&name).await).await;
        assert_eq!(auth.events(EVENT).await - before, sent - 3 + 1, "{age}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_later_token_replaces_the_earlier_one(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    all_done(&auth, &ann).await;
    let first = auth.message(&ann, Purpose::PasswordReset).await.unwrap();
    ask(&auth, "ann@example.com").await;
    eventually("another token", async || {
        let message = auth.message(&ann, Purpose::PasswordReset).await;
        message.is_some_and(|message| message.token != first.token)
    })
    .await;
    let kept: i64 =
        sqlx::query_scalar("SELECT count(*) FROM account_tokens WHERE purpose = 'password_reset'")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(kept, 1);
    let body = json!({ "token": first.token, "password": "staple in the rain" });
    let answer = auth.post("/api/v1/auth/password/reset", body).await;
    answer.is_invalid("/token");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn requests_from_one_address_are_limited_for_all_to_see(pool: PgPool) {
    let address = AddressLimits {
        login_limit_per_address_per_minute: 2,
        ..AddressLimits::default()
    };
    let auth = Auth::with(
        pool,
        Settings {
            address,
            ..Settings::default()
        },
    );
    let from = |client: &'static str, name: &str| {
        let body = json!({ "email": format!("{name}@example.com") });
        let auth = &auth;
        async move { auth.post_from(client, PATH, &body).await }
    };
    for name in ["ann", "ben"] {
        assert_eq!(from("203.0.113.1", name).await.status, 202);
    }
    let refused = from("203.0.113.1", "carl").await;
    refused.is(429, "too_many_requests");
    assert_eq!(from("203.0.113.2", "carl").await.status, 202);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_full_queue_refuses_every_address_alike(pool: PgPool) {
    let address = AddressLimits {
        login_limit_per_address_per_minute: 10_000,
        ..AddressLimits::default()
    };
    let auth = Auth::with(
        pool.clone(),
        Settings {
            address,
            ..Settings::default()
        },
    );
    auth.customer("ann").await;
    // The task waits for this lock with the first request.
    let mut transaction = pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let mut accepted = 0;
    while ask(&auth, &format!("{accepted}@example.com")).await.status == 202 {
        accepted += 1;
    }
    assert!((256..=257).contains(&accepted), "{accepted}");
    for email in ["ann@example.com", "unknown@example.com"] {
        let answer = ask(&auth, email).await;
        answer.is(503, "unavailable");
        assert_eq!(answer.header("retry-after"), "1");
    }
    transaction.rollback().await.unwrap();
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_malformed_body_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    for (body, pointer) in [
        (json!({}), ""),
        (json!({ "email": "ann" }), "/email"),
        (json!({ "email": null }), "/email"),
        (json!({ "email": ["ann@example.com"] }), "/email"),
        (json!({ "email": "a\u{0}@example.com" }), "/email"),
        (
            json!({ "email": "ann@example.com", "username": "ann" }),
            "/username",
        ),
    ] {
        auth.post(PATH, body).await.is_invalid(pointer);
    }
}
