use auth::MIGRATOR;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{
    fixture::{Auth, request},
    staff::ROLES,
};

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_role_is_read_with_its_version(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    let created = auth.create_role(&admin, "support", &["orders:read"]).await;
    let role = auth.get(&format!("{ROLES}/support"), admin.access()).await;
    assert_eq!((role.status, role.header("etag")), (200, "\"1\""));
    assert_eq!(role.body, created.body);
    let vendor = auth.get(&format!("{ROLES}/vendor"), admin.access()).await;
    assert_eq!(vendor.body["built_in"], true);
    let permissions = vendor.body["permissions"].as_array().unwrap();
    assert!(permissions.contains(&json!("products:write:own")));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_unknown_role_is_not_found(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    let long = "a".repeat(4_000);
    for name in [
        "support",
        "Admin",
        "a",
        "a.b",
        "%00",
        "-",
        "admin%20",
        "sel%2Fler",
        &long,
    ] {
        let answer = auth.get(&format!("{ROLES}/{name}"), admin.access()).await;
        answer.is(404, "not_found");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_readers_of_roles_read_one(pool: PgPool) {
    let auth = Auth::new(pool);
    let path = format!("{ROLES}/admin");
    auth.send(request("GET", &path, None, None))
        .await
        .is(401, "token_missing");
    let ann = auth.customer("ann").await;
    auth.get(&path, ann.access()).await.is(403, "forbidden");
    // Whether a role exists is not told either.
    auth.get(&format!("{ROLES}/none"), ann.access())
        .await
        .is(403, "forbidden");
}
