use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    authenticator::later,
    fixture::{Answer, Auth, PASSWORD, Settings, add_cookie, request},
    neighbor::Internal,
    people::needs_a_live_session,
};

const PATH: &str = "/api/v1/auth/account/delete";

async fn delete(auth: &Auth, who: &Answer, body: Value) -> Answer {
    auth.post_as(who, PATH, body).await
}

async fn statuses(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("SELECT status FROM users ORDER BY id")
        .fetch_all(pool)
        .await
        .unwrap()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_user_deletes_the_own_account_by_password(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, _ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let elsewhere = auth.log_in("ann", PASSWORD).await;
    let deleted = delete(&auth, &ann, json!({ "password": PASSWORD })).await;
    assert_eq!((deleted.status, &deleted.body), (204, &Value::Null));
    assert_eq!(statuses(&pool).await, ["deleted", "active"]);
    for session in [&ann, &elsewhere] {
        auth.get("/api/v1/auth/profile", session.access())
            .await
            .is(401, "session_ended");
        auth.refresh(session.refresh())
            .await
            .is(401, "refresh_token_invalid");
        delete(&auth, session, json!({ "password": PASSWORD }))
            .await
            .is(401, "session_ended");
    }
    assert_eq!(auth.events("user.deleted").await, 1);
    assert_eq!(auth.audited().await, [], "it has what others do");
    assert_eq!(Internal::of(&auth).due().await, [ann.user_uuid()]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_cookie_of_a_browser_is_deleted_with_the_account(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let body = json!({ "password": PASSWORD });
    let mut request = request("POST", PATH, Some(ann.access()), Some(&body));
    add_cookie(&mut request, ann.refresh());
    let deleted = auth.send(request).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    assert!(deleted.header("set-cookie").contains("Max-Age=0"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_account_with_a_second_factor_needs_a_code_too(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let (app, codes) = auth.enroll(ann.access()).await;
    let ann = auth.renewed(&ann).await;
    later(&pool).await;
    for (body, pointer) in [
        (json!({ "password": PASSWORD }), "/code"),
        (json!({ "password": PASSWORD, "code": null }), "/code"),
        (
            json!({ "password": PASSWORD, "code": app.wrong_code() }),
            "/code",
        ),
        (
            json!({ "password": PASSWORD, "recovery_code": "AAAA-AAAA-AAAA-AAAA" }),
            "/recovery_code",
        ),
        (
            json!({ "password": PASSWORD, "code": app.code(), "recovery_code": codes[0] }),
            "/recovery_code",
        ),
        (
            json!({ "password": "wrong password", "code": app.code() }),
            "/password",
        ),
    ] {
        delete(&auth, &ann, body).await.is_invalid(pointer);
    }
    assert_eq!(statuses(&pool).await, ["active"]);
    let body = json!({ "password": PASSWORD, "recovery_code": codes[0] });
    assert_eq!(delete(&auth, &ann, body).await.status, 204);
    assert_eq!(statuses(&pool).await, ["deleted"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_code_that_is_not_needed_is_ignored_as_at_login(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let body = json!({ "password": PASSWORD, "code": "123456" });
    assert_eq!(delete(&auth, &ann, body).await.status, 204);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn wrong_passwords_are_limited_and_lock_no_one_out_of_logging_in(pool: PgPool) {
    let mut settings = Settings::default();
    settings.account.account_limit_per_15_minutes = 3;
    let auth = Auth::with(pool.clone(), settings);
    let ann = auth.customer("ann").await;
    for _ in 0..3 {
        let refused = delete(&auth, &ann, json!({ "password": "wrong password" })).await;
        refused.is_invalid("/password");
        assert_eq!(refused.text("/errors/0/code"), "password_incorrect");
    }
    let limited = delete(&auth, &ann, json!({ "password": PASSWORD })).await;
    limited.is(429, "too_many_requests");
    assert!(!limited.header("retry-after").is_empty());
    assert_eq!(statuses(&pool).await, ["active"]);
    assert_eq!(auth.log_in("ann", PASSWORD).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn addresses_are_limited_before_a_password_is_hashed(pool: PgPool) {
    let mut settings = Settings::default();
    settings.address.login_limit_per_address_per_minute = 1;
    let auth = Auth::with(pool.clone(), settings);
    let ann = auth.customer("ann").await;
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(
            delete(&auth, &ann, json!({ "password": "wrong password" }))
                .await
                .status,
        );
    }
    assert_eq!(codes, [422, 422, 429, 429]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn bodies_of_another_shape_are_refused(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    for (body, pointer) in [
        (json!({}), ""),
        (json!({ "password": null }), "/password"),
        (json!({ "password": "" }), "/password"),
        (json!({ "password": "x".repeat(10_000) }), "/password"),
        (json!({ "password": [PASSWORD] }), "/password"),
        (json!({ "password": PASSWORD, "code": "12345" }), "/code"),
        (json!({ "password": PASSWORD, "user": "me" }), "/user"),
        (json!([PASSWORD, null, null]), ""),
        (json!("."), ""),
    ] {
        delete(&auth, &ann, body).await.is_invalid(pointer);
    }
    assert_eq!(statuses(&pool).await, ["active"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_a_live_login_deletes_and_no_api_key(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let body = json!({ "password": PASSWORD });
    needs_a_live_session(&auth, "POST", PATH, &body).await;
    let ann = auth.customer("ann").await;
    let key = json!({ "name": "Import", "permissions": ["users:delete:own"] });
    let key = auth.post_as(&ann, "/api/v1/api-keys", key).await;
    let exchange = json!({ "api_key": key.text("/key") });
    let token = auth.post("/api/v1/auth/token", exchange).await;
    let by_key = request("POST", PATH, Some(token.access()), Some(&body));
    auth.send(by_key).await.is(401, "login_required");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_last_active_admin_stays(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (root, other) = (auth.admin("boss").await, auth.admin("otto").await);
    let body = json!({ "password": PASSWORD });
    assert_eq!(delete(&auth, &other, body.clone()).await.status, 204);
    delete(&auth, &root, body).await.is(409, "last_admin");
    assert_eq!(statuses(&pool).await, ["active", "deleted"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn pending_vendors_may_leave(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    auth.run("UPDATE users SET status = 'pending', roles = '{vendor}'")
        .await;
    let ann = auth.renewed(&ann).await;
    let body = json!({ "password": PASSWORD });
    assert_eq!(delete(&auth, &ann, body).await.status, 204);
    assert_eq!(statuses(&pool).await, ["deleted"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_deletions_at_once_one_is_done(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let body = json!({ "password": PASSWORD });
    let answers = tokio::join!(
        delete(&auth, &ann, body.clone()),
        delete(&auth, &ann, body.clone())
    );
    let mut statuses = [answers.0.status, answers.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 401]);
    assert_eq!(auth.events("user.deleted").await, 1);
}
