use auth::MIGRATOR;
use sqlx::PgPool;

use crate::support::{
    fixture::{Answer, Auth, request},
    staff::ROLES,
};

async fn delete(auth: &Auth, by: &Answer, name: &str) -> Answer {
    auth.call("DELETE", &format!("{ROLES}/{name}"), by, None)
        .await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_role_without_holders_is_deleted(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    auth.create_role(&admin, "support", &["orders:read"]).await;
    assert_eq!(delete(&auth, &admin, "support").await.status, 204);
    delete(&auth, &admin, "support").await.is(404, "not_found");
    let last = auth.audited().await.pop().unwrap();
    assert_eq!(
        (last.1.as_str(), last.2.as_str()),
        ("role.deleted", "support")
    );
    // The name is free.
    assert_eq!(auth.create_role(&admin, "support", &[]).await.status, 201);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_role_in_use_stays(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    auth.create_role(&admin, "support", &[]).await;
    let sue = auth.person("sue", &["customer", "support"]).await;
    delete(&auth, &admin, "support")
        .await
        .is(409, "role_in_use");
    assert_eq!(auth.remove(&admin, &sue, "support").await.status, 204);
    assert_eq!(delete(&auth, &admin, "support").await.status, 204);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_role_that_is_being_assigned_is_either_deleted_or_held(pool: PgPool) {
    let auth = Auth::new(pool);
    let (admin, sue) = (auth.admin("ada").await, auth.customer("sue").await);
    for round in 0..10 {
        let name = format!("role-{round}");
        auth.create_role(&admin, &name, &[]).await;
        let (assigned, deleted) = tokio::join!(
            auth.assign(&admin, &sue, &name),
            delete(&auth, &admin, &name)
        );
        match (assigned.status, deleted.status) {
            (200, 409) => assert_eq!(auth.remove(&admin, &sue, &name).await.status, 204),
            (422, 204) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_built_in_role_is_not_deleted(pool: PgPool) {
    let auth = Auth::new(pool);
    let admin = auth.admin("ada").await;
    for name in ["customer", "vendor", "admin"] {
        delete(&auth, &admin, name).await.is(409, "role_built_in");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_writers_of_roles_delete_one(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.role("support", &[]).await;
    let guest = request("DELETE", &format!("{ROLES}/support"), None, None);
    auth.send(guest).await.is(401, "token_missing");
    let ann = auth.customer("ann").await;
    delete(&auth, &ann, "support").await.is(403, "forbidden");
}
