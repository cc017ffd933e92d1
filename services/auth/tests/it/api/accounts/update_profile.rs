use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, request};

const PATH: &str = "/api/v1/auth/profile";

async fn patch(auth: &Auth, token: &str, body: Value) -> Answer {
    auth.send(request("PATCH", PATH, Some(token), Some(&body)))
        .await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn absent_members_keep_their_values(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let answer = patch(&auth, ann.access(), json!({ "full_name": "Ann Other" })).await;
    assert_eq!((answer.status, answer.header("etag")), (200, "\"2\""));
    assert_eq!(
        (answer.text("/full_name"), answer.text("/username")),
        ("Ann Other", "ann")
    );
    let answer = patch(&auth, ann.access(), json!({ "username": "Annie" })).await;
    assert_eq!(
        (answer.text("/full_name"), answer.text("/username")),
        ("Ann Other", "annie")
    );
    assert_eq!(auth.get(PATH, ann.access()).await.body, answer.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn null_removes_the_username_and_is_refused_for_the_name(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    assert_eq!(
        patch(&auth, ann.access(), json!({ "username": null }))
            .await
            .body["username"],
        Value::Null
    );
    patch(&auth, ann.access(), json!({ "full_name": null }))
        .await
        .is_invalid("/full_name");
    auth.log_in("ann", crate::support::fixture::PASSWORD)
        .await
        .is(401, "invalid_credentials");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn put_is_the_same_and_merge_patch_is_a_type(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let put = auth
        .send(request(
            "PUT",
            PATH,
            Some(ann.access()),
            Some(&json!({ "full_name": "Ann Put" })),
        ))
        .await;
    assert_eq!(
        (put.status, put.text("/full_name"), put.text("/username")),
        (200, "Ann Put", "ann")
    );
    let mut merge = request("PATCH", PATH, Some(ann.access()), Some(&json!({})));
    merge.headers_mut().insert(
        "content-type",
        "application/merge-patch+json".parse().unwrap(),
    );
    assert_eq!(auth.send(merge).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_role_and_a_taken_username_are_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, _ben) = (auth.customer("ann").await, auth.customer("ben").await);
    for field in [
        "roles",
        "role",
        "status",
        "id",
        "email",
        "password_hash",
        "version",
    ] {
        patch(&auth, ann.access(), json!({ field: "admin" }))
            .await
            .is_invalid(&format!("/{field}"));
    }
    patch(&auth, ann.access(), json!({ "username": "ben" }))
        .await
        .is(409, "username_taken");
    patch(&auth, ann.access(), json!({ "username": "admin" }))
        .await
        .is_invalid("/username");
    patch(&auth, ann.access(), json!({ "full_name": "A\u{0}" }))
        .await
        .is_invalid("/full_name");
    assert_eq!(auth.get(PATH, ann.access()).await.body, ann.body["user"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_stale_version_changes_nothing(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let with_version = |tag: &str| {
        let mut request = request(
            "PATCH",
            PATH,
            Some(ann.access()),
            Some(&json!({ "full_name": "Ann Other" })),
        );
        request
            .headers_mut()
            .insert("if-match", tag.parse().unwrap());
        request
    };
    assert_eq!(auth.send(with_version("\"1\"")).await.status, 200);
    auth.send(with_version("\"1\""))
        .await
        .is(412, "precondition_failed");
    assert_eq!(auth.send(with_version("*")).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_guest_changes_nothing(pool: PgPool) {
    let answer = Auth::new(pool)
        .send(request(
            "PATCH",
            PATH,
            None,
            Some(&json!({ "full_name": "A" })),
        ))
        .await;
    answer.is(401, "token_missing");
}
