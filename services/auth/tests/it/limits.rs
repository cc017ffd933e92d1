//! Floods and guessed passwords: which clients they block, and which they do not.

use auth::{MIGRATOR, limits::address::AddressLimits};
use axum::http::HeaderValue;
use serde_json::json;
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, PASSWORD, Settings, registration, request};

const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";
const WRONG: &str = "wrong password";

fn tries(limit: u32) -> Settings {
    let mut settings = Settings::default();
    settings.account.account_limit_per_15_minutes = limit;
    settings
}

fn logins_a_minute(limit: u32) -> Settings {
    Settings {
        address: AddressLimits {
            login_limit_per_address_per_minute: limit,
            ..AddressLimits::default()
        },
        ..Settings::default()
    }
}

async fn fail(auth: &Auth, identifier: &str, times: u32) {
    for _ in 0..times {
        auth.log_in(identifier, WRONG)
            .await
            .is(401, "invalid_credentials");
    }
}

#[track_caller]
fn is_locked_out(answer: &Answer) {
    answer.is(429, "too_many_requests");
    let seconds: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=900).contains(&seconds));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_right_password_from_a_known_device_is_accepted_during_a_lock_out(pool: PgPool) {
    let auth = Auth::with(pool, tries(3));
    let device = auth.customer("ann").await.device().to_owned();
    fail(&auth, "ann@example.com", 3).await;
    is_locked_out(&auth.log_in("ann@example.com", PASSWORD).await);

    let own = auth.log_in_on(&device, "ann@example.com", PASSWORD).await;
    assert_eq!(own.status, 200, "{}", own.body);
    let by_name = auth.log_in_on(own.device(), "ann", PASSWORD).await;
    assert_eq!(by_name.status, 200, "the answer carries a new token");
    is_locked_out(&auth.log_in("ann@example.com", PASSWORD).await);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_browser_is_known_by_its_cookie(pool: PgPool) {
    let auth = Auth::with(pool, tries(1));
    let answer = auth.customer("ann").await;
    let cookie = answer.header("set-cookie");
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(pair, format!("device_token={}", answer.device()));
    assert_eq!(
        attributes,
        "Path=/api; Max-Age=31536000; Secure; HttpOnly; SameSite=Strict"
    );
    fail(&auth, "ann", 1).await;
    let body = json!({ "username": "ann", "password": PASSWORD });
    let mut request = request("POST", LOGIN, None, Some(&body));
    let cookies = format!("theme=dark; {pair}; other=1");
    let headers = request.headers_mut();
    headers.insert("cookie", cookies.parse().unwrap());
    assert_eq!(auth.send(request).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_device_grants_no_access_and_has_a_limit_of_its_own(pool: PgPool) {
    let auth = Auth::with(pool, tries(2));
    let device = auth.customer("ann").await.device().to_owned();
    for _ in 0..2 {
        let guess = auth.log_in_on(&device, "ann", WRONG).await;
        guess.is(401, "invalid_credentials");
    }
    is_locked_out(&auth.log_in_on(&device, "ann", PASSWORD).await);
    assert_eq!(
        auth.log_in("ann", PASSWORD).await.status,
        200,
        "failures from a stolen device must not lock out other devices"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_device_is_known_only_to_its_own_account(pool: PgPool) {
    let auth = Auth::with(pool, tries(2));
    auth.customer("ann").await;
    let device = auth.customer("eve").await.device().to_owned();
    for name in ["ann", "unknown"] {
        for _ in 0..2 {
            let guess = auth.log_in_on(&device, name, WRONG).await;
            guess.is(401, "invalid_credentials");
        }
        is_locked_out(&auth.log_in_on(&device, name, PASSWORD).await);
        is_locked_out(&auth.log_in(name, PASSWORD).await);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_change_of_the_password_invalidates_every_device(pool: PgPool) {
    let auth = Auth::with(pool.clone(), tries(1));
    let device = auth.customer("ann").await.device().to_owned();
    // The hash gets another salt.
    let hash: String = {
        auth.customer("ben").await;
        sqlx::query_scalar("SELECT password_hash FROM users WHERE username = 'ben'")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    sqlx::query("UPDATE users SET password_hash = $1 WHERE username = 'ann'")
        .bind(hash)
        .execute(&pool)
        .await
        .unwrap();
    fail(&auth, "ann", 1).await;
    is_locked_out(&auth.log_in_on(&device, "ann", PASSWORD).await);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_forged_device_token_is_ignored(pool: PgPool) {
    let auth = Auth::with(pool, tries(1));
    let device = auth.customer("ann").await.device().to_owned();
    fail(&auth, "ann", 1).await;
    let forged = device.replacen(&device[40..44], "AAAA", 1);
    for token in ["", "null", &forged, &device[1..], &"A".repeat(9_000)] {
        is_locked_out(&auth.log_in_on(token, "ann", PASSWORD).await);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn email_and_username_count_as_one_account(pool: PgPool) {
    let auth = Auth::with(pool, tries(4));
    auth.customer("ann").await;
    fail(&auth, "ann@example.com", 2).await;
    fail(&auth, "ANN", 2).await;
    is_locked_out(&auth.log_in("ann", PASSWORD).await);
    is_locked_out(&auth.log_in("ann@example.com", PASSWORD).await);
    // Names without an account are counted as well, each separately.
    fail(&auth, "unknown", 4).await;
    is_locked_out(&auth.log_in("unknown", WRONG).await);
    fail(&auth, "unknown@example.com", 1).await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn replicas_count_an_accounts_failures_together(pool: PgPool) {
    let one = Auth::with(pool.clone(), tries(2));
    let other = Auth::with(pool, tries(2));
    one.customer("ann").await;
    fail(&one, "ann", 1).await;
    fail(&other, "ann", 1).await;
    is_locked_out(&one.log_in("ann", PASSWORD).await);
    is_locked_out(&other.log_in("ann", PASSWORD).await);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_login_to_a_locked_account_causes_no_write_and_no_hash(pool: PgPool) {
    let auth = Auth::with(pool.clone(), tries(2));
    auth.customer("ann").await;
    fail(&auth, "ann", 2).await;
    for _ in 0..20 {
        is_locked_out(&auth.log_in("ann", WRONG).await);
    }
    let counted: i32 = sqlx::query_scalar("SELECT max(attempts) FROM attempts")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(counted, 2);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_flood_from_one_address_does_not_delay_another(pool: PgPool) {
    let auth = Auth::with(pool, logins_a_minute(3));
    auth.customer("ann").await;
    let (mut looked_at, mut refused) = (0, 0);
    for number in 0..40 {
        let body = json!({ "email": format!("x{number}@example.com"), "password": WRONG });
        // The attacker varies the addresses before the one that the ingress appends.
        let claimed = format!("198.51.100.{number}, 203.0.113.1");
        let answer = auth.post_from(&claimed, LOGIN, &body).await;
        match answer.status {
            401 => looked_at += 1,
            429 => refused += 1,
            other => panic!("{other}: {}", answer.body),
        }
    }
    assert_eq!((looked_at, refused), (3, 37));
    let body = json!({ "username": "ann", "password": PASSWORD });
    let honest = auth.post_from("203.0.113.2", LOGIN, &body).await;
    assert_eq!(honest.status, 200);
    assert_eq!(
        honest.headers_named("ratelimit"),
        [
            "\"address\";r=599;t=60",
            "\"login\";r=2;t=60",
            "\"account\";r=9;t=900"
        ]
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn repeated_and_huge_forwarding_fields_do_not_change_the_client(pool: PgPool) {
    let auth = Auth::with(pool, logins_a_minute(2));
    let body = json!({ "username": "unknown", "password": WRONG });
    for round in 0..4 {
        let mut request = request("POST", LOGIN, None, Some(&body));
        let headers = request.headers_mut();
        for number in 0..200 {
            let claimed = format!("198.51.{round}.{number}");
            headers.append("x-forwarded-for", claimed.parse().unwrap());
            headers.append("x-real-ip", claimed.parse().unwrap());
        }
        let huge = format!("198.51.{round}.1, ").repeat(2_000) + "203.0.113.1";
        headers.append("x-forwarded-for", huge.parse().unwrap());
        headers.insert(
            "forwarded",
            HeaderValue::from_str(&format!("for=198.51.{round}.1")).unwrap(),
        );
        let answer = auth.send(request).await;
        let expected = if round < 2 { 401 } else { 429 };
        assert_eq!(answer.status, expected, "{round}: {}", answer.body);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_office_of_known_devices_can_log_in_during_a_flood(pool: PgPool) {
    let auth = Auth::with(pool, logins_a_minute(2));
    let office = "203.0.113.1";
    let device = auth.customer("ann").await.device().to_owned();
    let guess = json!({ "username": "ben", "password": WRONG });
    for _ in 0..5 {
        auth.post_from(office, LOGIN, &guess).await;
    }
    auth.post_from(office, LOGIN, &guess)
        .await
        .is(429, "too_many_requests");
    let log_in = |name: &str| {
        let body = json!({ "username": name, "password": PASSWORD });
        let mut request = request("POST", LOGIN, None, Some(&body));
        let headers = request.headers_mut();
        headers.insert("x-forwarded-for", office.parse().unwrap());
        headers.insert("device-token", device.parse().unwrap());
        request
    };
    assert_eq!(auth.send(log_in("ann")).await.status, 200);
    // The device of one account is not a known device of another.
    auth.send(log_in("ben")).await.is(429, "too_many_requests");
    // Logins from known devices of one address are limited, too.
    assert_eq!(auth.send(log_in("ann")).await.status, 200);
    assert_eq!(auth.send(log_in("ann")).await.status, 200);
    auth.send(log_in("ann")).await.is(429, "too_many_requests");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn registrations_from_one_address_are_limited(pool: PgPool) {
    let auth = Auth::with(pool, logins_a_minute(1));
    let register = "/api/v1/auth/register";
    for number in 0..4 {
        let body = registration(&format!("user{number}"));
        let answer = auth.post_from("203.0.113.1", register, &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
    }
    let body = registration("user4");
    let refused = auth.post_from("203.0.113.1", register, &body).await;
    refused.is(429, "too_many_requests");
    assert_eq!(
        refused.headers_named("ratelimit-policy"),
        ["\"address\";q=600;w=60", "\"register\";q=4;w=60"]
    );
    let other = auth.post_from("203.0.113.2", register, &body).await;
    assert_eq!(other.status, 201);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn refreshes_are_not_counted_with_logins_nor_with_the_address(pool: PgPool) {
    let mut settings = logins_a_minute(1);
    settings.address.address_limit_per_minute = 3;
    let auth = Auth::with(pool, settings);
    let mut last = auth.customer("ann").await;
    for _ in 0..8 {
        last = auth.refresh(last.refresh()).await;
        assert_eq!(last.status, 200, "{}", last.body);
        assert_eq!(
            last.headers_named("ratelimit-policy"),
            [
                "\"address\";q=3;w=60",
                "\"session\";q=30;w=900",
                "\"account\";q=300;w=900"
            ]
        );
    }
    assert_eq!(auth.log_in("ann", PASSWORD).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn invalid_tokens_are_counted_only_by_address(pool: PgPool) {
    let mut settings = Settings::default();
    settings.address.address_limit_per_minute = 5;
    settings.account.account_refresh_limit_per_15_minutes = 1;
    let auth = Auth::with(pool.clone(), settings);
    let ended = auth.customer("ann").await;
    sqlx::query("UPDATE sessions SET ended_at = now(), end_reason = 'logout'")
        .execute(&pool)
        .await
        .unwrap();
    let body = json!({ "refresh_token": ended.refresh() });
    for _ in 0..5 {
        let answer = auth.post_from("203.0.113.1", REFRESH, &body).await;
        answer.is(401, "refresh_token_invalid");
    }
    let refused = auth.post_from("203.0.113.1", REFRESH, &body).await;
    refused.is(429, "too_many_requests");
    // It is not counted for the account.
    let own = auth.log_in("ann", PASSWORD).await;
    assert_eq!(auth.refresh(own.refresh()).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn one_session_does_not_use_up_the_refreshes_of_other_sessions(pool: PgPool) {
    let auth = Auth::new(pool);
    let stolen = auth.customer("ann").await;
    let other = auth.log_in("ann", PASSWORD).await;
    for _ in 0..30 {
        // Within the grace period a token gets the same successor again.
        assert_eq!(auth.refresh(stolen.refresh()).await.status, 200);
    }
    is_locked_out(&auth.refresh(stolen.refresh()).await);
    assert_eq!(auth.refresh(other.refresh()).await.status, 200);
}
