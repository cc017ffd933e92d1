use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, FIREFOX, PASSWORD, request};

const PATH: &str = "/api/v1/auth/sessions";

/// The values of this member in a page.
fn each<'a>(page: &'a Answer, member: &str) -> Vec<&'a Value> {
    assert_eq!(page.status, 200, "{}", page.body);
    let rows = page.body["data"].as_array().unwrap().iter();
    rows.map(|row| &row[member]).collect()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn sessions_are_listed_with_device_and_network_the_newest_first(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.customer("ben").await;
    let unnamed = auth.customer("ann").await;
    let firefox = auth.log_in_by(FIREFOX, "ann", json!({})).await;
    let page = auth.get(PATH, firefox.access()).await;
    assert_eq!(
        each(&page, "device_name"),
        [&json!("Firefox on Linux"), &json!(null)]
    );
    assert_eq!(each(&page, "address"), ["10.42.0.0/24", "10.42.0.0/24"]);
    assert_eq!(each(&page, "current"), [true, false]);
    let validated = auth.get("/api/v1/auth/validate", firefox.access()).await;
    assert_eq!(each(&page, "id")[0], &validated.body["session_id"]);
    let page = auth.get(PATH, unnamed.access()).await;
    assert_eq!(each(&page, "current"), [false, true]);
    for row in page.body["data"].as_array().unwrap() {
        let members = row.as_object().unwrap();
        assert_eq!(members.len(), 7, "{row}");
        assert_eq!(row["last_used_at"], row["created_at"]);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_refresh_is_a_use_from_its_own_address_by_the_same_device(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    auth.customer("ann").await;
    let session = auth.log_in_by(FIREFOX, "ann", json!({})).await;
    sqlx::query("UPDATE sessions SET last_used_at = '2026-01-01Z', expires_at = expires_at - interval '1 hour'")
        .execute(&pool)
        .await
        .unwrap();
    let before = auth.get(PATH, session.access()).await;
    let body = json!({ "refresh_token": session.refresh() });
    let refreshed = auth
        .post_from("2001:db8:1:2:3:4:5:6", "/api/v1/auth/refresh", &body)
        .await;
    let after = auth.get(PATH, refreshed.access()).await;
    assert_eq!(each(&after, "address"), ["2001:db8:1::/48", "10.42.0.0/24"]);
    assert_eq!(
        each(&before, "device_name"),
        each(&after, "device_name"),
        "the device is the one of the login"
    );
    for member in ["last_used_at", "expires_at"] {
        let (before, after) = (each(&before, member), each(&after, member));
        assert!(before[0].as_str() < after[0].as_str(), "{member}");
        assert_eq!(before[1], after[1], "{member} of the other session");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn sessions_that_ended_or_expired_are_not_listed(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let expired = auth.customer("ann").await;
    sqlx::query("UPDATE sessions SET expires_at = now()")
        .execute(&pool)
        .await
        .unwrap();
    let ended = auth.log_in("ann", PASSWORD).await;
    let log_out = request("POST", "/api/v1/auth/logout", Some(ended.access()), None);
    assert_eq!(auth.send(log_out).await.status, 204);
    let live = auth.log_in("ann", PASSWORD).await;
    let path = format!("{PATH}?include_total=true");
    let page = auth.get(&path, live.access()).await;
    assert_eq!(each(&page, "current"), [true]);
    assert_eq!(
        page.body["page"]["total"],
        json!({ "value": 1, "relation": "eq" })
    );
    assert_eq!(expired.status, 201);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_list_is_walked_in_pages(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.customer("ann").await;
    for _ in 0..3 {
        auth.log_in("ann", PASSWORD).await;
    }
    let last = auth.log_in("ann", PASSWORD).await;
    let all = auth.get(PATH, last.access()).await;
    let mut walked = Vec::new();
    let mut path = format!("{PATH}?limit=2");
    loop {
        let page = auth.get(&path, last.access()).await;
        walked.extend(each(&page, "id").into_iter().cloned());
        let Some(cursor) = page.body["page"]["next_cursor"].as_str() else {
            break;
        };
        path = format!("{PATH}?limit=2&cursor={cursor}");
    }
    assert_eq!(walked.iter().collect::<Vec<_>>(), each(&all, "id"));
    let second = auth
        .get(&format!("{PATH}?limit=2&page=2"), last.access())
        .await;
    assert_eq!(each(&second, "id"), each(&all, "id")[2..4]);
    for (query, pointer) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("cursor=nonsense", "cursor"),
        ("user_id=usr_1", ""),
    ] {
        let refused = auth.get(&format!("{PATH}?{query}"), last.access()).await;
        refused.is_invalid(pointer);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn sessions_of_the_release_before_are_listed(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let session = auth.customer("ann").await;
    sqlx::query("UPDATE sessions SET device_name = NULL, address = NULL, last_used_at = NULL")
        .execute(&pool)
        .await
        .unwrap();
    let page = auth.get(PATH, session.access()).await;
    assert_eq!(each(&page, "address"), [&json!(null)]);
    assert_eq!(each(&page, "last_used_at"), each(&page, "created_at"));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_a_caller_with_a_live_session_reads_the_list(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.send(request("GET", PATH, None, None))
        .await
        .is(401, "token_missing");
    let session = auth.customer("ann").await;
    let log_out = request("POST", "/api/v1/auth/logout", Some(session.access()), None);
    assert_eq!(auth.send(log_out).await.status, 204);
    auth.get(PATH, session.access())
        .await
        .is(401, "session_ended");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn no_exact_address_can_be_stored(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    auth.customer("ann").await;
    for address in ["203.0.113.9", "203.0.113.0/25", "2001:db8::/64"] {
        let stored = sqlx::query("UPDATE sessions SET address = $1::text::cidr")
            .bind(address)
            .execute(&pool)
            .await;
        let error = stored.unwrap_err();
        assert_eq!(
            error.as_database_error().unwrap().constraint(),
            Some("sessions_address_check"),
            "{address}"
        );
    }
}
