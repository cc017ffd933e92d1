//! A user loses the phone with the app, and has no recovery codes. An admin removes the second factor; the user logs in with the
//! password and enrolls another app, and the finder of the phone is out.

use auth::MIGRATOR;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{
    authenticator::{MFA, later},
    fixture::{Auth, PASSWORD, request},
};

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_user_without_app_and_codes_comes_back_by_an_admin(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, boss) = (auth.customer("ann").await, auth.admin("boss").await);
    let (lost, codes) = auth.enroll(ann.access()).await;
    let log_out = request(
        "POST",
        "/api/v1/auth/logout-all",
        Some(auth.renewed(&ann).await.access()),
        None,
    );
    assert_eq!(auth.send(log_out).await.status, 204);

    // The password alone is not enough.
    auth.log_in("ann", PASSWORD).await.is(401, "mfa_required");
    auth.log_in_with("ann", "code", &lost.wrong_code())
        .await
        .is(401, "mfa_invalid");

    let path = format!("/api/v1/users/{}/mfa", ann.user());
    let reset = request("DELETE", &path, Some(boss.access()), None);
    assert_eq!(auth.send(reset).await.status, 204);

    let ann = auth.log_in("ann", PASSWORD).await;
    assert_eq!(ann.status, 200, "{}", ann.body);
    let (app, _) = auth.enroll(ann.access()).await;
    later(&pool).await;
    let log_in = auth.log_in_with("ann", "code", &app.code()).await;
    assert_eq!(log_in.status, 200, "{}", log_in.body);
    let state = auth.get(MFA, log_in.access()).await.body;
    assert_eq!(state["enabled"], json!(true));

    // Neither the lost app nor a code that was kept with it counts any more.
    later(&pool).await;
    auth.log_in_with("ann", "code", &lost.code())
        .await
        .is(401, "mfa_invalid");
    auth.log_in_with("ann", "recovery_code", &codes[0])
        .await
        .is(401, "mfa_invalid");
}
