//! A shop that requires a second factor of its administrators: from the first login without one to the role admin.

use auth::{MIGRATOR, mfa::policy::RequireMfa};
use serde_json::json;
use sqlx::PgPool;

use crate::support::{
    authenticator::{DISABLE, later},
    fixture::{Auth, PASSWORD, Settings},
};

/// What only administrators may read.
const ROLES: &str = "/api/v1/roles";

/// A shop with this setting, and a user with these roles.
async fn shop(pool: &PgPool, require_mfa: RequireMfa, roles: &[&str]) -> Auth {
    let settings = Settings {
        require_mfa,
        ..Settings::default()
    };
    let auth = Auth::with(pool.clone(), settings);
    auth.customer("ann").await;
    sqlx::query("UPDATE users SET roles = $1")
        .bind(roles)
        .execute(pool)
        .await
        .unwrap();
    auth
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_administrator_has_no_rights_before_a_second_factor_is_enrolled(pool: PgPool) {
    let auth = shop(&pool, RequireMfa::Admins, &["admin"]).await;
    let log_in = auth.log_in("ann", PASSWORD).await;
    assert_eq!(log_in.claims()["roles"], json!([]));
    assert_eq!(log_in.body["mfa_enrollment_required"], json!(true));
    assert_eq!(
        log_in.body["user"]["roles"],
        json!(["admin"]),
        "the account keeps the role"
    );
    let refreshed = auth.refresh(log_in.refresh()).await;
    assert_eq!(refreshed.claims()["roles"], json!([]));
    for answer in [&log_in, &refreshed] {
        auth.get(ROLES, answer.access()).await.is(403, "forbidden");
    }

    let (app, _) = auth.enroll(refreshed.access()).await;
    auth.get(ROLES, refreshed.access())
        .await
        .is(403, "forbidden");
    let refreshed = auth.refresh(refreshed.refresh()).await;
    assert_eq!(refreshed.claims()["roles"], json!(["admin"]));
    assert_eq!(auth.get(ROLES, refreshed.access()).await.status, 200);
    assert_eq!(refreshed.body["mfa_enrollment_required"], json!(false));
    later(&pool).await;
    let log_in = auth.log_in_with("ann", "code", &app.code()).await;
    assert_eq!(log_in.claims()["roles"], json!(["admin"]));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_other_roles_of_an_administrator_keep_their_effect(pool: PgPool) {
    let auth = shop(&pool, RequireMfa::Admins, &["customer", "vendor", "admin"]).await;
    let log_in = auth.log_in("ann", PASSWORD).await;
    assert_eq!(log_in.claims()["roles"], json!(["customer", "vendor"]));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_app_that_is_not_confirmed_grants_nothing(pool: PgPool) {
    let auth = shop(&pool, RequireMfa::Admins, &["admin"]).await;
    let log_in = auth.log_in("ann", PASSWORD).await;
    auth.begin_totp(log_in.access()).await;
    let refreshed = auth.refresh(log_in.refresh()).await;
    assert_eq!(refreshed.claims()["roles"], json!([]));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_administrator_who_disables_the_second_factor_loses_the_rights(pool: PgPool) {
    let auth = shop(&pool, RequireMfa::Admins, &["admin"]).await;
    let log_in = auth.log_in("ann", PASSWORD).await;
    let (_, codes) = auth.enroll(log_in.access()).await;
    let admin = auth.refresh(log_in.refresh()).await;
    assert_eq!(admin.claims()["roles"], json!(["admin"]));
    let body = json!({ "password": PASSWORD, "recovery_code": codes[0] });
    let disabled = auth.post_with(admin.access(), DISABLE, body).await;
    assert_eq!(disabled.status, 204, "{}", disabled.body);
    auth.get(ROLES, admin.access())
        .await
        .is(401, "token_expired");
    let refreshed = auth.refresh(admin.refresh()).await;
    auth.get(ROLES, refreshed.access())
        .await
        .is(403, "forbidden");
    assert_eq!(refreshed.claims()["roles"], json!([]));
    assert_eq!(refreshed.body["mfa_enrollment_required"], json!(true));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn customers_and_shops_without_the_rule_need_no_second_factor(pool: PgPool) {
    let auth = shop(&pool, RequireMfa::Admins, &["customer"]).await;
    let log_in = auth.log_in("ann", PASSWORD).await;
    assert_eq!(log_in.claims()["roles"], json!(["customer"]));
    assert_eq!(log_in.body["mfa_enrollment_required"], json!(false));
    sqlx::query("UPDATE users SET roles = '{admin}'")
        .execute(&pool)
        .await
        .unwrap();
    let relaxed = Auth::new(pool);
    let log_in = relaxed.log_in("ann", PASSWORD).await;
    assert_eq!(log_in.claims()["roles"], json!(["admin"]));
    assert_eq!(log_in.body["mfa_enrollment_required"], json!(false));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_api_key_grants_what_a_login_of_its_owner_would(pool: PgPool) {
    let auth = shop(&pool, RequireMfa::Admins, &["admin"]).await;
    let log_in = auth.log_in("ann", PASSWORD).await;
    let (_, codes) = auth.enroll(log_in.access()).await;
    let admin = auth.renewed(&log_in).await;
    let body = json!({ "name": "Import", "permissions": ["roles:read"] });
    let key = auth.post_as(&admin, "/api/v1/api-keys", body).await;
    let exchange = async || {
        let body = json!({ "api_key": key.text("/key") });
        auth.post("/api/v1/auth/token", body).await
    };
    assert_eq!(exchange().await.text("/scope"), "roles:read");
    let body = json!({ "password": PASSWORD, "recovery_code": codes[0] });
    let disabled = auth.post_as(&admin, DISABLE, body).await;
    assert_eq!(disabled.status, 204, "{}", disabled.body);
    let exchanged = exchange().await;
    assert_eq!(exchanged.text("/scope"), "");
    auth.get(ROLES, exchanged.access())
        .await
        .is(403, "forbidden");
}
