use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, request};

const PATH: &str = "/api/v1/admin/audit-log";

async fn act(auth: &Auth, admin: &Answer, user: &Answer, action: &str) {
    let path = format!("/api/v1/users/{}/{action}", user.text("/user/id"));
    let done = auth
        .send(request("POST", &path, Some(admin.access()), None))
        .await;
    assert_eq!(done.status, 200, "{}", done.body);
}

async fn list(auth: &Auth, admin: &Answer, query: &str) -> Vec<Value> {
    let answer = auth.get(&format!("{PATH}?{query}"), admin.access()).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    answer.body["data"].as_array().unwrap().clone()
}

fn actions(entries: &[Value]) -> Vec<&str> {
    let actions = entries.iter().map(|entry| entry["action"].as_str());
    actions.map(Option::unwrap).collect()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_entry_tells_who_did_what_to_whom(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    act(&auth, &root, &ann, "suspend").await;
    let entries = list(&auth, &root, "").await;
    let valid = auth.get("/api/v1/auth/validate", root.access()).await;
    let (id, at) = (&entries[0]["id"], &entries[0]["occurred_at"]);
    assert_eq!(
        entries,
        [json!({
            "id": id, "service": "auth", "occurred_at": at, "actor": root.body["user"]["id"],
            "session": valid.body["session_id"], "action": "user.suspended", "target": ann.body["user"]["id"], "data": {},
        })]
    );
    assert!(id.as_str().unwrap().starts_with("aud_"), "{id}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn entries_are_newest_first_and_every_filter_selects(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let (root, other) = (auth.admin("boss").await, auth.admin("otto").await);
    act(&auth, &root, &ann, "suspend").await;
    act(&auth, &other, &ann, "activate").await;
    act(&auth, &root, &ben, "suspend").await;
    let all = ["user.suspended", "user.activated", "user.suspended"];
    assert_eq!(actions(&list(&auth, &root, "").await), all);

    let id = |answer: &Answer| answer.text("/user/id").to_owned();
    let bare = id(&ann).replace("usr_", "");
    let by_root = ["user.suspended", "user.suspended"];
    let to_ann = ["user.activated", "user.suspended"];
    for (query, expected) in [
        (format!("actor={}", id(&root)), &by_root[..]),
        (format!("target={}", id(&ann)), &to_ann),
        (format!("target={bare}"), &to_ann),
        ("action=user.activated".to_owned(), &["user.activated"]),
        ("action=role.created".to_owned(), &[]),
        ("action=user.unknown".to_owned(), &[]),
        (
            format!("actor={}&target={}", id(&other), id(&ann)),
            &["user.activated"],
        ),
        (format!("actor={}&action=user.activated", id(&root)), &[]),
        (
            format!("target={}&action=user.suspended", id(&ben)),
            &["user.suspended"],
        ),
        ("target=support".to_owned(), &[]),
    ] {
        let found = list(&auth, &root, &query).await;
        assert_eq!(actions(&found), expected, "{query}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_period_begins_with_its_first_time_and_ends_before_its_last(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    for action in ["suspend", "activate", "suspend"] {
        act(&auth, &root, &ann, action).await;
    }
    let entries = list(&auth, &root, "").await;
    let at = |number: usize| entries[number]["occurred_at"].as_str().unwrap();
    for (query, expected) in [
        (format!("from={}", at(1)), &entries[..2]),
        (format!("to={}", at(1)), &entries[2..]),
        (format!("from={}&to={}", at(1), at(0)), &entries[1..2]),
        (format!("from={}&to={}", at(0), at(1)), &[]),
        ("from=2020-01-01T00:00:00Z".to_owned(), &entries[..]),
        ("to=2020-01-01T00:00:00Z".to_owned(), &[]),
        ("from=-200000-01-01T00:00:00Z".to_owned(), &entries[..]),
        ("from=%2B200000-01-01T00:00:00Z".to_owned(), &[]),
    ] {
        assert_eq!(list(&auth, &root, &query).await, expected, "{query}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_cursor_continues_the_same_list_only(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    for action in ["suspend", "activate", "suspend"] {
        act(&auth, &root, &ann, action).await;
    }
    let all = list(&auth, &root, "").await;
    let first = auth.get(&format!("{PATH}?limit=2"), root.access()).await;
    assert_eq!(first.body["data"].as_array().unwrap(), &all[..2]);
    let cursor = first.text("/page/next_cursor");
    let second = list(&auth, &root, &format!("limit=2&cursor={cursor}")).await;
    assert_eq!(second, all[2..]);
    assert_eq!(list(&auth, &root, "limit=2&page=2").await, all[2..]);
    let other = format!("{PATH}?cursor={cursor}&action=user.suspended");
    auth.get(&other, root.access()).await.is_invalid("cursor");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn invalid_parameters_and_other_callers_are_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    let long = format!("target={}", "a".repeat(101));
    for query in [
        "actor=ann",
        "actor=prd_01932c5e-7d2a-7c3e-9f00-0242ac120002",
        "action=user",
        "action=user.Suspended",
        "action=user.suspended.twice",
        "action=",
        "target=",
        "target=a%00",
        "target=a%E2%80%AE",
        &long,
        "from=yesterday",
        "service=shop",
        "service=",
        "service=auth&service=order",
        "include_total=true",
        "limit=0",
        "limit=101",
        "page=102&limit=100",
        "cursor=x",
    ] {
        let answer = auth.get(&format!("{PATH}?{query}"), root.access()).await;
        assert_eq!(answer.status, 422, "{query}: {}", answer.body);
    }
    auth.get(PATH, ann.access()).await.is(403, "forbidden");
    auth.send(request("GET", PATH, None, None))
        .await
        .is(401, "token_missing");
}
