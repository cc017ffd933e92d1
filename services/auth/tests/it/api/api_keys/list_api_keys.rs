use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{PATH, bare, key, revoke, run};
use crate::support::fixture::{Answer, Auth, request};

const OWN: &str = "api_keys:read:own";

fn ids(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let data = answer.body["data"].as_array().unwrap().iter();
    data.map(|key| key["id"].as_str().unwrap()).collect()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn users_see_their_own_keys_newest_first_page_by_page(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    assert_eq!(ids(&auth.get(PATH, ann.access()).await), Vec::<&str>::new());
    let (first, second) = (
        key(&auth, ann.access(), &[OWN]).await,
        key(&auth, ann.access(), &[OWN]).await,
    );
    key(&auth, ben.access(), &[OWN]).await;
    let third = key(&auth, ann.access(), &[OWN]).await;

    let page = format!("{PATH}?limit=2&include_total=true");
    let newest = auth.get(&page, ann.access()).await;
    assert_eq!(ids(&newest), [third.text("/id"), second.text("/id")]);
    assert_eq!(
        newest.body["page"]["total"],
        json!({ "value": 3, "relation": "eq" })
    );
    let next = format!("{PATH}?limit=2&cursor={}", newest.text("/page/next_cursor"));
    let oldest = auth.get(&next, ann.access()).await;
    assert_eq!(ids(&oldest), [first.text("/id")]);
    assert_eq!(oldest.body["page"]["has_more"], json!(false));
    let second_page = auth
        .get(&format!("{PATH}?limit=2&page=2"), ann.access())
        .await;
    assert_eq!(ids(&second_page), [first.text("/id")]);
    // A cursor is of one user's list.
    auth.get(&next, ben.access()).await.is_invalid("cursor");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_status_tells_revoked_and_expired_keys(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let (revoked, expired) = (
        key(&auth, ann.access(), &[OWN]).await,
        key(&auth, ann.access(), &[OWN]).await,
    );
    key(&auth, ann.access(), &[OWN]).await;
    revoke(&auth, ann.access(), revoked.text("/id")).await;
    let statement = format!(
        "UPDATE api_keys SET created_at = now() - interval '2 days', expires_at = now() - interval '1 second'
         WHERE id = '{}'",
        bare(expired.text("/id"))
    );
    run(&pool, &statement).await;
    let listed = auth.get(PATH, ann.access()).await;
    let data = listed.body["data"].as_array().unwrap().iter();
    let statuses: Vec<_> = data.map(|key| key["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["active", "expired", "revoked"]);
    assert!(listed.body["data"][2]["revoked_at"].is_string());
    assert_eq!(listed.body["data"][1]["revoked_at"], Value::Null);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_an_admin_sees_the_keys_of_others(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let of_ann = key(&auth, ann.access(), &[OWN]).await;
    let of_ben = key(&auth, ben.access(), &[OWN]).await;
    let of = |user: &Answer| format!("{PATH}?user={}", user.user());
    assert_eq!(
        ids(&auth.get(&of(&ann), ann.access()).await),
        [of_ann.text("/id")]
    );
    auth.get(&of(&ben), ann.access()).await.is(403, "forbidden");
    let unknown = format!("{PATH}?user=usr_01932c5e-7d2a-7c3e-9f00-0242ac120002");
    auth.get(&unknown, ann.access()).await.is(403, "forbidden");

    let root = auth.admin("boss").await;
    let all = format!("{PATH}?include_total=true");
    let all = auth.get(&all, root.access()).await;
    assert_eq!(ids(&all), [of_ben.text("/id"), of_ann.text("/id")]);
    assert_eq!(all.body["page"]["total"]["value"], json!(2));
    assert_eq!(
        ids(&auth.get(&of(&ben), root.access()).await),
        [of_ben.text("/id")]
    );
    assert_eq!(
        ids(&auth.get(&unknown, root.access()).await),
        Vec::<&str>::new()
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn bad_queries_are_invalid(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    for query in [
        "user=me",
        "user=key_01932c5e-7d2a-7c3e-9f00-0242ac120002",
        "user=%00",
        "name=a",
        "limit=0",
        "limit=101",
        "cursor=nonsense",
        "page=0",
        "status=active",
    ] {
        let answer = auth.get(&format!("{PATH}?{query}"), ann.access()).await;
        assert_eq!(answer.status, 422, "{query}: {}", answer.body);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_caller_without_a_live_session_sees_nothing(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    auth.send(request("GET", PATH, None, None))
        .await
        .is(401, "token_missing");
    let root = auth.admin("boss").await;
    assert_eq!(auth.get(PATH, root.access()).await.status, 200);
    run(&pool, "UPDATE users SET status = 'suspended'").await;
    auth.get(PATH, root.access()).await.is(401, "session_ended");
    run(&pool, "UPDATE users SET status = 'active'").await;
    // Suspension has raised the epoch.
    auth.get(PATH, root.access()).await.is(401, "token_expired");
    let root = auth.log_in("boss", crate::support::fixture::PASSWORD).await;
    run(
        &pool,
        "UPDATE sessions SET ended_at = now(), end_reason = 'logout'",
    )
    .await;
    auth.get(PATH, root.access()).await.is(401, "session_ended");
}
