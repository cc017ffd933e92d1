use auth::MIGRATOR;
use sqlx::PgPool;

use crate::support::fixture::{Auth, request};

#[sqlx::test(migrator = "MIGRATOR")]
async fn users_see_themselves_by_any_spelling_of_their_id(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let id = ann.text("/user/id");
    for id in ["me", id, id.trim_start_matches("usr_")] {
        let answer = auth.get(&format!("/api/v1/users/{id}"), ann.access()).await;
        assert_eq!((answer.status, answer.header("etag")), (200, "\"1\""));
        assert_eq!(answer.body, ann.body["user"]);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn another_user_is_404_as_one_who_does_not_exist(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let refused = |answer: crate::support::fixture::Answer| {
        answer.is(404, "not_found");
        let mut body = answer.body;
        for member in ["instance", "trace_id"] {
            body.as_object_mut().unwrap().remove(member);
        }
        body
    };
    let path = format!("/api/v1/users/{}", ben.text("/user/id"));
    let other = refused(auth.get(&path, ann.access()).await);
    let none = "/api/v1/users/usr_01932c5e-7d2a-7c3e-9f00-0242ac120002";
    assert_eq!(other, refused(auth.get(none, ann.access()).await));
    for id in [
        "ann",
        "Me",
        "ord_01932c5e-7d2a-7c3e-9f00-0242ac120002",
        "%00",
    ] {
        refused(auth.get(&format!("/api/v1/users/{id}"), ann.access()).await);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_admin_sees_everyone(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    let path = format!("/api/v1/users/{}", ann.text("/user/id"));
    let answer = auth.get(&path, root.access()).await;
    assert_eq!((answer.status, &answer.body), (200, &ann.body["user"]));
    auth.get(
        "/api/v1/users/01932c5e-7d2a-7c3e-9f00-0242ac120002",
        root.access(),
    )
    .await
    .is(404, "not_found");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_guest_sees_nobody(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.send(request("GET", "/api/v1/users/me", None, None))
        .await
        .is(401, "token_missing");
}
