use access::{Permissions, Role};
use auth::MIGRATOR;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{
    fixture::{Auth, request},
    staff::roles_of,
};

const PROFILE: &str = "/api/v1/auth/profile";

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_assigned_role_is_in_the_next_token_and_older_ones_end(pool: PgPool) {
    let auth = Auth::new(pool);
    let (admin, ann) = (auth.admin("ada").await, auth.customer("ann").await);
    auth.create_role(&admin, "support", &["payments:refund", "roles:read"])
        .await;
    let answer = auth.assign(&admin, &ann, "support").await;
    assert_eq!((answer.status, answer.text("/name")), (200, "support"));
    let next = auth.refresh(ann.refresh()).await;
    assert_eq!(next.claims()["roles"], json!(["customer", "support"]));
    assert_eq!(
        (&ann.claims()["epoch"], &next.claims()["epoch"]),
        (&json!(0), &json!(1))
    );
    let customer = Permissions::of_role(Role::Customer);
    let both = customer.union(Permissions::of_scope("payments:refund roles:read"));
    assert_eq!(next.permissions(), both);
    assert_eq!(next.body["user"]["roles"], json!(["customer", "support"]));
    assert_eq!(
        auth.get(PROFILE, next.access()).await.body["roles"],
        json!(["customer", "support"])
    );
    assert_eq!(auth.get("/api/v1/roles", next.access()).await.status, 200);
    let entry = auth.audited().await.pop().unwrap();
    let expected = [admin.user(), "user.role_assigned", ann.user()].map(ToOwned::to_owned);
    assert_eq!([entry.0, entry.1, entry.2], expected);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_assignment_is_idempotent(pool: PgPool) {
    let auth = Auth::new(pool);
    let (admin, ann) = (auth.admin("ada").await, auth.customer("ann").await);
    assert_eq!(auth.assign(&admin, &ann, "vendor").await.status, 200);
    let next = auth.refresh(ann.refresh()).await;
    // At once as well: the row of the user is locked.
    let (one, two) = tokio::join!(
        auth.assign(&admin, &ann, "vendor"),
        auth.assign(&admin, &ann, "vendor")
    );
    assert_eq!((one.status, two.status), (200, 200));
    assert_eq!(auth.audited().await.len(), 1);
    let again = auth.refresh(next.refresh()).await;
    assert_eq!(again.claims()["epoch"], next.claims()["epoch"]);
    assert_eq!(again.claims()["roles"], json!(["customer", "vendor"]));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_unknown_user_or_role_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let (admin, ann) = (auth.admin("ada").await, auth.customer("ann").await);
    for role in ["none", "seller", "buyer"] {
        let refused = auth.assign(&admin, &ann, role).await;
        refused.is_invalid("/role");
        assert_eq!(refused.text("/errors/0/code"), "unknown_role");
    }
    let path = roles_of(&ann);
    for body in [
        json!({ "role": "Admin" }),
        json!({ "role": null }),
        json!({ "role": ["vendor"] }),
    ] {
        auth.call("POST", &path, &admin, Some(&body))
            .await
            .is_invalid("/role");
    }
    let more = json!({ "role": "vendor", "until": "2027-01-01" });
    auth.call("POST", &path, &admin, Some(&more))
        .await
        .is_invalid("/until");
    let body = json!({ "role": "vendor" });
    let nobody = "/api/v1/users/usr_01932c5e-7d2a-7c3e-9f00-0242ac120002/roles";
    auth.call("POST", nobody, &admin, Some(&body))
        .await
        .is(404, "not_found");
    // The caller may be addressed as `me`.
    let own = auth
        .call("POST", "/api/v1/users/me/roles", &admin, Some(&body))
        .await;
    assert_eq!(own.status, 200, "{}", own.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_manager_assigns_no_more_than_they_hold(pool: PgPool) {
    let auth = Auth::new(pool);
    let manager = auth.manager("mia").await;
    let ann = auth.customer("ann").await;
    auth.role("reader", &["orders:read"]).await;
    auth.role("refunds", &["orders:read", "payments:refund"])
        .await;
    assert_eq!(auth.assign(&manager, &ann, "reader").await.status, 200);
    assert_eq!(auth.assign(&manager, &ann, "manager").await.status, 200);
    for (role, permission) in [
        ("refunds", "payments:refund"),
        ("admin", "orders:list"),
        ("vendor", "orders:set_status:own"),
    ] {
        for user in [&ann, &manager] {
            let refused = auth.assign(&manager, user, role).await;
            refused.is(403, "forbidden");
            assert!(
                refused.text("/detail").contains(permission),
                "{}",
                refused.body
            );
        }
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_manager_who_lost_the_role_assigns_nothing_more(pool: PgPool) {
    let auth = Auth::new(pool);
    let (admin, manager) = (auth.admin("ada").await, auth.manager("mia").await);
    let ann = auth.customer("ann").await;
    assert_eq!(auth.assign(&admin, &manager, "customer").await.status, 200);
    let manager = auth.refresh(manager.refresh()).await;
    assert_eq!(auth.remove(&admin, &manager, "manager").await.status, 204);
    auth.assign(&manager, &ann, "manager")
        .await
        .is(401, "token_expired");
    let manager = auth.refresh(manager.refresh()).await;
    auth.assign(&manager, &ann, "manager")
        .await
        .is(403, "forbidden");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_user_has_at_most_ten_roles(pool: PgPool) {
    let auth = Auth::new(pool);
    let (admin, ann) = (auth.admin("ada").await, auth.customer("ann").await);
    for number in 1..=10 {
        auth.role(&format!("role-{number}"), &[]).await;
    }
    for number in 1..=9 {
        let answer = auth.assign(&admin, &ann, &format!("role-{number}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let refused = auth.assign(&admin, &ann, "role-10").await;
    refused.is(409, "too_many_roles_of_user");
    assert_eq!(
        auth.assign(&admin, &ann, "role-9").await.status,
        200,
        "held already"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_custom_role_has_bounded_holders_and_its_change_reaches_all(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (admin, ann) = (auth.admin("ada").await, auth.customer("ann").await);
    auth.role("crowd", &["orders:read"]).await;
    sqlx::query(
        "INSERT INTO users (id, email, full_name, roles, password_hash)
         SELECT gen_random_uuid(), n || '@example.com', 'A', '{crowd}', '' FROM generate_series(1, 9999) n",
    )
    .execute(&pool)
    .await
    .unwrap();
    let ben = auth.customer("ben").await;
    // Of two at the same time, one is the ten thousandth.
    let (one, two) = tokio::join!(
        auth.assign(&admin, &ann, "crowd"),
        auth.assign(&admin, &ben, "crowd")
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let cat = auth.customer("cat").await;
    auth.assign(&admin, &cat, "crowd")
        .await
        .is(409, "role_full");
    let body = json!({ "permissions": [] });
    let changed = auth.patch_role(&admin, "crowd", "*", &body).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    let raised: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM users JOIN revocations ON user_id = users.id AND epoch = token_epoch
         WHERE 'crowd' = ANY (roles)",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(raised, 10_000);
    // Built-in roles have no such limit.
    assert_eq!(auth.assign(&admin, &cat, "vendor").await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_who_assigns_roles_does_so(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.person("ann", &["customer", "vendor"]).await;
    let body = json!({ "role": "vendor" });
    let guest = request("POST", &roles_of(&ann), None, Some(&body));
    auth.send(guest).await.is(401, "token_missing");
    for role in ["admin", "vendor", "none"] {
        auth.assign(&ann, &ann, role).await.is(403, "forbidden");
    }
    // To write roles is not to assign them.
    auth.role("writer", &["roles:write", "roles:read"]).await;
    let writer = auth.person("will", &["writer"]).await;
    auth.assign(&writer, &writer, "writer")
        .await
        .is(403, "forbidden");
}
