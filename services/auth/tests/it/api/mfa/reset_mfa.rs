use auth::MIGRATOR;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{
    authenticator::MFA,
    fixture::{Answer, Auth, PASSWORD, request},
};

fn path(user: &str) -> String {
    format!("/api/v1/users/{user}/mfa")
}

async fn reset(auth: &Auth, user: &str, by: &Answer) -> Answer {
    auth.send(request("DELETE", &path(user), Some(by.access()), None))
        .await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_admin_removes_the_factor_and_it_is_on_record(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    auth.enroll(ann.access()).await;
    let ann = auth.renewed(&ann).await;
    assert_eq!(reset(&auth, ann.user(), &root).await.status, 204);

    // The session continues with a new access token.
    auth.get(MFA, ann.access()).await.is(401, "token_expired");
    let ann = auth.renewed(&ann).await;
    assert_eq!(
        auth.get(MFA, ann.access()).await.body,
        json!({ "enabled": false, "required": false, "recovery_codes_left": 0 })
    );
    assert_eq!(auth.log_in("ann", PASSWORD).await.status, 200);
    let entry = |action: &str| {
        (
            root.user().to_owned(),
            action.to_owned(),
            ann.user().to_owned(),
        )
    };
    assert_eq!(auth.audited().await, [entry("user.mfa_reset")]);
    assert_eq!(auth.events("user.mfa_reset").await, 1);
    assert_eq!(auth.events("user.mfa_disabled").await, 0);

    // Again, there is nothing to do.
    assert_eq!(reset(&auth, ann.user(), &root).await.status, 204);
    assert_eq!(auth.audited().await.len(), 1);
    assert_eq!(auth.events("user.mfa_reset").await, 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_enrollment_that_was_not_confirmed_is_left_alone(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    auth.begin_totp(ann.access()).await;
    assert_eq!(reset(&auth, ann.user(), &root).await.status, 204);
    let begun: i64 = sqlx::query_scalar("SELECT count(*) FROM totp_factors")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(begun, 1);
    assert_eq!(auth.audited().await, []);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn no_one_resets_their_own_factor_or_that_of_a_superior(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    auth.role("support", &["users:suspend"]).await;
    let (support, ann) = (
        auth.person("sue", &["support"]).await,
        auth.customer("ann").await,
    );
    let root = auth.admin("boss").await;
    auth.enroll(root.access()).await;
    let root = auth.renewed(&root).await;
    for user in ["me", root.user()] {
        reset(&auth, user, &root).await.is(409, "own_account");
    }
    reset(&auth, root.user(), &support)
        .await
        .is(403, "forbidden");
    for user in ["me", ann.user(), root.user()] {
        reset(&auth, user, &ann).await.is(403, "forbidden");
    }
    assert_eq!(
        auth.get(MFA, root.access()).await.body["enabled"],
        json!(true)
    );
    auth.enroll(ann.access()).await;
    assert_eq!(reset(&auth, ann.user(), &support).await.status, 204);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn unknown_and_deleted_users_are_refused(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    for user in ["usr_01932c5e-7d2a-7c3e-9f00-0242ac120002", "ann", "prd_x"] {
        reset(&auth, user, &root).await.is(404, "not_found");
    }
    let delete = request(
        "DELETE",
        &format!("/api/v1/users/{}", ann.user()),
        Some(root.access()),
        None,
    );
    assert_eq!(auth.send(delete).await.status, 204);
    reset(&auth, ann.user(), &root)
        .await
        .is(409, "account_deleted");
    let path = path(root.user());
    auth.send(request("DELETE", &path, None, None))
        .await
        .is(401, "token_missing");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_session_that_has_ended_resets_nothing(pool: PgPool) {
    let auth = Auth::new(pool);
    let root = auth.admin("boss").await;
    let log_out = request("POST", "/api/v1/auth/logout", Some(root.access()), None);
    assert_eq!(auth.send(log_out).await.status, 204);
    reset(&auth, "me", &root).await.is(401, "session_ended");
}
