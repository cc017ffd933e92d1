use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    fixture::{Auth, request},
    staff::ROLES,
};

fn body(name: &str) -> Value {
    json!({ "name": name, "description": "Answers customers.", "permissions": ["orders:read"] })
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_admin_creates_a_role_and_the_audit_log_says_so(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    let role = json!({
        "name": "support", "description": " Answers customers. ",
        "permissions": ["payments:refund", "orders:read:own", "orders:read"],
    });
    let created = auth.call("POST", ROLES, &admin, Some(&role)).await;
    assert_eq!(created.status, 201, "{}", created.body);
    assert_eq!(created.header("location"), "/api/v1/roles/support");
    assert_eq!(created.header("etag"), "\"1\"");
    assert_eq!(created.text("/description"), "Answers customers.");
    // Each permission once, with the wider reach.
    assert_eq!(
        created.body["permissions"],
        json!(["orders:read", "payments:refund"])
    );
    assert_eq!(created.body["built_in"], false);
    let audited = ("role.created".to_owned(), "support".to_owned());
    let admin = admin.user().to_owned();
    assert_eq!(auth.audited().await, [(admin, audited.0, audited.1)]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_role_may_permit_nothing_and_need_no_description(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    let created = auth.create_role(&admin, "trainee", &[]).await;
    assert_eq!((created.status, created.text("/description")), (201, ""));
    assert_eq!(created.body["permissions"], json!([]));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_body_that_breaks_a_rule_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    let changed = |member: &str, value: Value| {
        let mut body = body("support");
        body[member] = value;
        body
    };
    for (body, pointer) in [
        (changed("name", json!("Support")), "/name"),
        (changed("name", json!("a")), "/name"),
        (changed("name", json!("..")), "/name"),
        (changed("name", json!("a\u{0}b")), "/name"),
        (changed("name", json!("a".repeat(33))), "/name"),
        (changed("name", json!(null)), "/name"),
        (changed("description", json!("a\nb")), "/description"),
        (
            changed("description", json!("a".repeat(201))),
            "/description",
        ),
        (changed("description", json!(null)), "/description"),
        (changed("permissions", json!("orders:read")), "/permissions"),
        (changed("permissions", json!(null)), "/permissions"),
        (
            changed("permissions", json!(["orders:read", "orders:fly"])),
            "/permissions/1",
        ),
        (
            changed("permissions", json!(["payments:refund:own"])),
            "/permissions/0",
        ),
        (
            changed("permissions", json!([["orders:read"]])),
            "/permissions/0",
        ),
        (changed("permissions", json!(["*"])), "/permissions/0"),
        (
            changed("permissions", json!(vec!["orders:read"; 201])),
            "/permissions",
        ),
        (changed("built_in", json!(true)), "/built_in"),
        (json!({ "name": "support" }), ""),
    ] {
        let answer = auth.call("POST", ROLES, &admin, Some(&body)).await;
        answer.is_invalid(pointer);
    }
    let repeated = changed("permissions", json!(vec!["orders:read"; 200]));
    assert_eq!(
        auth.call("POST", ROLES, &admin, Some(&repeated))
            .await
            .status,
        201
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_taken_or_reserved_name_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    assert_eq!(auth.create_role(&admin, "support", &[]).await.status, 201);
    // Registration takes `seller` for `vendor`.
    for name in ["support", "admin", "customer", "seller", "buyer"] {
        auth.create_role(&admin, name, &[])
            .await
            .is(409, "role_exists");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nobody_defines_a_role_beyond_their_own_permissions(pool: PgPool) {
    let auth = Auth::new(pool);
    let manager = auth.manager("mia").await;
    let own = auth
        .create_role(&manager, "reader", &["orders:read:own", "roles:read"])
        .await;
    assert_eq!(own.status, 201, "{}", own.body);
    for permission in [
        "payments:refund",
        "orders:list",
        "orders:create:own",
        "users:delete",
    ] {
        let refused = auth
            .create_role(&manager, "more", &["orders:read", permission])
            .await;
        refused.is(403, "forbidden");
        assert!(
            refused.text("/detail").contains(permission),
            "{}",
            refused.body
        );
    }
    // An administrator grants also what only buyers and sellers do.
    let admin = auth.admin("ada").await;
    let shop = auth
        .create_role(
            &admin,
            "shop",
            &["orders:create:own", "vendor_orders:list:own"],
        )
        .await;
    assert_eq!(shop.status, 201, "{}", shop.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_shop_has_at_most_two_hundred_custom_roles(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let admin = auth.admin("ada").await;
    sqlx::query("INSERT INTO roles (name, description, permissions) SELECT 'role-' || n, '', '{}' FROM generate_series(1, 199) n")
        .execute(&pool)
        .await
        .unwrap();
    // Of two at the same time, one is too many.
    let (one, two) = tokio::join!(
        auth.create_role(&admin, "one", &[]),
        auth.create_role(&admin, "two", &[])
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    auth.create_role(&admin, "three", &[])
        .await
        .is(409, "too_many_roles");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_writers_of_roles_create_one(pool: PgPool) {
    let auth = Auth::new(pool);
    let guest = request("POST", ROLES, None, Some(&body("support")));
    auth.send(guest).await.is(401, "token_missing");
    let ann = auth.person("ann", &["customer", "vendor"]).await;
    auth.create_role(&ann, "support", &[])
        .await
        .is(403, "forbidden");
    auth.role("reader", &["roles:read"]).await;
    let reader = auth.person("rea", &["reader"]).await;
    auth.create_role(&reader, "support", &[])
        .await
        .is(403, "forbidden");
}
