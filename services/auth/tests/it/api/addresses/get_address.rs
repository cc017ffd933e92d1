use auth::MIGRATOR;
use serde_json::Value;
use sqlx::PgPool;

use super::{OWN, added, berlin, own};
use crate::support::{
    fixture::Auth,
    people::{needs_a_live_session, of},
};

#[sqlx::test(migrator = "MIGRATOR")]
async fn its_owner_and_admins_read_an_address(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let root = auth.admin("boss").await;
    let address = added(&auth, &ann, &berlin()).await;
    let path = of(&ann, &format!("addresses/{}", address.text("/id")));
    for by in [&ann, &root] {
        let answer = auth.get(&path, by.access()).await;
        assert_eq!((answer.status, answer.header("etag")), (200, "\"1\""));
        assert_eq!(answer.body, address.body);
    }
    for path in [
        path,
        own(&address),
        of(&ben, &format!("addresses/{}", address.text("/id"))),
    ] {
        auth.get(&path, ben.access()).await.is(404, "not_found");
    }
    let elsewhere = of(&ben, &format!("addresses/{}", address.text("/id")));
    auth.get(&elsewhere, root.access())
        .await
        .is(404, "not_found");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_unknown_address_is_not_found(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    for id in [
        "adr_01932c5e-7d2a-7c3e-9f00-0242ac120002",
        "usr_01932c5e-7d2a-7c3e-9f00-0242ac120002",
        "1",
    ] {
        let path = format!("{OWN}/{id}");
        auth.get(&path, ann.access()).await.is(404, "not_found");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_guest_and_an_ended_session_read_nothing(pool: PgPool) {
    let path = format!("{OWN}/adr_01932c5e-7d2a-7c3e-9f00-0242ac120002");
    needs_a_live_session(&Auth::new(pool), "GET", &path, &Value::Null).await;
}
