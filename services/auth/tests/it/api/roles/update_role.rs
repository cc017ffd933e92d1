use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    fixture::{Answer, Auth, request},
    staff::ROLES,
};

async fn patch(auth: &Auth, by: &Answer, body: Value) -> Answer {
    auth.patch_role(by, "support", "*", &body).await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn absent_members_keep_their_values_and_the_version_rises(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    auth.create_role(&admin, "support", &["orders:read"]).await;
    let described = patch(&auth, &admin, json!({ "description": "Answers." })).await;
    assert_eq!((described.status, described.header("etag")), (200, "\"2\""));
    assert_eq!(described.body["permissions"], json!(["orders:read"]));
    let changed = patch(&auth, &admin, json!({ "permissions": ["orders:list"] })).await;
    assert_eq!(
        (changed.header("etag"), changed.text("/description")),
        ("\"3\"", "Answers.")
    );
    assert_eq!(changed.body["permissions"], json!(["orders:list"]));
    let actions: Vec<_> = auth
        .audited()
        .await
        .into_iter()
        .map(|entry| entry.1)
        .collect();
    assert_eq!(actions, ["role.created", "role.updated", "role.updated"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_patch_that_changes_nothing_leaves_no_trace(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    auth.create_role(&admin, "support", &["orders:read"]).await;
    let holder = auth.person("sue", &["support"]).await;
    for body in [
        json!({}),
        json!({ "permissions": ["orders:read"], "description": "" }),
    ] {
        let same = patch(&auth, &admin, body).await;
        assert_eq!((same.status, same.header("etag")), (200, "\"1\""));
    }
    assert_eq!(auth.audited().await.len(), 1, "the creation");
    let refreshed = auth.refresh(holder.refresh()).await;
    assert_eq!(refreshed.claims()["epoch"], holder.claims()["epoch"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_version_that_was_read_must_be_current(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    auth.create_role(&admin, "support", &[]).await;
    let body = json!({ "description": "Answers." });
    let without = auth
        .call("PATCH", &format!("{ROLES}/support"), &admin, Some(&body))
        .await;
    without.is(428, "if_match_required");
    let stale = auth.patch_role(&admin, "support", "\"7\"", &body).await;
    stale.is(412, "precondition_failed");
    let fresh = auth.patch_role(&admin, "support", "\"1\"", &body).await;
    assert_eq!(fresh.status, 200);
    // Of two who read the same version, one changes the role.
    let (one, other) = (
        json!({ "description": "One." }),
        json!({ "description": "Other." }),
    );
    let (one, other) = tokio::join!(
        auth.patch_role(&admin, "support", "\"2\"", &one),
        auth.patch_role(&admin, "support", "\"2\"", &other)
    );
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_change_of_permissions_ends_the_tokens_of_the_holders_only(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    auth.create_role(&admin, "support", &["roles:read"]).await;
    let holder = auth.person("sue", &["customer", "support"]).await;
    let other = auth.manager("mia").await;
    assert_eq!(auth.get(ROLES, holder.access()).await.status, 200);

    // A description matters to no token.
    patch(&auth, &admin, json!({ "description": "Reads." })).await;
    assert_eq!(auth.get(ROLES, holder.access()).await.status, 200);

    let changed = patch(&auth, &admin, json!({ "permissions": ["orders:read"] })).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    auth.get(ROLES, holder.access())
        .await
        .is(401, "token_expired");
    assert_eq!(auth.get(ROLES, other.access()).await.status, 200);
    let refreshed = auth.refresh(holder.refresh()).await;
    let scope = refreshed.permissions().to_string();
    assert!(
        scope.starts_with("orders:create:own orders:read "),
        "{scope}"
    );
    auth.get(ROLES, refreshed.access())
        .await
        .is(403, "forbidden");
    let told: i64 = sqlx::query_scalar("SELECT max(epoch) FROM revocations WHERE user_id = $1")
        .bind(uuid::Uuid::parse_str(holder.user().trim_start_matches("usr_")).unwrap())
        .fetch_one(auth.app.pool.sessions())
        .await
        .unwrap();
    assert_eq!(
        refreshed.claims()["epoch"],
        json!(told),
        "the other services are told"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_what_is_added_must_be_the_callers(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.role("support", &["payments:refund", "orders:read:own"])
        .await;
    let manager = auth.manager("mia").await;
    let more = json!({ "permissions": ["payments:refund", "payments:capture"] });
    let refused = patch(&auth, &manager, more).await;
    refused.is(403, "forbidden");
    assert!(refused.text("/detail").contains("payments:capture"));
    for kept in [
        json!(["payments:refund", "orders:read"]),
        json!(["payments:refund"]),
        json!([]),
    ] {
        let answer = patch(&auth, &manager, json!({ "permissions": kept })).await;
        assert_eq!(
            (answer.status, &answer.body["permissions"]),
            (200, &kept_in_order(&kept))
        );
    }
    // What was taken away is the manager's to give only if it is theirs.
    let again = patch(
        &auth,
        &manager,
        json!({ "permissions": ["payments:refund"] }),
    )
    .await;
    again.is(403, "forbidden");
}

/// As the table of permissions has them.
fn kept_in_order(permissions: &Value) -> Value {
    let mut permissions: Vec<String> = serde_json::from_value(permissions.clone()).unwrap();
    permissions.sort();
    json!(permissions)
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_built_in_role_does_not_change(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    for name in ["customer", "vendor", "admin"] {
        for body in [json!({ "permissions": [] }), json!({ "description": "x" })] {
            let refused = auth.patch_role(&admin, name, "*", &body).await;
            refused.is(409, "role_built_in");
        }
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_invalid_patch_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    auth.create_role(&admin, "support", &[]).await;
    for (body, pointer) in [
        (json!({ "name": "other" }), "/name"),
        (json!({ "built_in": true }), "/built_in"),
        (json!({ "version": 7 }), "/version"),
        (json!({ "description": null }), "/description"),
        (json!({ "description": "a\u{202e}b" }), "/description"),
        (json!({ "permissions": null }), "/permissions"),
        (
            json!({ "permissions": ["orders:read:any"] }),
            "/permissions/0",
        ),
        (json!(["orders:read"]), ""),
    ] {
        patch(&auth, &admin, body).await.is_invalid(pointer);
    }
    let missing = auth.patch_role(&admin, "none", "*", &json!({})).await;
    missing.is(404, "not_found");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_writers_of_roles_change_one(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.role("support", &[]).await;
    let path = format!("{ROLES}/support");
    let guest = request("PATCH", &path, None, Some(&json!({})));
    auth.send(guest).await.is(401, "token_missing");
    let ann = auth.customer("ann").await;
    patch(&auth, &ann, json!({})).await.is(403, "forbidden");
    // One who has the role does not change it by that.
    let sue = auth.person("sue", &["support"]).await;
    patch(&auth, &sue, json!({ "permissions": ["roles:write"] }))
        .await
        .is(403, "forbidden");
}
