use auth::MIGRATOR;
use serde_json::json;
use sqlx::PgPool;

use crate::support::fixture::{Auth, request};

const PATH: &str = "/api/v1/permissions";

#[sqlx::test(migrator = "MIGRATOR")]
async fn permissions_are_listed_with_the_built_in_roles_that_hold_them(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    let list = auth
        .get(
            &format!("{PATH}?limit=100&include_total=true"),
            admin.access(),
        )
        .await;
    let rows = list.body["data"].as_array().unwrap();
    let found = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap();
    assert_eq!(
        *found("orders:cancel"),
        json!({
            "name": "orders:cancel", "description": "Cancel orders.",
            "grants": ["orders:cancel:own", "orders:cancel"],
            "roles": [{ "role": "customer", "reach": "own" }, { "role": "admin", "reach": "any" }],
        })
    );
    assert_eq!(
        found("payments:refund")["grants"],
        json!(["payments:refund"])
    );
    assert_eq!(
        found("orders:create")["grants"],
        json!(["orders:create:own"])
    );
    assert_eq!(list.body["page"]["total"]["value"], rows.len());
    // Every permission of a role is listed.
    for grant in admin.permissions().grants() {
        let grants = rows
            .iter()
            .flat_map(|row| row["grants"].as_array().unwrap());
        assert!(
            grants.into_iter().any(|listed| *listed == json!(grant)),
            "{grant}"
        );
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_cursor_leads_through_all_permissions(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    let all = auth.get(&format!("{PATH}?limit=100"), admin.access()).await;
    let (mut names, mut next) = (Vec::new(), String::new());
    loop {
        let page = auth
            .get(&format!("{PATH}?limit=9{next}"), admin.access())
            .await;
        names.extend(page.names().into_iter().map(ToOwned::to_owned));
        match page.body["page"]["next_cursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(names, all.names());
    assert!(names.is_sorted() && names.len() > 30);
    let second = auth
        .get(&format!("{PATH}?limit=9&page=2"), admin.access())
        .await;
    assert_eq!(second.names(), &all.names()[9..18]);
    let unknown = auth
        .get(&format!("{PATH}?role=admin"), admin.access())
        .await;
    assert_eq!(unknown.status, 422);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn permissions_are_listed_to_readers_of_roles_only(pool: PgPool) {
    let auth = Auth::new(pool);
    let guest = auth.send(request("GET", PATH, None, None)).await;
    guest.is(401, "token_missing");
    for roles in [&["customer"][..], &["vendor"], &["customer", "vendor"]] {
        let person = auth
            .person(&format!("ann{}{}", roles.len(), roles[0]), roles)
            .await;
        let refused = auth.get(PATH, person.access()).await;
        refused.is(403, "forbidden");
        assert!(
            refused.text("/detail").contains("roles:read"),
            "{}",
            refused.body
        );
    }
    let manager = auth.manager("mia").await;
    assert_eq!(auth.get(PATH, manager.access()).await.status, 200);
}
