use auth::MIGRATOR;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{
    authenticator::{Authenticator, CONFIRM, MFA, recovery_codes},
    fixture::{Auth, PASSWORD, Settings, request},
};

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_code_confirms_the_app_and_recovery_codes_are_shown(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let app = Authenticator::with(&auth.begin_totp(ann.access()).await);
    let code = json!({ "code": app.code() });
    let confirmed = auth.post_with(ann.access(), CONFIRM, code).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    assert_eq!(confirmed.header("cache-control"), "private, no-store");
    let mut codes = recovery_codes(&confirmed);
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 10);

    let ann = auth.renewed(&ann).await;
    let mfa = auth.get(MFA, ann.access()).await;
    assert_eq!(
        mfa.body,
        json!({ "enabled": true, "required": false, "recovery_codes_left": 10 })
    );
    let stored: Vec<Vec<u8>> = sqlx::query_scalar("SELECT code_hash FROM recovery_codes")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert!(stored.iter().all(|hash| hash.len() == 32), "only hashes");
    let events: Vec<String> =
        sqlx::query_scalar("SELECT event_type FROM events WHERE event_type LIKE '%mfa%'")
            .fetch_all(&pool)
            .await
            .unwrap();
    assert_eq!(events, ["user.mfa_enabled"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn tokens_of_before_end_and_sessions_continue(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let epoch = async || -> i64 {
        sqlx::query_scalar("SELECT token_epoch FROM users")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    auth.begin_totp(ann.access()).await;
    assert_eq!(epoch().await, 0, "nothing counts before it is confirmed");
    auth.enroll(ann.access()).await;
    assert_eq!(epoch().await, 1);
    let told: Vec<i64> = sqlx::query_scalar("SELECT epoch FROM revocations")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(told, [1], "the other services read it in the feed");
    assert_eq!(auth.refresh(ann.refresh()).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_confirmation_without_an_enrollment_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let code = json!({ "code": "123456" });
    auth.post_with(ann.access(), CONFIRM, code.clone())
        .await
        .is(409, "mfa_enrollment_missing");
    auth.enroll(ann.access()).await;
    let ann = auth.renewed(&ann).await;
    auth.post_with(ann.access(), CONFIRM, code)
        .await
        .is(409, "mfa_already_enabled");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn wrong_codes_are_refused_and_limited(pool: PgPool) {
    let mut settings = Settings::default();
    settings.account.account_limit_per_15_minutes = 3;
    let auth = Auth::with(pool, settings);
    let ann = auth.customer("ann").await;
    let app = Authenticator::with(&auth.begin_totp(ann.access()).await);
    for code in [app.wrong_code(), app.code_in(-2), app.code_in(3)] {
        let refused = auth
            .post_with(ann.access(), CONFIRM, json!({ "code": code }))
            .await;
        refused.is_invalid("/code");
        assert_eq!(refused.text("/errors/0/code"), "mfa_code_incorrect");
    }
    let right = json!({ "code": app.code() });
    auth.post_with(ann.access(), CONFIRM, right)
        .await
        .is(429, "too_many_requests");
    assert_eq!(auth.log_in("ann", PASSWORD).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_confirmations_at_the_same_time_one_succeeds(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let app = Authenticator::with(&auth.begin_totp(ann.access()).await);
    let confirm = async |code: String| {
        auth.post_with(ann.access(), CONFIRM, json!({ "code": code }))
            .await
            .status
    };
    let (one, two) = tokio::join!(confirm(app.code()), confirm(app.code_in(1)));
    let mut statuses = [one, two];
    statuses.sort_unstable();
    // The first may have ended the token of the second.
    assert_eq!(statuses[0], 200);
    assert!([401, 409].contains(&statuses[1]), "{statuses:?}");
    let codes: i64 = sqlx::query_scalar("SELECT count(*) FROM recovery_codes")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(codes, 10);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_malformed_code_and_a_missing_token_are_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    for code in [
        json!(null),
        json!(123_456),
        json!(""),
        json!("12345"),
        json!("12345\u{0}"),
        json!("１２３４５６"),
        json!("1".repeat(10_000)),
    ] {
        let body = json!({ "code": code });
        auth.post_with(ann.access(), CONFIRM, body)
            .await
            .is_invalid("/code");
    }
    let body = json!({ "code": "123456" });
    auth.send(request("POST", CONFIRM, None, Some(&body)))
        .await
        .is(401, "token_missing");
}
