//! Lists of users and the audit log read a few rows of their indexes and nothing else, among many users and by the plan that
//! the statement keeps for all values. The statements are those that the service has prepared.

use auth::MIGRATOR;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, postgres::PgPoolOptions};

use crate::support::fixture::{Auth, request};

/// Most users are active customers of one mail provider; the few others are the oldest, so that a walk by age to them would
/// be long.
const MANY: [&str; 2] = [
    "INSERT INTO users (id, email, username, full_name, roles, status, password_hash, created_at)
     SELECT (left(age, 8) || '-' || right(age, 4) || '-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid,
         'person' || number || '@mail.example', 'user' || number, 'Person Number ' || number,
         CASE WHEN number <= 3 THEN '{admin}' ELSE '{customer}' END::text[],
         CASE WHEN number <= 3 THEN 'suspended' ELSE 'active' END, 'a hash', '2025-07-12T18:57:36Z'
     FROM (SELECT number, lpad(to_hex(1752346656768 + number), 12, '0') AS age FROM generate_series(1, 20000) AS number) AS ages",
    "INSERT INTO audit_log (id, service, actor_id, session_id, action, target, data)
     SELECT id, CASE WHEN number <= 3 THEN 'product' ELSE 'order' END, CASE WHEN number <= 3 THEN id ELSE '01932c5e-7d2a-7c3e-9f00-0242ac120002' END, id,
         CASE WHEN number <= 3 THEN 'user.deleted' ELSE 'user.updated' END,
         CASE WHEN number <= 3 THEN 'support' ELSE 'usr_01932c5e-7d2a-7c3e-9f00-0242ac120002' END, '{}'
     FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM users) AS users",
];

const LOWEST: &str = "'00000000-0000-0000-0000-000000000000'";
const HIGHEST: &str = "'ffffffff-ffff-ffff-ffff-ffffffffffff'";

/// What the statements contain, and arguments for each: first what is frequent, then what is rare.
fn lookups() -> Vec<(&'static str, Vec<String>)> {
    let ids = format!("{LOWEST}, {HIGHEST}");
    let of = |filters: &[&str]| {
        let filters = filters.iter();
        filters
            .map(|filter| format!("'{filter}', {ids}, 21"))
            .collect()
    };
    let terms = |prefix: &str, term: &str| {
        format!("'{prefix}', '{term}', {LOWEST}, '{prefix}' || chr(1114111), 21")
    };
    let actor = "01932c5e-7d2a-7c3e-9f00-0242ac120002";
    let rare = "01980000-0001-7000-8000-000000000001";
    let target = format!("usr_{actor}");
    let some = (1..=21).map(|number| format!("01980000-{number:04x}-7000-8000-{number:012x}"));
    let some: Vec<String> = some.collect();
    vec![
        (
            "FROM user_terms",
            vec![
                terms("person1", "person1"),
                terms("mail", "mail"),
                // Nearly all terms of the beginning are before this one.
                terms("person", "person number 9"),
                terms("user19999", "user19999"),
            ],
        ),
        ("(status, id) >=", of(&["active", "suspended"])),
        ("FROM user_roles", of(&["customer", "admin"])),
        (
            "SELECT id FROM users WHERE id >=",
            vec![format!("{ids}, 21")],
        ),
        (
            "FROM users WHERE id = ANY",
            vec![format!("'{{{}}}'", some.join(","))],
        ),
        (
            "\"permissions!\" FROM users WHERE id = $1",
            vec![format!("'{rare}'")],
        ),
        ("AS \"another!\"", vec![format!("'{rare}'")]),
        ("(target, id) >=", of(&[&target, "support"])),
        ("(actor_id, id) >=", of(&[actor, rare])),
        ("(action, id) >=", of(&["user.updated", "user.deleted"])),
        ("(service, id) >=", of(&["order", "product", "auth"])),
        ("FROM audit_log WHERE id >=", vec![format!("{ids}, 21")]),
    ]
}

/// A pool of one session, whose prepared statements are then those of the requests.
async fn one_session(pool: &PgPool) -> PgPool {
    let options = PgPoolOptions::new().max_connections(1);
    let options = options.connect_with((*pool.connect_options()).clone());
    options.await.unwrap()
}

async fn run(session: &mut PgConnection, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(session)
        .await
        .unwrap();
}

/// Every node of a plan.
fn nodes(plan: &Value) -> Vec<&Value> {
    let below = plan["Plans"].as_array().into_iter().flatten();
    std::iter::once(plan).chain(below.flat_map(nodes)).collect()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn every_list_reads_a_short_range_of_an_index(pool: PgPool) {
    let pool = one_session(&pool).await;
    let auth = Auth::new(pool.clone());
    let (root, other) = (auth.admin("boss").await, auth.admin("otto").await);
    for statement in MANY {
        auth.run(statement).await;
    }
    auth.run("VACUUM ANALYZE").await;
    let id = other.text("/user/id");
    for path in [
        "/users",
        "/users?q=person",
        "/users?role=admin",
        "/users?status=suspended",
        &format!("/users/{id}"),
        "/admin/audit-log",
        &format!("/admin/audit-log?target={id}"),
        &format!("/admin/audit-log?actor={id}"),
        "/admin/audit-log?action=user.updated",
        "/admin/audit-log?service=order",
    ] {
        let answer = auth.get(&format!("/api/v1{path}"), root.access()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
    let suspend = format!("/api/v1/users/{id}/suspend");
    let suspended = request("POST", &suspend, Some(root.access()), None);
    assert_eq!(auth.send(suspended).await.status, 200);

    let mut session = pool.acquire().await.unwrap();
    let prepared: Vec<(String, String)> =
        sqlx::query_as("SELECT name, statement FROM pg_prepared_statements")
            .persistent(false)
            .fetch_all(&mut *session)
            .await
            .unwrap();
    for (contains, arguments) in lookups() {
        let found = prepared.iter().filter(|(_, text)| text.contains(contains));
        let names: Vec<_> = found.map(|(name, _)| name).collect();
        assert!(!names.is_empty(), "no request has prepared: {contains}");
        for mode in ["force_generic_plan", "force_custom_plan"] {
            run(&mut session, format!("SET plan_cache_mode = {mode}")).await;
            for (name, arguments) in names.iter().flat_map(|name| {
                let of_name = move |arguments| (name, arguments);
                arguments.iter().map(of_name)
            }) {
                let explain =
                    format!("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE {name} ({arguments})");
                let plan: Value = sqlx::query_scalar(AssertSqlSafe(explain))
                    .persistent(false)
                    .fetch_one(&mut *session)
                    .await
                    .unwrap();
                let plan = &plan[0]["Plan"];
                let said = format!("{contains} ({arguments}), {mode}: {plan:#}");
                let blocks = ["Shared Hit Blocks", "Shared Read Blocks"];
                let blocks = blocks.map(|blocks| plan[blocks].as_i64().unwrap());
                assert!(blocks.iter().sum::<i64>() <= 150, "{said}");
                for node in nodes(plan) {
                    let scans = node["Node Type"] == "Seq Scan";
                    assert!(!scans || node["Relation Name"] == "roles", "{said}");
                    assert_ne!(node["Node Type"], "Sort", "{said}");
                }
            }
        }
    }
}
