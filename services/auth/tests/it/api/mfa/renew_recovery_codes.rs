use auth::MIGRATOR;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{
    authenticator::{MFA, RECOVERY_CODES, later, recovery_codes},
    fixture::{Auth, PASSWORD, request},
};

#[sqlx::test(migrator = "MIGRATOR")]
async fn new_codes_replace_all_earlier_ones(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let (app, old) = auth.enroll(ann.access()).await;
    let ann = auth.renewed(&ann).await;
    auth.log_in_with("ann", "recovery_code", &old[0]).await;
    later(&pool).await;
    let body = json!({ "password": PASSWORD, "code": app.code() });
    let renewed = auth.post_with(ann.access(), RECOVERY_CODES, body).await;
    assert_eq!(renewed.status, 200, "{}", renewed.body);
    assert_eq!(renewed.header("cache-control"), "private, no-store");
    let new = recovery_codes(&renewed);
    assert_eq!(
        auth.get(MFA, ann.access()).await.body["recovery_codes_left"],
        json!(10)
    );
    auth.log_in_with("ann", "recovery_code", &old[1])
        .await
        .is(401, "mfa_invalid");
    let log_in = auth.log_in_with("ann", "recovery_code", &new[9]).await;
    assert_eq!(log_in.status, 200, "{}", log_in.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_sets_at_the_same_time_one_remains(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let (app, _) = auth.enroll(ann.access()).await;
    let ann = auth.renewed(&ann).await;
    later(&pool).await;
    let renew = async |code: String| {
        let body = json!({ "password": PASSWORD, "code": code });
        auth.post_with(ann.access(), RECOVERY_CODES, body).await
    };
    // The earlier of two codes is refused if the later one is first.
    let answers = tokio::join!(renew(app.code()), renew(app.code_in(1)));
    assert!(
        [&answers.0, &answers.1]
            .iter()
            .any(|answer| answer.status == 200)
    );
    assert_eq!(
        auth.get(MFA, ann.access()).await.body["recovery_codes_left"],
        json!(10)
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_wrong_password_or_code_and_a_missing_factor_are_refused(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let body = |password: &str, code: &str| json!({ "password": password, "code": code });
    auth.post_with(ann.access(), RECOVERY_CODES, body(PASSWORD, "123456"))
        .await
        .is(409, "mfa_not_enabled");
    let (app, _) = auth.enroll(ann.access()).await;
    let ann = auth.renewed(&ann).await;
    let renew = async |password: &str, code: &str| {
        auth.post_with(ann.access(), RECOVERY_CODES, body(password, code))
            .await
    };
    later(&pool).await;
    renew(PASSWORD, &app.wrong_code()).await.is_invalid("/code");
    let code = app.code();
    renew("wrong password", &code).await.is_invalid("/password");
    assert_eq!(renew(PASSWORD, &code).await.status, 200);
    renew(PASSWORD, &code).await.is_invalid("/code");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_malformed_body_and_a_missing_token_are_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    for (body, pointer) in [
        (json!({ "password": PASSWORD }), ""),
        (json!({ "code": "123456" }), ""),
        (json!({ "password": PASSWORD, "code": "1" }), "/code"),
        (
            json!({ "password": PASSWORD, "code": "123456", "recovery_code": "ABCD-EFGH-IJKL-MNOP" }),
            "/recovery_code",
        ),
    ] {
        auth.post_with(ann.access(), RECOVERY_CODES, body)
            .await
            .is_invalid(pointer);
    }
    let body = json!({ "password": PASSWORD, "code": "123456" });
    auth.send(request("POST", RECOVERY_CODES, None, Some(&body)))
        .await
        .is(401, "token_missing");
}
