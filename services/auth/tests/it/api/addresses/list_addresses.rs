use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{OWN, added, berlin, london, with};
use crate::support::{
    fixture::Auth,
    people::{needs_a_live_session, of},
};

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_oldest_address_is_the_first(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let mut expected = Vec::new();
    for name in ["One", "Two", "Three"] {
        let address = added(&auth, &ann, &with(london(), "name", json!(name))).await;
        expected.push(address.text("/id").to_owned());
    }
    added(&auth, &ben, &berlin()).await;

    let mut seen = Vec::new();
    let mut path = format!("{OWN}?limit=2&include_total=true");
    loop {
        let page = auth.get(&path, ann.access()).await;
        assert_eq!(page.status, 200, "{}", page.body);
        assert_eq!(
            page.body["page"]["total"],
            json!({ "value": 3, "relation": "eq" })
        );
        let data = page.body["data"].as_array().unwrap();
        seen.extend(
            data.iter()
                .map(|address| address["id"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page.body["page"]["next_cursor"].as_str() else {
            break;
        };
        path = format!("{OWN}?limit=2&include_total=true&cursor={cursor}");
    }
    assert_eq!(seen, expected);
    let second = auth
        .get(&format!("{OWN}?limit=2&page=2"), ann.access())
        .await;
    assert_eq!(second.text("/data/0/name"), "Three");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_book_without_addresses_is_empty(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let page = auth.get(OWN, ann.access()).await;
    assert_eq!(
        page.body,
        json!({ "data": [], "page": { "limit": 20, "has_more": false } })
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_admin_lists_the_addresses_of_others_and_other_users_do_not(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let root = auth.admin("boss").await;
    let address = added(&auth, &ann, &berlin()).await;
    let path = of(&ann, "addresses");
    let page = auth.get(&path, root.access()).await;
    assert_eq!(page.body["data"], json!([address.body]));
    auth.get(&path, ben.access()).await.is(404, "not_found");
    let unknown = "/api/v1/users/usr_01932c5e-7d2a-7c3e-9f00-0242ac120002/addresses";
    for by in [&ben, &root] {
        auth.get(unknown, by.access()).await.is(404, "not_found");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_cursor_of_another_book_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    for _ in 0..2 {
        added(&auth, &ann, &berlin()).await;
    }
    let page = auth.get(&format!("{OWN}?limit=1"), ann.access()).await;
    let cursor = page.text("/page/next_cursor");
    let path = format!("{OWN}?limit=1&cursor={cursor}");
    assert_eq!(auth.get(&path, ann.access()).await.status, 200);
    auth.get(&path, ben.access()).await.is_invalid("cursor");
    for query in [
        "limit=0",
        "limit=101",
        "sort=name",
        "country=DE",
        "cursor=x",
    ] {
        let answer = auth.get(&format!("{OWN}?{query}"), ann.access()).await;
        assert_eq!(answer.status, 422, "{query}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_guest_and_an_ended_session_list_nothing(pool: PgPool) {
    needs_a_live_session(&Auth::new(pool), "GET", OWN, &Value::Null).await;
}
