use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    fixture::{Answer, Auth},
    people::{needs_a_live_session, of, send},
};

const OWN: &str = "/api/v1/users/me/export";

async fn execute(pool: &PgPool, statement: &'static str) {
    sqlx::query(statement).execute(pool).await.unwrap();
}

async fn audited(pool: &PgPool) -> Vec<(String, String)> {
    sqlx::query_as("SELECT action, target FROM audit_log ORDER BY id")
        .fetch_all(pool)
        .await
        .unwrap()
}

/// A customer about whom every part of the export has something.
async fn known_customer(auth: &Auth, pool: &PgPool) -> Answer {
    let ann = auth.customer("ann").await;
    let settings = json!({ "locale": "de", "marketing_consent": true });
    send(auth, "PUT", "/api/v1/users/me/settings", &ann, &settings).await;
    let address = json!({ "name": "Ann", "line1": "Torstraße 1", "city": "Berlin", "postal_code": "10115", "country": "DE" });
    send(auth, "POST", "/api/v1/users/me/addresses", &ann, &address).await;
    execute(
        pool,
        "UPDATE sessions SET device_name = 'Firefox on Linux', address = '203.0.113.0/24', last_used_at = now()",
    )
    .await;
    execute(
        pool,
        "INSERT INTO api_keys (id, user_id, name, secret_hash, hint, permissions, expires_at)
         SELECT gen_random_uuid(), id, 'Backup', sha256('secret'), 'cret', '{orders:read:own}', now() + interval '1 day'
         FROM users",
    )
    .await;
    execute(
        pool,
        "INSERT INTO events (id, event_type, user_id, data)
         SELECT gen_random_uuid(), 'user.registered', id, '{}' FROM users",
    )
    .await;
    ann
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_user_gets_everything_that_is_kept_about_them(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = known_customer(&auth, &pool).await;
    let root = auth.admin("boss").await;
    // What an admin did to the account is part of it.
    let path = of(&ann, "settings");
    let locale = json!({ "locale": "fr" });
    let changed = crate::support::people::send_if(&auth, ("PUT", &path), &root, &locale, "*").await;
    assert_eq!(changed.status, 200);

    let export = auth.get(OWN, ann.access()).await;
    assert_eq!(export.status, 200, "{}", export.body);
    let file = format!("attachment; filename=\"{}.json\"", ann.text("/user/id"));
    assert_eq!(export.header("content-disposition"), file);
    assert!(export.header("cache-control").contains("no-store"));
    assert_eq!(export.body["profile"], ann.body["user"]);
    for (pointer, text) in [
        ("/settings/locale", "fr"),
        ("/addresses/0/city", "Berlin"),
        ("/sessions/0/device", "Firefox on Linux"),
        ("/sessions/0/address", "203.0.113.0/24"),
        ("/api_keys/0/name", "Backup"),
        ("/audit_log/0/action", "user.updated"),
        ("/audit_log/0/part", "target"),
        ("/events/0/type", "user.registered"),
    ] {
        assert_eq!(export.text(pointer), text);
    }
    assert_eq!(export.body["truncated"], json!([]));
    let text = export.body.to_string();
    assert!(
        !text.contains(root.text("/user/id")),
        "who acted is not named"
    );
    for secret in ["hash", "argon2", "cret\"", ann.refresh()] {
        assert!(!text.contains(secret), "{secret}");
    }
    assert_eq!(
        audited(&pool).await.len(),
        1,
        "one's own export is not audited"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_data_of_other_users_is_not_in_it(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    known_customer(&auth, &pool).await;
    let ben = auth.customer("ben").await;
    let export = auth.get(OWN, ben.access()).await;
    for part in ["addresses", "api_keys", "audit_log"] {
        assert_eq!(export.body[part], json!([]), "{part}");
    }
    let events = export.body["events"].as_array().unwrap();
    assert_eq!(events.len(), 2, "of the own registration");
    assert_eq!(export.body["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(export.body["settings"]["locale"], Value::Null);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_export_by_an_admin_is_audited_and_other_users_get_none(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let root = auth.admin("boss").await;
    let path = of(&ann, "export");
    auth.get(&path, ben.access()).await.is(404, "not_found");
    let unknown = "/api/v1/users/usr_01932c5e-7d2a-7c3e-9f00-0242ac120002/export";
    auth.get(unknown, root.access()).await.is(404, "not_found");
    assert!(audited(&pool).await.is_empty());

    let export = auth.get(&path, root.access()).await;
    assert_eq!(export.body["profile"], ann.body["user"]);
    let entry = ("user.exported".to_owned(), ann.text("/user/id").to_owned());
    assert_eq!(audited(&pool).await, [entry]);
    let own = auth.get(OWN, root.access()).await;
    assert_eq!(
        (
            own.text("/audit_log/0/part"),
            own.text("/audit_log/0/target")
        ),
        ("actor", ann.text("/user/id"))
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn exports_of_one_caller_are_limited(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    for left in (0..5).rev() {
        let export = auth.get(OWN, ann.access()).await;
        assert_eq!(export.status, 200);
        let remaining = format!("\"export\";r={left};t=");
        let quotas = export.headers_named("ratelimit");
        assert!(
            quotas.iter().any(|quota| quota.starts_with(&remaining)),
            "{quotas:?}"
        );
    }
    let refused = auth.get(OWN, ann.access()).await;
    refused.is(429, "too_many_requests");
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(auth.get(OWN, ben.access()).await.status, 200);
    execute(
        &pool,
        "UPDATE attempts SET window_started_at = now() - interval '16 minutes'",
    )
    .await;
    assert_eq!(auth.get(OWN, ann.access()).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_long_history_is_cut_and_says_so(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    execute(
        &pool,
        "INSERT INTO events (id, event_type, user_id, data)
         SELECT ('ffffffff-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'user.registered', users.id, '{}'
         FROM users, generate_series(1, 1001) AS n",
    )
    .await;
    execute(
        &pool,
        "INSERT INTO audit_log (id, actor_id, session_id, action, target, data)
         SELECT gen_random_uuid(), users.id, users.id, 'user.updated', 'usr_' || users.id, '{}'
         FROM users, generate_series(1, 1000)",
    )
    .await;
    let export = auth.get(OWN, ann.access()).await;
    assert_eq!(export.body["truncated"], json!(["events"]));
    let rows = |part: &str| export.body[part].as_array().unwrap().len();
    assert_eq!((rows("events"), rows("audit_log")), (1_000, 1_000));
    assert_eq!(
        export.text("/events/0/id"),
        "evt_ffffffff-0000-7000-8000-000000001001",
        "the newest first"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_guest_and_an_ended_session_export_nothing(pool: PgPool) {
    needs_a_live_session(&Auth::new(pool), "GET", OWN, &Value::Null).await;
}
