use auth::MIGRATOR;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{
    authenticator::{Authenticator, CONFIRM, TOTP, later},
    fixture::{Auth, PASSWORD, Settings, request},
};

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_secret_is_shown_for_typing_and_for_a_qr_code(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let begun = auth.begin_totp(ann.access()).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    assert_eq!(begun.header("cache-control"), "private, no-store");
    let secret = begun.text("/secret");
    assert_eq!(secret.len(), 32);
    assert_eq!(
        begun.text("/uri"),
        format!(
            "otpauth://totp/shop:ann%40example%2Ecom?secret={secret}&issuer=shop&algorithm=SHA1&digits=6&period=30"
        )
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn logins_need_no_code_before_the_app_is_confirmed(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    auth.begin_totp(ann.access()).await;
    assert_eq!(auth.log_in("ann", PASSWORD).await.status, 200);
    assert_eq!(
        auth.get("/api/v1/auth/profile", ann.access()).await.status,
        200
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_second_begin_replaces_the_secret(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let first = Authenticator::with(&auth.begin_totp(ann.access()).await);
    let second = Authenticator::with(&auth.begin_totp(ann.access()).await);
    let confirm = async |app: &Authenticator| {
        let body = json!({ "code": app.code() });
        auth.post_with(ann.access(), CONFIRM, body).await
    };
    confirm(&first).await.is_invalid("/code");
    assert_eq!(confirm(&second).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_confirmed_app_is_not_replaced(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let (app, _) = auth.enroll(ann.access()).await;
    let ann = auth.renewed(&ann).await;
    auth.begin_totp(ann.access())
        .await
        .is(409, "mfa_already_enabled");
    later(&pool).await;
    let log_in = auth.log_in_with("ann", "code", &app.code()).await;
    assert_eq!(log_in.status, 200, "{}", log_in.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_password_is_needed_and_its_attempts_are_limited(pool: PgPool) {
    let mut settings = Settings::default();
    settings.account.account_limit_per_15_minutes = 2;
    let auth = Auth::with(pool, settings);
    let ann = auth.customer("ann").await;
    let wrong = json!({ "password": "wrong password" });
    for _ in 0..2 {
        let refused = auth.post_with(ann.access(), TOTP, wrong.clone()).await;
        refused.is_invalid("/password");
        assert_eq!(refused.text("/errors/0/code"), "password_incorrect");
    }
    let limited = auth.begin_totp(ann.access()).await;
    limited.is(429, "too_many_requests");
    assert_eq!(
        limited.headers_named("ratelimit-policy"),
        [
            "\"address\";q=600;w=60",
            "\"login\";q=60;w=60",
            "\"account\";q=2;w=900"
        ]
    );
    assert_eq!(
        auth.log_in("ann", PASSWORD).await.status,
        200,
        "the holder of a stolen access token locks no one out"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn right_passwords_are_no_failed_attempts(pool: PgPool) {
    let mut settings = Settings::default();
    settings.account.account_limit_per_15_minutes = 2;
    let auth = Auth::with(pool, settings);
    let ann = auth.customer("ann").await;
    for _ in 0..4 {
        assert_eq!(auth.begin_totp(ann.access()).await.status, 200);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn enrollments_from_one_address_are_limited_before_they_are_hashed(pool: PgPool) {
    let mut settings = Settings::default();
    settings.address.login_limit_per_address_per_minute = 1;
    let auth = Auth::with(pool, settings);
    let ann = auth.customer("ann").await;
    for _ in 0..2 {
        assert_eq!(auth.begin_totp(ann.access()).await.status, 200);
    }
    auth.begin_totp(ann.access())
        .await
        .is(429, "too_many_requests");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_malformed_body_and_a_missing_token_are_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    for (body, pointer) in [
        (json!({}), ""),
        (json!({ "password": null }), "/password"),
        (json!({ "password": "" }), "/password"),
        (json!({ "password": "a".repeat(129) }), "/password"),
        (json!({ "password": PASSWORD, "secret": "A" }), "/secret"),
    ] {
        auth.post_with(ann.access(), TOTP, body)
            .await
            .is_invalid(pointer);
    }
    let body = json!({ "password": PASSWORD });
    auth.send(request("POST", TOTP, None, Some(&body)))
        .await
        .is(401, "token_missing");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_secret_is_stored_encrypted(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let begun = auth.begin_totp(ann.access()).await;
    let app = Authenticator::with(&begun);
    let stored: Vec<u8> = sqlx::query_scalar("SELECT secret FROM totp_factors")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(stored.len(), 48);
    assert!(!stored.windows(20).any(|bytes| bytes == app.secret()));
}
