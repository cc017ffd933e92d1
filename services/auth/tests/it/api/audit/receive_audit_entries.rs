use std::sync::Mutex;

use audit_log::{Backlog, Entry, Outbox, round};
use auth::MIGRATOR;
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{
    fixture::{Answer, Auth, request},
    neighbor::Internal,
};

const PATH: &str = "/internal/audit-entries";
const ACTOR: &str = "01932c5e-7d2a-7c3e-9f00-0242ac120002";
const SESSION: &str = "01932c5e-7d2a-7c3e-9f00-0242ac120003";

/// The id of a millisecond.
fn id_at(time: DateTime<Utc>) -> Uuid {
    let milliseconds = u128::try_from(time.timestamp_millis()).unwrap();
    let random = clock::Ids::system().uuid().as_u128() & ((1 << 62) - 1);
    Uuid::from_u128(milliseconds << 80 | 0x7 << 76 | 0b10 << 62 | random)
}

fn now() -> DateTime<Utc> {
    clock::Clock::system().now().trunc_subsecs(6)
}

/// An entry of some seconds ago.
fn entry(action: &str, target: &str, seconds: i64) -> Entry {
    let at = now() - TimeDelta::seconds(seconds);
    Entry {
        id: id_at(at),
        occurred_at: at,
        actor: ACTOR.parse().unwrap(),
        session: SESSION.parse().unwrap(),
        action: action.to_owned(),
        target: target.to_owned(),
        data: json!({ "fields": ["name"] }),
    }
}

async fn send(internal: &Internal, caller: &str, entries: &Value) -> Answer {
    let token = format!("token of {caller}");
    let body = json!({ "entries": entries });
    internal
        .send(request("POST", PATH, Some(&token), Some(&body)))
        .await
}

/// Service, action and target of all entries, the newest first.
async fn listed(auth: &Auth, admin: &Answer, query: &str) -> Vec<(String, String, String)> {
    let path = format!("/api/v1/admin/audit-log?{query}");
    let answer = auth.get(&path, admin.access()).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    let entries = answer.body["data"].as_array().unwrap().iter();
    entries
        .map(|entry| {
            (
                text(entry, "service"),
                text(entry, "action"),
                text(entry, "target"),
            )
        })
        .collect()
}

