use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    authenticator::{DISABLE, MFA, later},
    fixture::{Answer, Auth, PASSWORD, Settings, request},
};

async fn disable(auth: &Auth, token: &str, member: &str, value: &str) -> Answer {
    let body = json!({ "password": PASSWORD, member: value });
    auth.post_with(token, DISABLE, body).await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn password_and_code_disable_the_second_factor(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let (app, codes) = auth.enroll(ann.access()).await;
    let ann = auth.renewed(&ann).await;
    later(&pool).await;
    let disabled = disable(&auth, ann.access(), "code", &app.code()).await;
    assert_eq!(disabled.status, 204, "{}", disabled.body);
    let ann = auth.renewed(&ann).await;
    assert_eq!(
        auth.get(MFA, ann.access()).await.body,
        json!({ "enabled": false, "required": false, "recovery_codes_left": 0 })
    );
    assert_eq!(auth.log_in("ann", PASSWORD).await.status, 200);
    let events: Vec<String> = sqlx::query_scalar(
        "SELECT event_type FROM events WHERE event_type LIKE '%mfa%' ORDER BY id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(events, ["user.mfa_enabled", "user.mfa_disabled"]);
    let epoch: i64 = sqlx::query_scalar("SELECT token_epoch FROM users")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(epoch, 2, "tokens of before end");
    disable(&auth, ann.access(), "recovery_code", &codes[0])
        .await
        .is(409, "mfa_not_enabled");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_lost_app_is_replaced_with_two_recovery_codes(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let (_lost, codes) = auth.enroll(ann.access()).await;
    let new = auth.log_in_with("ann", "recovery_code", &codes[0]).await;
    assert_eq!(new.status, 200, "{}", new.body);
    let disabled = disable(&auth, new.access(), "recovery_code", &codes[1]).await;
    assert_eq!(disabled.status, 204, "{}", disabled.body);
    let new = auth.renewed(&new).await;
    let (app, _) = auth.enroll(new.access()).await;
    later(&pool).await;
    let log_in = auth.log_in_with("ann", "code", &app.code()).await;
    assert_eq!(log_in.status, 200, "{}", log_in.body);
    auth.log_in_with("ann", "recovery_code", &codes[2])
        .await
        .is(401, "mfa_invalid");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_wrong_password_or_code_is_refused_and_limited(pool: PgPool) {
    let mut settings = Settings::default();
    settings.account.account_limit_per_15_minutes = 3;
    let auth = Auth::with(pool.clone(), settings);
    let ann = auth.customer("ann").await;
    let (app, codes) = auth.enroll(ann.access()).await;
    let ann = auth.renewed(&ann).await;
    disable(&auth, ann.access(), "code", &app.wrong_code())
        .await
        .is_invalid("/code");
    disable(&auth, ann.access(), "recovery_code", "AAAA-AAAA-AAAA-AAAA")
        .await
        .is_invalid("/recovery_code");
    let wrong_password = json!({ "password": "wrong password", "recovery_code": codes[0] });
    auth.post_with(ann.access(), DISABLE, wrong_password)
        .await
        .is_invalid("/password");
    disable(&auth, ann.access(), "recovery_code", &codes[0])
        .await
        .is(429, "too_many_requests");
    assert_eq!(
        auth.get(MFA, ann.access()).await.body["recovery_codes_left"],
        json!(10),
        "no recovery code is used up before the password fits"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_account_without_a_second_factor_has_nothing_to_disable(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    auth.begin_totp(ann.access()).await;
    disable(&auth, ann.access(), "code", "123456")
        .await
        .is(409, "mfa_not_enabled");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn exactly_one_code_is_needed(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let recovery = "ABCD-EFGH-IJKL-MNOP";
    for (mut body, pointer) in [
        (json!({}), "/code"),
        (json!({ "code": null, "recovery_code": null }), "/code"),
        (
            json!({ "code": "123456", "recovery_code": recovery }),
            "/recovery_code",
        ),
        (json!({ "recovery_code": "ABCD" }), "/recovery_code"),
        (
            json!({ "recovery_code": "A".repeat(10_000) }),
            "/recovery_code",
        ),
        (json!({ "code": "12345" }), "/code"),
    ] {
        body["password"] = Value::from(PASSWORD);
        auth.post_with(ann.access(), DISABLE, body)
            .await
            .is_invalid(pointer);
    }
    let body = json!({ "password": PASSWORD, "code": "123456" });
    auth.send(request("POST", DISABLE, None, Some(&body)))
        .await
        .is(401, "token_missing");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_factor_that_is_deleted_from_the_database_is_gone_for_logins_and_tokens(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    auth.enroll(ann.access()).await;
    sqlx::query("DELETE FROM totp_factors")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(auth.log_in("ann", PASSWORD).await.status, 200);
    let epoch: i64 = sqlx::query_scalar("SELECT token_epoch FROM users")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(epoch, 2);
    let codes: i64 = sqlx::query_scalar("SELECT count(*) FROM recovery_codes")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(codes, 0);
}
