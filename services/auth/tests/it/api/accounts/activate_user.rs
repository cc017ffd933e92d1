use auth::MIGRATOR;
use serde_json::json;
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, PASSWORD, request};

async fn activate(auth: &Auth, id: &str, token: &str) -> Answer {
    let path = format!("/api/v1/users/{id}/activate");
    auth.send(request("POST", &path, Some(token), None)).await
}

/// The actions of the audit log and the types of the events so far.
async fn recorded(pool: &PgPool) -> (Vec<String>, Vec<String>) {
    let actions = sqlx::query_scalar("SELECT action FROM audit_log ORDER BY id");
    let events = sqlx::query_scalar(
        "SELECT event_type FROM events WHERE event_type IN ('user.suspended', 'user.activated') ORDER BY id",
    );
    (
        actions.fetch_all(pool).await.unwrap(),
        events.fetch_all(pool).await.unwrap(),
    )
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_activated_user_may_log_in_and_old_tokens_stay_invalid(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    let id = ann.text("/user/id");
    let suspend = format!("/api/v1/users/{id}/suspend");
    auth.send(request("POST", &suspend, Some(root.access()), None))
        .await;
    let answer = activate(&auth, id, root.access()).await;
    assert_eq!((answer.status, &answer.body), (200, &ann.body["user"]));
    auth.get("/api/v1/users/me", ann.access())
        .await
        .is(401, "session_ended");
    auth.refresh(ann.refresh())
        .await
        .is(401, "refresh_token_invalid");
    let back = auth.log_in("ann", PASSWORD).await;
    assert_eq!(
        auth.get("/api/v1/users/me", back.access()).await.status,
        200
    );

    let actions = ["user.suspended", "user.activated"].map(ToOwned::to_owned);
    assert_eq!(recorded(&pool).await, (actions.to_vec(), actions.to_vec()));
    assert_eq!(activate(&auth, id, root.access()).await.status, 200);
    assert_eq!(recorded(&pool).await.0.len(), 2, "nothing was written");
    // Nor was the user logged out.
    assert_eq!(
        auth.get("/api/v1/users/me", back.access()).await.status,
        200
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_pending_account_is_admitted_and_a_deleted_one_is_not(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    let id = ann.text("/user/id");
    auth.run("UPDATE users SET status = 'pending' WHERE username = 'ann'")
        .await;
    let answer = activate(&auth, id, root.access()).await;
    assert_eq!(
        (answer.status, &answer.body["status"]),
        (200, &json!("active"))
    );
    auth.run("UPDATE users SET status = 'deleted' WHERE username = 'ann'")
        .await;
    activate(&auth, id, root.access())
        .await
        .is(409, "account_deleted");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_admins_activate_and_only_accounts_that_exist(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    activate(&auth, "me", ann.access())
        .await
        .is(403, "forbidden");
    auth.send(request("POST", "/api/v1/users/me/activate", None, None))
        .await
        .is(401, "token_missing");
    for id in ["usr_01932c5e-7d2a-7c3e-9f00-0242ac120002", "ann"] {
        activate(&auth, id, root.access())
            .await
            .is(404, "not_found");
    }
}
