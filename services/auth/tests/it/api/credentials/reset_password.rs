use auth::{MIGRATOR, credentials::model::Purpose, limits::address::AddressLimits};
use db::testing::eventually;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, PASSWORD, Settings};

const PATH: &str = "/api/v1/auth/password/reset";
const OTHER: &str = "staple in the rain";

fn reset(token: &str, password: &str) -> Value {
    json!({ "token": token, "password": password })
}

/// The token of a message that Ann has asked for.
async fn token(auth: &Auth, login: &Answer) -> String {
    let body = json!({ "email": login.text("/user/email") });
    let accepted = auth.post("/api/v1/auth/password/forgot", body).await;
    assert_eq!(accepted.status, 202);
    eventually("the message", async || {
        let message = auth.message(login, Purpose::PasswordReset).await;
        message.is_some()
    })
    .await;
    let message = auth.message(login, Purpose::PasswordReset).await;
    message.unwrap().token
}

#[track_caller]
fn is_invalid_token(answer: &Answer) {
    answer.is_invalid("/token");
    assert_eq!(answer.text("/errors/0/code"), "token_invalid_or_expired");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_password_is_set_and_every_session_ends(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let other = auth.log_in("ann", PASSWORD).await;
    let token = token(&auth, &ann).await;
    let answer = auth.post(PATH, reset(&token, OTHER)).await;
    assert_eq!((answer.status, &answer.body), (204, &Value::Null));

    for login in [&ann, &other] {
        let refused = auth.refresh(login.refresh()).await;
        refused.is(401, "refresh_token_invalid");
    }
    assert_eq!(auth.refresh(ben.refresh()).await.status, 200);
    auth.log_in("ann", PASSWORD)
        .await
        .is(401, "invalid_credentials");
    assert_eq!(auth.log_in("ann", OTHER).await.status, 200);
    let epoch: i64 = sqlx::query_scalar("SELECT token_epoch FROM users WHERE username = 'ann'")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!((epoch, auth.events("user.password_changed").await), (1, 1));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_address_counts_as_verified(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    assert_eq!(ann.body["user"]["email_verified"], json!(false));
    let token = token(&auth, &ann).await;
    auth.post(PATH, reset(&token, OTHER)).await;
    let again = auth.log_in("ann", OTHER).await;
    assert_eq!(again.body["user"]["email_verified"], json!(true));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_user_who_was_locked_out_can_log_in_with_the_new_password(pool: PgPool) {
    let mut settings = Settings::default();
    settings.account.account_limit_per_15_minutes = 2;
    let auth = Auth::with(pool, settings);
    let ann = auth.customer("ann").await;
    for _ in 0..2 {
        auth.log_in("ann", "wrong password").await;
    }
    let token = token(&auth, &ann).await;
    auth.log_in("ann", PASSWORD)
        .await
        .is(429, "too_many_requests");
    assert_eq!(auth.post(PATH, reset(&token, OTHER)).await.status, 204);
    assert_eq!(auth.log_in("ann", OTHER).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_token_is_used_once(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let token = token(&auth, &ann).await;
    assert_eq!(auth.post(PATH, reset(&token, OTHER)).await.status, 204);
    is_invalid_token(&auth.post(PATH, reset(&token, "another one entirely")).await);
    assert_eq!(auth.log_in("ann", OTHER).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_concurrent_resets_with_one_token_one_succeeds(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let token = token(&auth, &ann).await;
    let (one, two) = tokio::join!(
        auth.post(PATH, reset(&token, OTHER)),
        auth.post(PATH, reset(&token, "another one entirely"))
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 422], "{} {}", one.body, two.body);
    assert_eq!(auth.events("user.password_changed").await, 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_refused_password_does_not_use_up_the_token(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let token = token(&auth, &ann).await;
    for (password, code) in [
        ("Password2026!", "password_common"),
        ("abababababab", "password_pattern"),
        ("AnnExample1985", "password_own_name"),
        ("short", "invalid"),
    ] {
        let answer = auth.post(PATH, reset(&token, password)).await;
        answer.is_invalid("/password");
        assert_eq!(answer.text("/errors/0/code"), code, "{password}");
    }
    assert_eq!(auth.post(PATH, reset(&token, OTHER)).await.status, 204);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_expired_token_and_one_of_another_purpose_are_refused(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let verification = auth.message(&ann, Purpose::EmailVerification).await;
    let verification = verification.unwrap().token;
    is_invalid_token(&auth.post(PATH, reset(&verification, OTHER)).await);

    let token = token(&auth, &ann).await;
    sqlx::query("UPDATE account_tokens SET expires_at = now() - interval '1 second' WHERE purpose = 'password_reset'")
        .execute(&pool)
        .await
        .unwrap();
    is_invalid_token(&auth.post(PATH, reset(&token, OTHER)).await);
    for token in [
        "",
        "A",
        &"A".repeat(43),
        &"A".repeat(100_000),
        ann.refresh(),
    ] {
        is_invalid_token(&auth.post(PATH, reset(token, OTHER)).await);
    }
    assert_eq!(auth.log_in("ann", PASSWORD).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_suspended_account_and_an_earlier_address_are_not_reset(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    for (name, statement) in [
        ("sue", "UPDATE users SET status = 'suspended'"),
        ("ann", "UPDATE users SET email = 'moved@example.com'"),
    ] {
        sqlx::query("DELETE FROM users")
            .execute(&pool)
            .await
            .unwrap();
        let login = auth.customer(name).await;
        let token = token(&auth, &login).await;
        sqlx::query(statement).execute(&pool).await.unwrap();
        is_invalid_token(&auth.post(PATH, reset(&token, OTHER)).await);
    }
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
    let body = reset(&"A".repeat(43), OTHER);
    for _ in 0..2 {
        is_invalid_token(&auth.post(PATH, body.clone()).await);
    }
    let refused = auth.post(PATH, body).await;
    refused.is(429, "too_many_requests");
}
