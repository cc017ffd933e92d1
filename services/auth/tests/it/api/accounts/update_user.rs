use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, request};

async fn patch(auth: &Auth, id: &str, token: &str, tag: Option<&str>, body: Value) -> Answer {
    let path = format!("/api/v1/users/{id}");
    let mut request = request("PATCH", &path, Some(token), Some(&body));
    if let Some(tag) = tag {
        let headers = request.headers_mut();
        headers.insert("if-match", tag.parse().unwrap());
    }
    auth.send(request).await
}

async fn recorded(pool: &PgPool) -> Vec<(String, String, Value)> {
    sqlx::query_as("SELECT action, target, data FROM audit_log ORDER BY id")
        .fetch_all(pool)
        .await
        .unwrap()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_admin_changes_a_user_and_the_log_names_the_fields(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    let id = ann.text("/user/id");
    let body = json!({ "full_name": "Ann Other", "username": "ann" });
    let answer = patch(&auth, id, root.access(), Some("\"1\""), body).await;
    assert_eq!((answer.status, answer.header("etag")), (200, "\"2\""));
    let mut expected = ann.body["user"].clone();
    expected["full_name"] = json!("Ann Other");
    assert_eq!(answer.body, expected);
    // The user stays logged in.
    let own = auth.get("/api/v1/users/me", ann.access()).await;
    assert_eq!(own.body, expected);

    let answer = patch(
        &auth,
        id,
        root.access(),
        Some("*"),
        json!({ "username": null }),
    )
    .await;
    assert_eq!((answer.status, answer.header("etag")), (200, "\"3\""));
    assert_eq!(answer.body["username"], Value::Null);
    let entry = |field: &str| {
        let data = json!({ "fields": [field] });
        ("user.updated".to_owned(), id.to_owned(), data)
    };
    assert_eq!(
        recorded(&pool).await,
        [entry("full_name"), entry("username")]
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_change_to_the_present_values_writes_nothing(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    for body in [
        json!({}),
        json!({ "full_name": "Ann Example", "username": "Ann" }),
    ] {
        let answer = patch(
            &auth,
            ann.text("/user/id"),
            root.access(),
            Some("\"1\""),
            body,
        )
        .await;
        assert_eq!((answer.status, answer.header("etag")), (200, "\"1\""));
    }
    assert_eq!(recorded(&pool).await, []);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_version_is_required_for_others_and_checked_for_all(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    let id = ann.text("/user/id");
    let body = || json!({ "full_name": "Ann Other" });
    patch(&auth, id, root.access(), None, body())
        .await
        .is(428, "if_match_required");
    for tag in ["\"2\"", "W/\"1\"", "1", "\"x\""] {
        patch(&auth, id, root.access(), Some(tag), body())
            .await
            .is(412, "precondition_failed");
    }
    patch(&auth, "me", ann.access(), Some("\"2\""), body())
        .await
        .is(412, "precondition_failed");
    for id in ["me", id] {
        let answer = patch(&auth, id, ann.access(), None, body()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    // What users do to themselves is not in the log.
    assert_eq!(recorded(&pool).await, []);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn foreign_accounts_and_other_fields_are_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let root = auth.admin("boss").await;
    let id = ann.text("/user/id");
    let name = || json!({ "full_name": "B" });
    for tag in [None, Some("*")] {
        patch(&auth, id, ben.access(), tag, name())
            .await
            .is(404, "not_found");
    }
    let none = "usr_01932c5e-7d2a-7c3e-9f00-0242ac120002";
    patch(&auth, none, root.access(), Some("*"), name())
        .await
        .is(404, "not_found");
    for field in ["email", "roles", "status", "id", "password", "version"] {
        patch(
            &auth,
            id,
            root.access(),
            Some("*"),
            json!({ field: "admin" }),
        )
        .await
        .is_invalid(&format!("/{field}"));
    }
    patch(
        &auth,
        id,
        root.access(),
        Some("*"),
        json!({ "full_name": null }),
    )
    .await
    .is_invalid("/full_name");
    patch(
        &auth,
        id,
        root.access(),
        Some("*"),
        json!({ "username": "ben" }),
    )
    .await
    .is(409, "username_taken");
    let guest = request("PATCH", "/api/v1/users/me", None, Some(&name()));
    auth.send(guest).await.is(401, "token_missing");
    auth.run("UPDATE users SET status = 'deleted' WHERE username = 'ann'")
        .await;
    patch(&auth, id, root.access(), Some("*"), name())
        .await
        .is(409, "account_deleted");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn support_changes_customers_and_no_admins(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.role("support", &["users:update"]).await;
    let support = auth.person("sue", &["support"]).await;
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    let name = || json!({ "full_name": "Other" });
    patch(&auth, root.user(), support.access(), Some("*"), name())
        .await
        .is(403, "forbidden");
    let changed = patch(&auth, ann.user(), support.access(), Some("*"), name()).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
}
