//! A shop whose vendors wait for approval: from their registration to the decision of an administrator.

use auth::{MIGRATOR, accounts::sign_up::VendorSignup};
use serde_json::json;
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, PASSWORD, Settings, registration, request};

const PROFILE: &str = "/api/v1/auth/profile";

fn approving(pool: PgPool) -> Auth {
    let settings = Settings {
        vendor_signup: VendorSignup::Approval,
        ..Settings::default()
    };
    Auth::with(pool, settings)
}

async fn register(auth: &Auth, name: &str, role: &str) -> Answer {
    let mut body = registration(name);
    body["role"] = json!(role);
    let answer = auth.post("/api/v1/auth/register", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer
}

async fn decide(pool: &PgPool, status: &str) {
    sqlx::query("UPDATE users SET status = $1")
        .bind(status)
        .execute(pool)
        .await
        .unwrap();
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_vendor_who_registers_waits_without_rights(pool: PgPool) {
    let auth = approving(pool);
    let registered = register(&auth, "vic", "vendor").await;
    let log_in = auth.log_in("vic", PASSWORD).await;
    let refreshed = auth.refresh(registered.refresh()).await;
    for answer in [&registered, &log_in, &refreshed] {
        assert_eq!(answer.text("/user/status"), "pending", "{}", answer.body);
        assert_eq!(answer.body["user"]["roles"], json!(["vendor"]));
        assert_eq!(answer.claims()["roles"], json!([]));
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_waiting_vendor_reads_and_changes_the_own_profile(pool: PgPool) {
    let auth = approving(pool);
    let vic = register(&auth, "vic", "vendor").await;
    assert_eq!(auth.get(PROFILE, vic.access()).await.status, 200);
    let body = json!({ "full_name": "Vic Other" });
    let change = request("PATCH", PROFILE, Some(vic.access()), Some(&body));
    let changed = auth.send(change).await;
    assert_eq!(
        (changed.status, changed.text("/full_name")),
        (200, "Vic Other")
    );
    let log_out = request("POST", "/api/v1/auth/logout", Some(vic.access()), None);
    assert_eq!(auth.send(log_out).await.status, 204);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_admitted_vendor_has_the_rights_after_the_next_refresh(pool: PgPool) {
    let auth = approving(pool.clone());
    let vic = register(&auth, "vic", "vendor").await;
    decide(&pool, "active").await;
    let epoch: i64 = sqlx::query_scalar("SELECT token_epoch FROM users")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(epoch, 1, "tokens of before end");
    let refreshed = auth.refresh(vic.refresh()).await;
    assert_eq!(refreshed.text("/user/status"), "active");
    assert_eq!(refreshed.claims()["roles"], json!(["vendor"]));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_refused_vendor_is_locked_out(pool: PgPool) {
    let auth = approving(pool.clone());
    let vic = register(&auth, "vic", "vendor").await;
    decide(&pool, "suspended").await;
    auth.log_in("vic", PASSWORD)
        .await
        .is(401, "invalid_credentials");
    auth.refresh(vic.refresh())
        .await
        .is(401, "refresh_token_invalid");
    auth.get(PROFILE, vic.access())
        .await
        .is(401, "session_ended");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn customers_do_not_wait_and_administrators_do_not_register(pool: PgPool) {
    let auth = approving(pool);
    let ann = register(&auth, "ann", "customer").await;
    assert_eq!(ann.text("/user/status"), "active");
    assert_eq!(ann.claims()["roles"], json!(["customer"]));
    let mut body = registration("eve");
    body["role"] = json!("admin");
    auth.post("/api/v1/auth/register", body)
        .await
        .is(403, "forbidden");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_deleted_account_is_as_unknown(pool: PgPool) {
    let auth = approving(pool.clone());
    let vic = register(&auth, "vic", "vendor").await;
    decide(&pool, "deleted").await;
    auth.log_in("vic", PASSWORD)
        .await
        .is(401, "invalid_credentials");
    auth.refresh(vic.refresh())
        .await
        .is(401, "refresh_token_invalid");
}