fn named(service: &str, action: &str, target: &str) -> (String, String, String) {
    (service.to_owned(), action.to_owned(), target.to_owned())
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn entries_of_all_services_are_listed_by_time_and_filtered(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    let internal = Internal::of(&auth);
    let suspend = format!("/api/v1/users/{}/suspend", ann.text("/user/id"));
    let suspended = request("POST", &suspend, Some(root.access()), None);
    assert_eq!(auth.send(suspended).await.status, 200);
    let order = format!("ord_{ACTOR}");
    let older = entry("order.cancelled", &order, 20);
    let newer = entry("product.updated", "MUG", 10);
    // What happened first arrives last.
    for (caller, entry) in [("product", &newer), ("order", &older)] {
        let sent = send(&internal, caller, &json!([entry])).await;
        assert_eq!(sent.status, 204, "{}", sent.body);
    }
    let of_auth = named("auth", "user.suspended", ann.text("/user/id"));
    let of_product = named("product", "product.updated", "MUG");
    let of_order = named("order", "order.cancelled", &order);
    let all = [of_auth.clone(), of_product.clone(), of_order.clone()];
    assert_eq!(listed(&auth, &root, "").await, all);
    for (query, expected) in [
        ("service=auth".to_owned(), vec![&of_auth]),
        ("service=order".to_owned(), vec![&of_order]),
        ("service=product".to_owned(), vec![&of_product]),
        ("action=order.cancelled".to_owned(), vec![&of_order]),
        ("action=order.cancelled&service=auth".to_owned(), vec![]),
        (format!("target={order}"), vec![&of_order]),
        (format!("actor={ACTOR}"), vec![&of_product, &of_order]),
        (format!("actor={ACTOR}&service=product"), vec![&of_product]),
    ] {
        let expected: Vec<_> = expected.into_iter().cloned().collect();
        assert_eq!(listed(&auth, &root, &query).await, expected, "{query}");
    }
    let path = "/api/v1/admin/audit-log?service=order";
    let body = auth.get(path, root.access()).await.body;
    assert_eq!(
        body["data"],
        json!([{
            "id": format!("aud_{}", older.id), "service": "order", "occurred_at": body["data"][0]["occurred_at"],
            "actor": format!("usr_{ACTOR}"), "session": format!("ses_{SESSION}"), "action": "order.cancelled",
            "target": order, "data": { "fields": ["name"] },
        }])
    );
    let at: DateTime<Utc> = body["data"][0]["occurred_at"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((at - older.occurred_at).abs() < TimeDelta::milliseconds(1));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_entry_that_is_sent_again_is_kept_once_and_as_it_was(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let internal = Internal::of(&auth);
    let first = entry("order.cancelled", "ord_1", 5);
    let other = Entry {
        action: "order.updated".to_owned(),
        ..first.clone()
    };
    for (caller, entries) in [
        ("order", json!([first, first])),
        ("order", json!([first])),
        ("order", json!([other])),
        ("product", json!([other])),
        ("order", json!([])),
    ] {
        assert_eq!(send(&internal, caller, &entries).await.status, 204);
    }
    let kept: Vec<(String, String)> = sqlx::query_as("SELECT service, action FROM audit_log")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(kept, [("order".to_owned(), "order.cancelled".to_owned())]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn one_service_cannot_write_as_another_and_strangers_not_at_all(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let internal = Internal::of(&auth);
    let mut claimed = json!(entry("order.cancelled", "ord_1", 5));
    claimed["service"] = json!("auth");
    let refused = send(&internal, "product", &json!([claimed])).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    let body = json!({ "entries": [], "service": "order" });
    let refused = request("POST", PATH, Some("token of product"), Some(&body));
    assert_eq!(internal.send(refused).await.status, 422);
    let body = json!({ "entries": [entry("order.cancelled", "ord_1", 5)] });
    for (token, code) in [
        (None, "token_missing"),
        (Some("token of stranger"), "token_invalid"),
    ] {
        let sent = internal.send(request("POST", PATH, token, Some(&body)));
        sent.await.is(401, code);
    }
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_log")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(rows, 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn entries_that_do_not_fit_are_refused_together(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let internal = Internal::of(&auth);
    let good = entry("order.cancelled", "ord_1", 5);
    let with = |name: &str, value: Value| {
        let mut entry = json!(good);
        entry[name] = value;
        entry
    };
    let long = now() - TimeDelta::hours(1);
    let mut deep = json!({});
    for _ in 0..70 {
        deep = json!({ "a": deep });
    }
    for bad in [
        with("action", json!("cancelled")),
        with("action", json!("order.Cancelled")),
        with("action", json!("order.cancelled.twice")),
        with("action", json!(format!("order.{}", "a".repeat(100)))),
        with("action", json!(".")),
        with("target", json!("")),
        with("target", json!("a\u{202E}b")),
        with("target", json!("a".repeat(101))),
        with("data", json!([])),
        with("data", Value::Null),
        with("data", json!({ "text": "a".repeat(4096) })),
        with("id", json!(Uuid::nil())),
        with("id", json!("aud_1")),
        with("id", json!(id_at(long))),
        with("occurred_at", json!(now() + TimeDelta::minutes(2))),
        with("occurred_at", json!("yesterday")),
        with("actor", Value::Null),
        with("session", Value::Null),
        json!({ "id": good.id }),
        Value::Null,
    ] {
        let refused = send(&internal, "order", &json!([good, bad])).await;
        assert_eq!(refused.status, 422, "{bad}: {}", refused.body);
        assert!(refused.body.to_string().contains("/entries/1"), "{bad}");
    }
    for entries in [
        json!(vec![&good; 101]),
        json!({}),
        Value::Null,
        json!([with("data", deep)]),
        json!([with("data", json!({ "a": "\0" }))]),
    ] {
        let refused = send(&internal, "order", &entries).await;
        assert!(matches!(refused.status, 400 | 422), "{}", refused.body);
    }
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_log")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(
        rows, 0,
        "the good neighbor waits for a batch without a bad one"
    );
}

/// What a service keeps, without a database.
#[derive(Default)]
struct Kept {
    due: Mutex<Vec<Entry>>,
    aside: Mutex<Vec<Uuid>>,
    /// Deliveries are not noted, as if the process ended before it.
    forgetful: bool,
}

impl Kept {
    fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        Self {
            due: Mutex::new(entries.into_iter().collect()),
            ..Self::default()
        }
    }

    fn left(&self) -> usize {
        self.due.lock().unwrap().len()
    }

    fn take(&self, ids: &[Uuid]) {
        let mut due = self.due.lock().unwrap();
        due.retain(|entry| !ids.contains(&entry.id));
    }
}

impl Outbox for Kept {
    async fn due(&self, count: i64) -> Result<Vec<Entry>, sqlx::Error> {
        let due = self.due.lock().unwrap();
        let count = usize::try_from(count).unwrap();
        Ok(due.iter().take(count).cloned().collect())
    }

    async fn remove(&self, ids: &[Uuid]) -> Result<(), sqlx::Error> {
        if !self.forgetful {
            self.take(ids);
        }
        Ok(())
    }

    async fn set_aside(&self, id: Uuid) -> Result<(), sqlx::Error> {
        self.take(&[id]);
        self.aside.lock().unwrap().push(id);
        Ok(())
    }

    async fn backlog(&self) -> Result<Backlog, sqlx::Error> {
        Ok(Backlog::default())
    }
}

async fn rows(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM audit_log WHERE service = 'order'")
        .fetch_one(pool)
        .await
        .unwrap()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_relay_sets_a_refused_entry_aside_and_delivers_its_neighbors(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let client = Internal::of(&auth).client().await;
    let mut entries: Vec<_> = (0..130)
        .map(|number| entry("order.cancelled", &format!("ord_{number}"), 5))
        .collect();
    entries[17].action = "cancelled".to_owned();
    let poisoned = entries[17].id;
    let kept = Kept::of(entries);
    assert_eq!(round(&client, &kept).await.unwrap(), 100);
    assert_eq!(round(&client, &kept).await.unwrap(), 30);
    assert_eq!(round(&client, &kept).await.unwrap(), 0);
    assert_eq!(*kept.aside.lock().unwrap(), [poisoned]);
    assert_eq!(rows(&pool).await, 129);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn two_relays_and_a_forgotten_delivery_leave_one_entry_each(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let client = Internal::of(&auth).client().await;
    let entries = (0..100).map(|number| entry("order.cancelled", &format!("ord_{number}"), 5));
    let kept = Kept {
        forgetful: true,
        ..Kept::of(entries)
    };
    for _ in 0..5 {
        let (one, two) = tokio::join!(round(&client, &kept), round(&client, &kept));
        assert_eq!((one.unwrap(), two.unwrap()), (100, 100));
    }
    assert_eq!(rows(&pool).await, 100);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn entries_wait_while_auth_cannot_store_them(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let client = Internal::of(&auth).client().await;
    let kept = Kept::of([entry("order.cancelled", "ord_1", 5)]);
    auth.run("ALTER TABLE audit_log RENAME TO away").await;
    assert!(round(&client, &kept).await.is_err());
    assert_eq!((kept.left(), kept.aside.lock().unwrap().len()), (1, 0));
    auth.run("ALTER TABLE away RENAME TO audit_log").await;
    assert_eq!(round(&client, &kept).await.unwrap(), 1);
    assert_eq!((kept.left(), rows(&pool).await), (0, 1));
}
