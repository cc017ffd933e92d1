use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use super::{PATH, bare, count, exchange, key, revoke, run};
use crate::support::fixture::{Auth, request};

const OWN: &str = "api_keys:read:own";

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_owner_revokes_a_key_and_no_other(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let (gone, other) = (
        key(&auth, ann.access(), &[OWN]).await,
        key(&auth, ann.access(), &[OWN]).await,
    );
    let id = gone.text("/id");
    let answer = revoke(&auth, ann.access(), id).await;
    assert_eq!((answer.status, answer.body), (204, Value::Null));
    let again = revoke(&auth, ann.access(), bare(id)).await;
    assert_eq!(again.status, 204, "again is fine, by the bare id too");
    exchange(&auth, gone.text("/key"))
        .await
        .is(401, "api_key_invalid");
    assert_eq!(exchange(&auth, other.text("/key")).await.status, 200);
    let revoked = format!("revocations WHERE session_id = '{}'", bare(id));
    assert_eq!(count(&pool, &revoked).await, 1);
    assert_eq!(count(&pool, "audit_log").await, 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn foreign_and_unknown_keys_are_not_found(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let of_ann = key(&auth, ann.access(), &[OWN]).await;
    for id in [
        of_ann.text("/id"),
        "key_01932c5e-7d2a-7c3e-9f00-0242ac120002",
        "usr_01932c5e-7d2a-7c3e-9f00-0242ac120002",
        "nonsense",
        "%00",
    ] {
        revoke(&auth, ben.access(), id).await.is(404, "not_found");
    }
    assert_eq!(exchange(&auth, of_ann.text("/key")).await.status, 200);
    let path = format!("{PATH}/{}", of_ann.text("/id"));
    auth.send(request("DELETE", &path, None, None))
        .await
        .is(401, "token_missing");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_revocation_by_an_admin_is_in_the_audit_log(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let root = auth.admin("boss").await;
    let of_ann = key(&auth, ann.access(), &[OWN]).await;
    let id = of_ann.text("/id");
    for _ in 0..2 {
        assert_eq!(revoke(&auth, root.access(), id).await.status, 204);
    }
    exchange(&auth, of_ann.text("/key"))
        .await
        .is(401, "api_key_invalid");
    let entries: Vec<(Uuid, Uuid, String, String, Value)> =
        sqlx::query_as("SELECT actor_id, session_id, action, target, data FROM audit_log")
            .fetch_all(&pool)
            .await
            .unwrap();
    let session = root.claims()["sid"].clone();
    assert_eq!(
        entries,
        [(
            bare(root.user()).parse().unwrap(),
            serde_json::from_value(session).unwrap(),
            "api_key.revoked".to_owned(),
            id.to_owned(),
            json!({ "user_id": ann.user() }),
        )]
    );
    // The own key of an admin is the admin's own affair.
    let own = key(&auth, root.access(), &["users:list"]).await;
    revoke(&auth, root.access(), own.text("/id")).await;
    assert_eq!(count(&pool, "audit_log").await, 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn concurrent_revocations_are_one(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let root = auth.admin("boss").await;
    let of_ann = key(&auth, ann.access(), &[OWN]).await;
    let by = |token| revoke(&auth, token, of_ann.text("/id"));
    let (one, two, three) = tokio::join!(by(root.access()), by(root.access()), by(root.access()));
    assert_eq!([one.status, two.status, three.status], [204; 3]);
    assert_eq!(count(&pool, "audit_log").await, 1);
    let revoked = format!(
        "revocations WHERE session_id = '{}'",
        bare(of_ann.text("/id"))
    );
    assert_eq!(count(&pool, &revoked).await, 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_key_may_revoke_itself_if_it_has_the_permission(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let reader = key(&auth, ann.access(), &[OWN]).await;
    let token = exchange(&auth, reader.text("/key")).await;
    revoke(&auth, token.access(), reader.text("/id"))
        .await
        .is(403, "forbidden");
    let writer = key(&auth, ann.access(), &["api_keys:write:own"]).await;
    let token = exchange(&auth, writer.text("/key")).await;
    let id = writer.text("/id");
    assert_eq!(revoke(&auth, token.access(), id).await.status, 204);
    revoke(&auth, token.access(), id)
        .await
        .is(401, "session_ended");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn keys_of_a_deleted_user_are_in_the_feed(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let (live, revoked) = (
        key(&auth, ann.access(), &[OWN]).await,
        key(&auth, ann.access(), &[OWN]).await,
    );
    revoke(&auth, ann.access(), revoked.text("/id")).await;
    run(&pool, "DELETE FROM users").await;
    for key in [&live, &revoked] {
        let told = format!("revocations WHERE session_id = '{}'", bare(key.text("/id")));
        assert_eq!(count(&pool, &told).await, 1);
    }
}
