use auth::MIGRATOR;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{
    fixture::{Auth, request},
    staff::roles_of,
};

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_users_roles_are_listed_by_name(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    auth.role("support", &["orders:read"]).await;
    let sue = auth.person("sue", &["vendor", "support", "customer"]).await;
    let path = roles_of(&sue);
    let list = auth
        .get(&format!("{path}?include_total=true"), admin.access())
        .await;
    assert_eq!(list.names(), ["customer", "support", "vendor"]);
    assert_eq!(list.body["page"]["total"]["value"], 3);
    assert_eq!(list.body["data"][1]["permissions"], json!(["orders:read"]));
    let first = auth.get(&format!("{path}?limit=2"), admin.access()).await;
    let cursor = first.text("/page/next_cursor");
    let second = auth
        .get(&format!("{path}?limit=2&cursor={cursor}"), admin.access())
        .await;
    assert_eq!(second.names(), ["vendor"]);
    // The cursor is of this user's list.
    let other = auth
        .get(
            &format!("{}?cursor={cursor}", roles_of(&admin)),
            admin.access(),
        )
        .await;
    assert_eq!(other.status, 422);
    let behind = auth.get(&format!("{path}?page=9"), admin.access()).await;
    assert_eq!((behind.status, &behind.body["data"]), (200, &json!([])));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_caller_is_me_and_an_unknown_user_is_not_found(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    let own = auth.get("/api/v1/users/me/roles", admin.access()).await;
    assert_eq!(own.names(), ["admin"]);
    for id in [
        "usr_01932c5e-7d2a-7c3e-9f00-0242ac120002",
        "ses_1",
        "ada",
        "%00",
    ] {
        let path = format!("/api/v1/users/{id}/roles");
        auth.get(&path, admin.access()).await.is(404, "not_found");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_who_assigns_roles_lists_those_of_users(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let path = roles_of(&ann);
    auth.send(request("GET", &path, None, None))
        .await
        .is(401, "token_missing");
    auth.get(&path, ann.access()).await.is(403, "forbidden");
    let manager = auth.manager("mia").await;
    assert_eq!(auth.get(&path, manager.access()).await.status, 200);
}
