use auth::MIGRATOR;
use serde_json::Value;
use sqlx::PgPool;

use super::{OWN, added, berlin, defaults, london, own};
use crate::support::{
    fixture::Auth,
    people::{needs_a_live_session, of, send, send_if},
};

const NOTHING: Value = Value::Null;

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_deleted_default_leaves_none(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let (one, two) = (
        added(&auth, &ann, &london()).await,
        added(&auth, &ann, &berlin()).await,
    );
    let deleted = send(&auth, "DELETE", &own(&one), &ann, &NOTHING).await;
    assert_eq!((deleted.status, deleted.body), (204, Value::Null));
    auth.get(&own(&one), ann.access())
        .await
        .is(404, "not_found");
    send(&auth, "DELETE", &own(&one), &ann, &NOTHING)
        .await
        .is(404, "not_found");
    let left = auth.get(&own(&two), ann.access()).await;
    assert_eq!(defaults(&left.body), (false, false));
    let third = added(&auth, &ann, &berlin()).await;
    assert_eq!(
        defaults(&third.body),
        (false, false),
        "the book was not empty"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_stale_version_deletes_nothing(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let path = own(&added(&auth, &ann, &berlin()).await);
    let delete = async |tag| send_if(&auth, ("DELETE", &path), &ann, &NOTHING, tag).await;
    delete("\"2\"").await.is(412, "precondition_failed");
    assert_eq!(delete("\"1\"").await.status, 204);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_the_owner_deletes_an_address(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let root = auth.admin("boss").await;
    let address = added(&auth, &ann, &berlin()).await;
    let path = of(&ann, &format!("addresses/{}", address.text("/id")));
    for (path, by) in [(&path, &ben), (&own(&address), &ben)] {
        send(&auth, "DELETE", path, by, &NOTHING)
            .await
            .is(404, "not_found");
    }
    send(&auth, "DELETE", &path, &root, &NOTHING)
        .await
        .is(403, "forbidden");
    assert_eq!(auth.get(&path, ann.access()).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_guest_and_an_ended_session_delete_nothing(pool: PgPool) {
    let path = format!("{OWN}/adr_01932c5e-7d2a-7c3e-9f00-0242ac120002");
    needs_a_live_session(&Auth::new(pool), "DELETE", &path, &NOTHING).await;
}
