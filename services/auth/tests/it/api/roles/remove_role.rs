use auth::MIGRATOR;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{
    fixture::{Auth, request},
    staff::roles_of,
};

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_removed_role_is_gone_from_the_next_token_and_older_ones_end(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    auth.role("support", &["roles:read"]).await;
    let sue = auth.person("sue", &["customer", "support"]).await;
    assert_eq!(auth.get("/api/v1/roles", sue.access()).await.status, 200);
    assert_eq!(auth.remove(&admin, &sue, "support").await.status, 204);
    auth.get("/api/v1/roles", sue.access())
        .await
        .is(401, "token_expired");
    let next = auth.refresh(sue.refresh()).await;
    assert_eq!(next.claims()["roles"], json!(["customer"]));
    auth.get("/api/v1/roles", next.access())
        .await
        .is(403, "forbidden");
    auth.remove(&admin, &sue, "support")
        .await
        .is(404, "not_found");
    let entries = auth.audited().await;
    let expected = [admin.user(), "user.role_removed", sue.user()].map(ToOwned::to_owned);
    assert_eq!(entries.len(), 1);
    assert_eq!(
        [&entries[0].0, &entries[0].1, &entries[0].2],
        expected.each_ref()
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_manager_of_roles_takes_none_from_those_who_may_do_more(pool: PgPool) {
    let auth = Auth::new(pool);
    let manager = auth.manager("mia").await;
    let ben = auth.person("ben", &["admin", "customer"]).await;
    let ann = auth.person("ann", &["vendor", "customer"]).await;
    auth.remove(&manager, &ben, "admin")
        .await
        .is(403, "forbidden");
    auth.remove(&manager, &ben, "customer")
        .await
        .is(403, "forbidden");
    assert_eq!(auth.get("/api/v1/roles", ben.access()).await.status, 200);
    assert_eq!(auth.remove(&manager, &ann, "vendor").await.status, 204);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_user_keeps_at_least_one_role(pool: PgPool) {
    let auth = Auth::new(pool);
    let (admin, ann) = (auth.admin("ada").await, auth.customer("ann").await);
    auth.remove(&admin, &ann, "customer")
        .await
        .is(409, "last_role");
    auth.assign(&admin, &ann, "vendor").await;
    // Of two at the same time, one role stays.
    let (one, two) = tokio::join!(
        auth.remove(&admin, &ann, "customer"),
        auth.remove(&admin, &ann, "vendor")
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_last_active_admin_stays_one(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let admin = auth.person("ada", &["admin", "customer"]).await;
    auth.remove(&admin, &admin, "admin")
        .await
        .is(409, "last_admin");
    // A suspended one does not count.
    let other = auth.person("ben", &["admin", "customer"]).await;
    sqlx::query("UPDATE users SET status = 'suspended' WHERE username = 'ben'")
        .execute(&pool)
        .await
        .unwrap();
    auth.remove(&admin, &admin, "admin")
        .await
        .is(409, "last_admin");
    assert_eq!(auth.remove(&admin, &other, "admin").await.status, 204);
    let third = auth.person("cat", &["admin", "customer"]).await;
    assert_eq!(auth.remove(&admin, &admin, "admin").await.status, 204);
    auth.remove(&third, &third, "admin")
        .await
        .is(409, "last_admin");
    assert_eq!(auth.remove(&third, &third, "customer").await.status, 204);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn two_admins_cannot_remove_each_other(pool: PgPool) {
    let auth = Auth::new(pool);
    for round in 0..8 {
        let names = [format!("one{round}"), format!("two{round}")];
        let one = auth.person(&names[0], &["admin", "customer"]).await;
        let two = auth.person(&names[1], &["admin", "customer"]).await;
        let (by_one, by_two) = tokio::join!(
            auth.remove(&one, &two, "admin"),
            auth.remove(&two, &one, "admin")
        );
        let mut statuses = [by_one.status, by_two.status];
        statuses.sort_unstable();
        // The second one is refused as the last, or has lost the permission before.
        assert!(matches!(statuses, [204, 401 | 403 | 409]), "{statuses:?}");
        let admins: i64 =
            sqlx::query_scalar("SELECT count(*) FROM user_roles WHERE role = 'admin'")
                .fetch_one(auth.app.pool.sessions())
                .await
                .unwrap();
        assert_eq!(admins, 1);
        sqlx::query("UPDATE users SET roles = '{customer}'")
            .execute(auth.app.pool.sessions())
            .await
            .unwrap();
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_unknown_user_or_role_is_not_found(pool: PgPool) {
    let auth = Auth::new(pool);
    let (admin, ann) = (auth.admin("ada").await, auth.customer("ann").await);
    for path in [
        format!("{}/vendor", roles_of(&ann)),
        format!("{}/none", roles_of(&ann)),
        format!("{}/%00", roles_of(&ann)),
        format!("{}/Customer", roles_of(&ann)),
        "/api/v1/users/usr_01932c5e-7d2a-7c3e-9f00-0242ac120002/roles/admin".to_owned(),
        "/api/v1/users/ann/roles/customer".to_owned(),
    ] {
        auth.call("DELETE", &path, &admin, None)
            .await
            .is(404, "not_found");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_who_assigns_roles_removes_them(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.person("ann", &["customer", "vendor"]).await;
    let guest = request("DELETE", &format!("{}/vendor", roles_of(&ann)), None, None);
    auth.send(guest).await.is(401, "token_missing");
    auth.remove(&ann, &ann, "vendor").await.is(403, "forbidden");
}
