use auth::MIGRATOR;
use db::testing::eventually;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    authenticator::DISABLE,
    fixture::{Answer, Auth, PASSWORD, registration, request},
    neighbor::Internal,
    people::{of, send},
    traces::{KEPT, tables_with, traces},
};

fn path(user: &str) -> String {
    format!("/api/v1/users/{user}")
}

async fn delete(auth: &Auth, user: &str, by: &Answer) -> Answer {
    auth.send(request("DELETE", &path(user), Some(by.access()), None))
        .await
}

async fn count(pool: &PgPool, what: &'static str) -> i64 {
    let statement = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {what}"));
    sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_deleted_user_is_out_and_it_is_on_record(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    let id = ann.user();
    let deleted = delete(&auth, id, &root).await;
    assert_eq!((deleted.status, &deleted.body), (204, &Value::Null));

    let left = auth.get(&path(id), root.access()).await;
    assert_eq!((left.status, left.header("etag")), (200, "\"2\""));
    let email = left.text("/email");
    assert!(email.ends_with("@deleted.invalid"), "{email}");
    assert!(!email.contains(ann.user_uuid()), "it cannot be guessed");
    let mut expected = ann.body["user"].clone();
    for (name, value) in [
        ("email", json!(email)),
        ("username", Value::Null),
        ("full_name", json!("Deleted user")),
        ("status", json!("deleted")),
    ] {
        expected[name] = value;
    }
    assert_eq!(left.body, expected);

    for path in ["/api/v1/auth/profile", "/api/v1/users/me"] {
        auth.get(path, ann.access()).await.is(401, "session_ended");
    }
    auth.refresh(ann.refresh())
        .await
        .is(401, "refresh_token_invalid");
    assert_eq!(
        auth.audited().await,
        [(root.user().into(), "user.deleted".into(), id.into())]
    );
    assert_eq!(auth.events("user.deleted").await, 1);
    let internal = Internal::of(&auth);
    assert_eq!(internal.due().await, [ann.user_uuid()]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_second_deletion_writes_nothing(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    assert_eq!(delete(&auth, ann.user(), &root).await.status, 204);
    let written = async || -> Vec<String> {
        sqlx::query_scalar(
            "SELECT xmin::text FROM users UNION ALL SELECT xmin::text FROM audit_log
             UNION ALL SELECT xmin::text FROM events UNION ALL SELECT xmin::text FROM erasures",
        )
        .fetch_all(&pool)
        .await
        .unwrap()
    };
    let before = written().await;
    assert_eq!(delete(&auth, ann.user(), &root).await.status, 204);
    assert_eq!(written().await, before);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn every_user_is_refused_as_an_unknown_one_by_login_and_reset(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    delete(&auth, ann.user(), &root).await;
    let placeholder = auth.get(&path(ann.user()), root.access()).await;
    let unknown = auth.log_in("unknown@example.com", PASSWORD).await;
    for name in ["ann", "ann@example.com", placeholder.text("/email")] {
        let refused = auth.log_in(name, PASSWORD).await;
        refused.is(401, "invalid_credentials");
        assert_eq!(refused.body["detail"], unknown.body["detail"]);
        auth.log_in_on(ann.device(), name, PASSWORD)
            .await
            .is(401, "invalid_credentials");
    }
    for email in ["ann@example.com", placeholder.text("/email")] {
        let body = json!({ "email": email });
        let forgot = auth.post("/api/v1/auth/password/forgot", body).await;
        assert_eq!(forgot.status, 202);
    }
    // The queue works in order: once this message exists, both others have been worked on.
    let body = json!({ "email": "boss@example.com" });
    auth.post("/api/v1/auth/password/forgot", body).await;
    eventually("the message", async || {
        count(&pool, "account_tokens WHERE purpose = 'password_reset'").await == 1
    })
    .await;
    assert_eq!(auth.events("user.password_reset_requested").await, 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn name_and_address_are_free_for_another_account(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    auth.post("/api/v1/auth/register", registration("ann"))
        .await
        .is(409, "account_exists");
    delete(&auth, ann.user(), &root).await;
    let new = auth.customer("ann").await;
    assert_ne!(new.user(), ann.user());
    assert_eq!(auth.log_in("ann", PASSWORD).await.user(), new.user());
    let deleted = auth
        .get("/api/v1/users?status=deleted", root.access())
        .await;
    let ids: Vec<&Value> = deleted.body["data"].as_array().unwrap().iter().collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(ids[0]["id"], json!(ann.user()));
    let found = auth
        .get("/api/v1/users?q=ann%40example.com", root.access())
        .await;
    let found = found.body["data"].as_array().unwrap();
    assert_eq!(found.len(), 1, "the search finds the new account alone");
    assert_eq!(found[0]["id"], json!(new.user()));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_deleted_account_cannot_be_changed_or_come_back(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    delete(&auth, ann.user(), &root).await;
    let user = |rest: &str| of(&ann, rest);
    for rest in ["suspend", "activate"] {
        send(&auth, "POST", &user(rest), &root, &Value::Null)
            .await
            .is(409, "account_deleted");
    }
    let admin = json!({ "role": "admin" });
    send(&auth, "POST", &user("roles"), &root, &admin)
        .await
        .is(409, "account_deleted");
    send(
        &auth,
        "DELETE",
        &user("roles/customer"),
        &root,
        &Value::Null,
    )
    .await
    .is(409, "last_role");
    let name = json!({ "full_name": "Ann Again" });
    let mut patch = request("PATCH", &path(ann.user()), Some(root.access()), Some(&name));
    patch.headers_mut().insert("if-match", "*".parse().unwrap());
    auth.send(patch).await.is(409, "account_deleted");
    let mut settings = request(
        "PUT",
        &user("settings"),
        Some(root.access()),
        Some(&json!({ "locale": "de" })),
    );
    settings
        .headers_mut()
        .insert("if-match", "*".parse().unwrap());
    auth.send(settings).await.is(404, "not_found");
    assert_eq!(auth.audited().await.len(), 1, "only the deletion");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_user_of_any_role_and_status_ends_without_permissions(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    auth.role("desk", &["users:list", "payments:refund"]).await;
    let root = auth.admin("boss").await;
    let people = [
        auth.person("vera", &["vendor"]).await,
        auth.person("dan", &["desk", "vendor", "admin"]).await,
        auth.customer("sid").await,
        auth.customer("pia").await,
    ];
    auth.run("UPDATE users SET status = 'suspended' WHERE username = 'sid'")
        .await;
    auth.run("UPDATE users SET status = 'pending', roles = '{vendor}' WHERE username = 'pia'")
        .await;
    for person in &people {
        assert_eq!(delete(&auth, person.user(), &root).await.status, 204);
        let left = auth.get(&path(person.user()), root.access()).await;
        assert_eq!(left.body["roles"], json!(["customer"]));
        assert_eq!(left.body["status"], json!("deleted"));
    }
    assert_eq!(count(&pool, "user_roles WHERE role = 'desk'").await, 0);
    // The role is not in use any more.
    let deleted = auth.call("DELETE", "/api/v1/roles/desk", &root, None).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_own_account_is_not_deleted_by_a_token_alone(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    auth.admin("otto").await;
    for person in [&ann, &root] {
        for user in ["me", person.user()] {
            let refused = delete(&auth, user, person).await;
            refused.is(409, "own_account");
            assert!(refused.text("/detail").contains("/auth/account/delete"));
        }
    }
    assert_eq!(count(&pool, "users WHERE status = 'deleted'").await, 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_those_who_may_delete_and_only_accounts_that_exist(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    auth.role("cleaner", &["users:delete"]).await;
    auth.role("support", &["users:list", "users:suspend"]).await;
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    let cleaner = auth.person("cleo", &["cleaner"]).await;
    let support = auth.person("sue", &["support"]).await;
    delete(&auth, root.user(), &ann).await.is(404, "not_found");
    delete(&auth, ann.user(), &support)
        .await
        .is(403, "forbidden");
    for user in [root.user(), support.user()] {
        delete(&auth, user, &cleaner).await.is(403, "forbidden");
    }
    for user in ["usr_01932c5e-7d2a-7c3e-9f00-0242ac120002", "ann", "prd_x"] {
        delete(&auth, user, &root).await.is(404, "not_found");
    }
    auth.send(request("DELETE", &path(ann.user()), None, None))
        .await
        .is(401, "token_missing");
    assert_eq!(count(&pool, "users WHERE status = 'deleted'").await, 0);
    assert_eq!(delete(&auth, ann.user(), &cleaner).await.status, 204);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn admins_who_delete_each_other_do_not_both_succeed(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (one, two) = (auth.admin("anna").await, auth.admin("otto").await);
    let answers = tokio::join!(
        delete(&auth, two.user(), &one),
        delete(&auth, one.user(), &two),
    );
    let mut statuses = [answers.0.status, answers.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 204, "{statuses:?}");
    assert!([401, 409].contains(&statuses[1]), "{statuses:?}");
    assert_eq!(count(&pool, "users WHERE status = 'active'").await, 1);
}

/// A request with one write of personal data, by Ann.
fn writes() -> Vec<(&'static str, &'static str, Value)> {
    let address = json!({ "name": "Quokka", "line1": "Quokka 1", "city": "Quokka", "postal_code": "10115", "country": "DE" });
    let settings = json!({ "locale": "de", "time_zone": "Antarctica/Troll" });
    let key = json!({ "name": "quokka", "permissions": ["orders:read:own"] });
    let email = json!({ "new_email": "quokka@example.com", "password": PASSWORD });
    vec![
        (
            "PATCH",
            "/users/me",
            json!({ "full_name": "Quokka", "username": "quokka" }),
        ),
        ("PUT", "/auth/profile", json!({ "full_name": "Quokka" })),
        ("POST", "/users/me/addresses", address),
        ("PUT", "/users/me/settings", settings),
        ("POST", "/api-keys", key),
        ("POST", "/auth/email/change", email),
        ("POST", "/auth/email/verification", Value::Null),
        ("POST", "/auth/mfa/totp", json!({ "password": PASSWORD })),
        (
            "POST",
            "/auth/password/forgot",
            json!({ "email": "ann@example.com" }),
        ),
    ]
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_request_that_was_admitted_before_the_deletion_writes_nothing_after_it(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let root = auth.admin("boss").await;
    for (method, path, body) in writes() {
        let ann = auth.customer("ann").await;
        let mut lock = pool.begin().await.unwrap();
        sqlx::query("SELECT FROM users WHERE username = 'ann' FOR NO KEY UPDATE")
            .execute(&mut *lock)
            .await
            .unwrap();
        // Both wait for this lock, and the deletion gets it first.
        let write = async {
            eventually("the deletion waits", async || waiting(&pool).await == 1).await;
            let body = (!body.is_null()).then_some(&body);
            let mut write = request(method, &format!("/api/v1{path}"), Some(ann.access()), body);
            write.headers_mut().insert("if-match", "*".parse().unwrap());
            auth.send(write).await
        };
        let release = async {
            eventually(path, async || waiting(&pool).await == 2).await;
            lock.commit().await.unwrap();
        };
        let (deleted, written, ()) = tokio::join!(delete(&auth, ann.user(), &root), write, release);
        assert_eq!(deleted.status, 204, "{path}: {}", deleted.body);
        if path == "/auth/password/forgot" {
            // It is answered before its task reads the account.
            assert_eq!(written.status, 202);
            eventually("the task is done", async || busy(&pool).await == 0).await;
        } else {
            let refused = (400..500).contains(&written.status);
            assert!(refused, "{path}: {} {}", written.status, written.body);
        }
        let left = ["quokka", "ann@example.com", "Antarctica"];
        let traces = traces(&pool, &left).await;
        assert!(traces.is_empty(), "{path}: {traces:?}");
        let tables = tables_with(&pool, ann.user_uuid()).await;
        assert_eq!(tables, KEPT, "{path}");
    }
}

/// The factor and the account are locked in one order, by what disables the factor as by the deletion.
#[sqlx::test(migrator = "MIGRATOR")]
async fn a_second_factor_that_is_disabled_at_the_same_time_hinders_no_deletion(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    let (_app, codes) = auth.enroll(ann.access()).await;
    let ann = auth.renewed(&ann).await;
    let mut lock = pool.begin().await.unwrap();
    sqlx::query("SELECT FROM users WHERE username = 'ann' FOR NO KEY UPDATE")
        .execute(&mut *lock)
        .await
        .unwrap();
    let disable = async {
        eventually("the deletion waits", async || waiting(&pool).await == 1).await;
        let body = json!({ "password": PASSWORD, "recovery_code": codes[0] });
        auth.post_as(&ann, DISABLE, body).await
    };
    let release = async {
        eventually("both wait", async || waiting(&pool).await == 2).await;
        lock.commit().await.unwrap();
    };
    let (deleted, disabled, ()) = tokio::join!(delete(&auth, ann.user(), &root), disable, release);
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    disabled.is(409, "mfa_not_enabled");
    assert_eq!(tables_with(&pool, ann.user_uuid()).await, KEPT);
}

/// How many transactions wait for a lock in the database of the test.
async fn waiting(pool: &PgPool) -> i64 {
    activities(pool, "wait_event_type = 'Lock'").await
}

/// How many other connections have a transaction.
async fn busy(pool: &PgPool) -> i64 {
    activities(pool, "state <> 'idle'").await
}

async fn activities(pool: &PgPool, which: &'static str) -> i64 {
    let statement = sqlx::AssertSqlSafe(format!(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which}"
    ));
    sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
}
