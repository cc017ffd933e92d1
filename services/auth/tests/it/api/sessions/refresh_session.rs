use std::{net::Ipv4Addr, sync::Arc};

use auth::{
    MIGRATOR,
    sessions::{
        model::Network,
        postgres::{Rotation, rotate},
    },
    tokens::secret::RefreshToken,
};
use serde_json::json;
use sqlx::PgPool;

use crate::support::fixture::{Auth, PASSWORD, Settings};

const CODE: &str = "refresh_token_invalid";

/// Moves every rotation so far into the past by this interval.
async fn later(pool: &PgPool, interval: &str) {
    sqlx::query("UPDATE refresh_tokens SET rotated_at = rotated_at - $1::interval, expires_at = expires_at - $1::interval")
        .bind(interval)
        .execute(pool)
        .await
        .unwrap();
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn each_refresh_token_of_a_chain_is_exchanged_for_new_tokens(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let mut last = auth.customer("ann").await;
    for _ in 0..3 {
        let next = auth.refresh(last.refresh()).await;
        assert_eq!(
            (next.status, next.text("/user/email")),
            (200, "ann@example.com")
        );
        assert_ne!(next.refresh(), last.refresh());
        assert_eq!(
            auth.get("/api/v1/auth/validate", next.access())
                .await
                .status,
            200
        );
        later(&pool, "1 hour").await;
        last = next;
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_lost_response_is_repeated_within_the_grace_period(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let first = auth.customer("ann").await;
    let lost = auth.refresh(first.refresh()).await;
    later(&pool, "9 seconds").await;
    let again = auth.refresh(first.refresh()).await;
    assert_eq!((lost.status, again.status), (200, 200));
    assert_eq!(lost.refresh(), again.refresh());
    assert_eq!(auth.refresh(again.refresh()).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn concurrent_refreshes_get_the_same_successor(pool: PgPool) {
    let auth = std::sync::Arc::new(Auth::new(pool.clone()));
    let token = auth.customer("ann").await.refresh().to_owned();
    let mut refreshes = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (auth, token) = (auth.clone(), token.clone());
        refreshes.spawn(async move { auth.refresh(&token).await });
    }
    let answers = refreshes.join_all().await;
    let successor = answers[0].refresh();
    assert!(
        answers
            .iter()
            .all(|answer| answer.status == 200 && answer.refresh() == successor)
    );
    let tokens: i64 = sqlx::query_scalar("SELECT count(*) FROM refresh_tokens")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(tokens, 2);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_hundred_concurrent_refreshes_are_limited_and_the_family_goes_on(pool: PgPool) {
    let auth = Arc::new(Auth::new(pool));
    let token = auth.customer("ann").await.refresh().to_owned();
    let mut refreshes = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (auth, token) = (auth.clone(), token.clone());
        refreshes.spawn(async move { auth.refresh(&token).await });
    }
    let answers = refreshes.join_all().await;
    let (given, limited): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((given.len(), limited.len()), (30, 70));
    let successor = given[0].refresh();
    assert!(given.iter().all(|answer| answer.refresh() == successor));
    for answer in limited {
        answer.is(429, "too_many_requests");
    }
    let validated = auth.get("/api/v1/auth/validate", given[0].access()).await;
    assert_eq!(validated.status, 200);
}

/// Presents each of these tokens fifty times at once, without the limits of requests, and counts the tokens given for each.
async fn rotate_at_once(auth: &Auth, tokens: &[RefreshToken]) -> Vec<usize> {
    let mut rotations = tokio::task::JoinSet::new();
    for (place, token) in tokens.iter().enumerate() {
        let presented = token.hash();
        let successor = auth.app.server_key.successor(token).hash();
        for _ in 0..50 {
            let pool = auth.app.pool.clone();
            rotations.spawn(async move {
                let network = Network::from(std::net::IpAddr::from(Ipv4Addr::LOCALHOST));
                let rotation = rotate(&pool, &presented, &successor, network).await;
                let given = matches!(rotation.unwrap(), Rotation::Given { .. });
                (place, usize::from(given))
            });
        }
    }
    let mut given = vec![0; tokens.len()];
    for (place, one) in rotations.join_all().await {
        given[place] += one;
    }
    given
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_healthy_family_survives_a_race_of_its_token(pool: PgPool) {
    let auth = Auth::new(pool);
    let first = auth.customer("ann").await;
    let mut token = RefreshToken::parse(first.refresh()).unwrap();
    for _ in 0..3 {
        let twice = [token.clone(), token.clone()];
        assert_eq!(rotate_at_once(&auth, &twice).await, [50, 50]);
        token = auth.app.server_key.successor(&token);
    }
    assert_eq!(auth.refresh(&token.reveal()).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_stolen_token_ends_the_family_in_a_race_with_the_owner(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let first = auth.customer("ann").await;
    let second = auth.refresh(first.refresh()).await;
    let third = auth.refresh(second.refresh()).await;
    let tokens: Vec<_> = [&first, &third]
        .into_iter()
        .map(|answer| RefreshToken::parse(answer.refresh()).unwrap())
        .collect();
    assert_eq!(rotate_at_once(&auth, &tokens).await[0], 0);
    let fourth = auth.app.server_key.successor(&tokens[1]).reveal();
    for token in [first.refresh(), second.refresh(), third.refresh(), &fourth] {
        auth.refresh(token).await.is(401, CODE);
    }
    let reason: String = sqlx::query_scalar("SELECT end_reason FROM sessions")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(reason, "reuse");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_reuse_after_the_grace_period_ends_the_family(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let first = auth.customer("ann").await;
    let second = auth.refresh(first.refresh()).await;
    later(&pool, "11 seconds").await;
    auth.refresh(first.refresh()).await.is(401, CODE);
    auth.refresh(second.refresh()).await.is(401, CODE);
    auth.get("/api/v1/auth/validate", second.access())
        .await
        .is(401, "session_ended");
    let reason: String = sqlx::query_scalar("SELECT end_reason FROM sessions")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(reason, "reuse");
    assert_eq!(
        auth.log_in("ann", PASSWORD).await.status,
        200,
        "the account must still be usable"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_reuse_after_the_successor_ends_the_family_within_the_grace_period_too(pool: PgPool) {
    let auth = Auth::new(pool);
    let first = auth.customer("ann").await;
    let second = auth.refresh(first.refresh()).await;
    let third = auth.refresh(second.refresh()).await;
    auth.refresh(first.refresh()).await.is(401, CODE);
    auth.refresh(third.refresh()).await.is(401, CODE);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_end_of_one_session_does_not_end_others(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let stolen = auth.customer("ann").await;
    let other = auth.log_in("ann", PASSWORD).await;
    auth.refresh(stolen.refresh()).await;
    later(&pool, "1 minute").await;
    auth.refresh(stolen.refresh()).await.is(401, CODE);
    assert_eq!(auth.refresh(other.refresh()).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_token_expires_after_seven_days(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let first = auth.customer("ann").await;
    later(&pool, "6 days 23 hours 59 minutes").await;
    let second = auth.refresh(first.refresh()).await;
    assert_eq!(second.status, 200);
    later(&pool, "7 days 1 second").await;
    auth.refresh(second.refresh()).await.is(401, CODE);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_suspended_user_gets_no_new_tokens(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let first = auth.customer("ann").await;
    sqlx::query("UPDATE users SET status = 'suspended'")
        .execute(&pool)
        .await
        .unwrap();
    auth.refresh(first.refresh()).await.is(401, CODE);
    auth.get("/api/v1/auth/validate", first.access())
        .await
        .is(401, "session_ended");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_token_that_was_never_issued_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.customer("ann").await;
    for token in [
        "",
        "nonsense",
        "uQ0pQy6pJv1w5o0Uo3yXk0cT2n0bXcF3Y2q8m5x9r7E",
    ] {
        auth.refresh(token).await.is(401, CODE);
    }
    let more = json!({ "refresh_token": "a", "scope": "admin" });
    auth.post("/api/v1/auth/refresh", more)
        .await
        .is_invalid("/scope");
    auth.post("/api/v1/auth/refresh", json!({ "refresh_token": null }))
        .await
        .is_invalid("/refresh_token");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_access_token_has_the_current_roles(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let first = auth.customer("ann").await;
    sqlx::query("UPDATE users SET roles = '{customer,vendor}'")
        .execute(&pool)
        .await
        .unwrap();
    let second = auth.refresh(first.refresh()).await;
    let caller = auth
        .app
        .keys
        .ring()
        .verifier
        .verify(second.access())
        .await
        .unwrap();
    assert!(caller.may::<access::permissions::products::Write>());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn refreshes_of_one_account_are_limited(pool: PgPool) {
    let mut settings = Settings::default();
    settings.account.account_refresh_limit_per_15_minutes = 2;
    let auth = Auth::with(pool, settings);
    let first = auth.customer("ann").await;
    let second = auth.refresh(first.refresh()).await;
    let third = auth.refresh(second.refresh()).await;
    auth.refresh(third.refresh())
        .await
        .is(429, "too_many_requests");
    let other = auth.customer("ben").await;
    assert_eq!(auth.refresh(other.refresh()).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn no_refresh_token_is_stored_in_plain_text(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let first = auth.customer("ann").await;
    let token = auth::tokens::secret::RefreshToken::parse(first.refresh()).unwrap();
    let hash: Vec<u8> = sqlx::query_scalar("SELECT token_hash FROM refresh_tokens")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(hash, token.hash());
}
