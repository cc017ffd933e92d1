use auth::MIGRATOR;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{
    fixture::{Auth, request},
    staff::ROLES,
};

#[sqlx::test(migrator = "MIGRATOR")]
async fn roles_are_listed_by_name_with_what_they_permit(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    auth.role("support", &["orders:read", "not:known"]).await;
    let list = auth
        .get(&format!("{ROLES}?include_total=true"), admin.access())
        .await;
    assert_eq!(list.names(), ["admin", "customer", "support", "vendor"]);
    assert_eq!(
        list.body["page"]["total"],
        json!({ "value": 4, "relation": "eq" })
    );
    // A name that a newer release stored is not shown and grants nothing.
    assert_eq!(list.body["data"][2]["permissions"], json!(["orders:read"]));
    assert_eq!(list.body["data"][2]["built_in"], false);
    assert_eq!(list.body["data"][0]["built_in"], true);
    let admins = list.body["data"][0]["permissions"].as_array().unwrap();
    assert!(admins.contains(&json!("users:assign_roles")));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_cursor_goes_on_behind_the_last_role(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    let first = auth.get(&format!("{ROLES}?limit=2"), admin.access()).await;
    assert_eq!(first.names(), ["admin", "customer"]);
    let cursor = first.text("/page/next_cursor");
    let second = auth
        .get(&format!("{ROLES}?limit=2&cursor={cursor}"), admin.access())
        .await;
    assert_eq!(second.names(), ["vendor"]);
    assert_eq!(second.body["page"]["has_more"], false);
    for query in [
        "limit=0",
        "limit=101",
        "cursor=x",
        "page=0",
        "q=a",
        "cursor=%00",
    ] {
        let refused = auth.get(&format!("{ROLES}?{query}"), admin.access()).await;
        assert_eq!(refused.status, 422, "{query}");
    }
    // A cursor of another list.
    let foreign = auth
        .get(
            &format!("/api/v1/permissions?cursor={cursor}"),
            admin.access(),
        )
        .await;
    assert_eq!(foreign.status, 422);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_readers_of_roles_list_them(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.send(request("GET", ROLES, None, None))
        .await
        .is(401, "token_missing");
    let ann = auth.customer("ann").await;
    auth.get(ROLES, ann.access()).await.is(403, "forbidden");
    auth.role("reader", &["roles:read"]).await;
    let reader = auth.person("rea", &["reader"]).await;
    assert_eq!(auth.get(ROLES, reader.access()).await.status, 200);
}
