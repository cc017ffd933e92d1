use auth::{MIGRATOR, credentials::model::Purpose, limits::address::AddressLimits};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, PASSWORD, Settings, request};

const PATH: &str = "/api/v1/auth/password/change";
const PROFILE: &str = "/api/v1/auth/profile";
const VALIDATE: &str = "/api/v1/auth/validate";
const OTHER: &str = "staple in the rain";

fn change(current: &str, new: &str) -> Value {
    json!({ "current_password": current, "new_password": new })
}

async fn post(auth: &Auth, login: &Answer, current: &str, new: &str) -> Answer {
    auth.post_as(login, PATH, change(current, new)).await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_new_password_replaces_the_old_one(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let answer = post(&auth, &ann, PASSWORD, OTHER).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert_eq!(answer.body["user"], ann.body["user"]);
    auth.log_in("ann", PASSWORD)
        .await
        .is(401, "invalid_credentials");
    assert_eq!(auth.log_in("ann", OTHER).await.status, 200);
    assert_eq!(auth.events("user.password_changed").await, 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn other_sessions_end_and_those_of_other_users_continue(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let other = auth.log_in("ann", PASSWORD).await;
    assert_eq!(post(&auth, &ann, PASSWORD, OTHER).await.status, 200);

    let ended = auth.get(PROFILE, other.access()).await;
    ended.is(401, "session_ended");
    let refused = auth.refresh(other.refresh()).await;
    refused.is(401, "refresh_token_invalid");
    let reasons: Vec<String> =
        sqlx::query_scalar("SELECT end_reason FROM sessions WHERE ended_at IS NOT NULL")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(reasons, ["password_changed"]);
    assert_eq!(auth.get(PROFILE, ben.access()).await.status, 200);
    assert_eq!(auth.refresh(ben.refresh()).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_own_session_continues_with_new_tokens_alone(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let before = auth.get(VALIDATE, ann.access()).await;
    let answer = post(&auth, &ann, PASSWORD, OTHER).await;
    let after = auth.get(VALIDATE, answer.access()).await;
    assert_eq!(after.text("/session_id"), before.text("/session_id"));

    let stale = auth.get(PROFILE, ann.access()).await;
    stale.is(401, "token_expired");
    // A copy of the earlier refresh token neither works nor ends the session.
    let copy = auth.refresh(ann.refresh()).await;
    copy.is(401, "refresh_token_invalid");
    let refreshed = auth.refresh(answer.refresh()).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_browser_gets_the_new_refresh_token_in_its_cookie(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let mut body = change(PASSWORD, OTHER);
    body["refresh_token_in"] = json!("cookie");
    let answer = auth.post_as(&ann, PATH, body).await;
    assert_eq!(
        (answer.status, &answer.body["refresh_token"]),
        (200, &Value::Null)
    );
    let refreshed = auth.refresh_in_browser(answer.refresh_cookie()).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_epoch_rises_so_that_other_services_refuse_earlier_tokens(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    assert_eq!(post(&auth, &ann, PASSWORD, OTHER).await.status, 200);
    let (of_users, of_sessions): (Vec<i64>, i64) = sqlx::query_as(
        "SELECT array_remove(array_agg(epoch), NULL), count(session_id) FROM revocations",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!((of_users, of_sessions), (vec![1], 0));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_device_is_known_with_its_new_token(pool: PgPool) {
    let mut settings = Settings::default();
    settings.account.account_limit_per_15_minutes = 1;
    let auth = Auth::with(pool, settings);
    let ann = auth.customer("ann").await;
    let answer = post(&auth, &ann, PASSWORD, OTHER).await;
    auth.log_in("ann", "wrong password").await;
    let unknown = auth.log_in_on(ann.device(), "ann", OTHER).await;
    unknown.is(429, "too_many_requests");
    let known = auth.log_in_on(answer.device(), "ann", OTHER).await;
    assert_eq!(known.status, 200, "{}", known.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_wrong_current_password_changes_nothing(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let answer = post(&auth, &ann, "wrong password", OTHER).await;
    answer.is_invalid("/current_password");
    assert_eq!(answer.text("/errors/0/code"), "password_incorrect");
    assert_eq!(auth.get(PROFILE, ann.access()).await.status, 200);
    assert_eq!(auth.log_in("ann", PASSWORD).await.status, 200);
    assert_eq!(auth.events("user.password_changed").await, 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_easily_guessed_or_unchanged_password_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    for (password, code) in [
        (PASSWORD, "password_unchanged"),
        ("password", "password_common"),
        ("abababababab", "password_pattern"),
        ("ann@example.com", "password_own_name"),
        ("AnnExample1985", "password_own_name"),
        ("short", "invalid"),
        (&"ab ".repeat(43), "invalid"),
    ] {
        let answer = post(&auth, &ann, PASSWORD, password).await;
        answer.is_invalid("/new_password");
        assert_eq!(answer.text("/errors/0/code"), code, "{password}");
    }
    assert_eq!(auth.log_in("ann", PASSWORD).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn attempts_are_limited_and_do_not_lock_out_logins(pool: PgPool) {
    let mut settings = Settings::default();
    settings.account.account_limit_per_15_minutes = 3;
    let auth = Auth::with(pool, settings);
    let ann = auth.customer("ann").await;
    for _ in 0..3 {
        let answer = post(&auth, &ann, "wrong password", OTHER).await;
        answer.is_invalid("/current_password");
    }
    let refused = post(&auth, &ann, PASSWORD, OTHER).await;
    refused.is(429, "too_many_requests");
    assert_eq!(
        refused.headers_named("ratelimit-policy"),
        [
            "\"address\";q=600;w=60",
            "\"password\";q=30;w=60",
            "\"account\";q=3;w=900"
        ]
    );
    assert_eq!(auth.log_in("ann", PASSWORD).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn attempts_from_one_address_are_limited(pool: PgPool) {
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
    let ann = auth.customer("ann").await;
    for _ in 0..2 {
        let answer = post(&auth, &ann, "wrong password", OTHER).await;
        answer.is_invalid("/current_password");
    }
    let refused = post(&auth, &ann, PASSWORD, OTHER).await;
    refused.is(429, "too_many_requests");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_concurrent_changes_one_is_made(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let (one, two) = tokio::join!(
        post(&auth, &ann, PASSWORD, OTHER),
        post(&auth, &ann, PASSWORD, "another one entirely")
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200, "{} {}", one.body, two.body);
    // By how far the first had come: another hash, another password, or an access token from before.
    assert!([401, 409, 422].contains(&statuses[1]), "{statuses:?}");
    assert_eq!(auth.events("user.password_changed").await, 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn messages_from_before_the_change_do_not_count(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let email = json!({ "new_email": "new@example.com", "password": PASSWORD });
    let asked = auth.post_as(&ann, "/api/v1/auth/email/change", email).await;
    assert_eq!(asked.status, 202);
    assert_eq!(post(&auth, &ann, PASSWORD, OTHER).await.status, 200);
    let left: Vec<String> = sqlx::query_scalar("SELECT purpose FROM account_tokens")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(left, [Purpose::EmailVerification.into_str()]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_guest_and_an_ended_session_are_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let body = change(PASSWORD, OTHER);
    let guest = auth.send(request("POST", PATH, None, Some(&body))).await;
    guest.is(401, "token_missing");
    let ann = auth.customer("ann").await;
    let log_out = request("POST", "/api/v1/auth/logout", Some(ann.access()), None);
    assert_eq!(auth.send(log_out).await.status, 204);
    let ended = post(&auth, &ann, PASSWORD, OTHER).await;
    ended.is(401, "session_ended");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_malformed_body_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    for (body, pointer) in [
        (json!({ "new_password": OTHER }), ""),
        (json!({ "current_password": PASSWORD }), ""),
        (
            json!({ "current_password": null, "new_password": OTHER }),
            "/current_password",
        ),
        (
            json!({ "current_password": "", "new_password": OTHER }),
            "/current_password",
        ),
        (change(PASSWORD, "with a \u{0} inside"), "/new_password"),
        (
            json!({ "current_password": PASSWORD, "new_password": OTHER, "user": "x" }),
            "/user",
        ),
    ] {
        auth.post_as(&ann, PATH, body).await.is_invalid(pointer);
    }
}
