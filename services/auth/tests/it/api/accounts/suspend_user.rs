use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, PASSWORD, request};

async fn suspend(auth: &Auth, id: &str, token: &str) -> Answer {
    let path = format!("/api/v1/users/{id}/suspend");
    auth.send(request("POST", &path, Some(token), None)).await
}

async fn count(pool: &PgPool, what: &'static str) -> i64 {
    let statement = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {what}"));
    sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_suspended_user_is_out_and_it_is_on_record(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    let id = ann.text("/user/id");
    let answer = suspend(&auth, id, root.access()).await;
    assert_eq!((answer.status, answer.header("etag")), (200, "\"1\""));
    let mut expected = ann.body["user"].clone();
    expected["status"] = json!("suspended");
    assert_eq!(answer.body, expected);
    let path = format!("/api/v1/users/{id}");
    assert_eq!(auth.get(&path, root.access()).await.body, expected);

    auth.get("/api/v1/auth/profile", ann.access())
        .await
        .is(401, "session_ended");
    auth.refresh(ann.refresh())
        .await
        .is(401, "refresh_token_invalid");
    auth.log_in("ann", PASSWORD)
        .await
        .is(401, "invalid_credentials");
    let ended = "sessions JOIN users ON users.id = user_id WHERE username = 'ann' AND end_reason = 'suspended'";
    assert_eq!(count(&pool, ended).await, 1);
    let (actor, action, target, data): (uuid::Uuid, String, String, Value) =
        sqlx::query_as("SELECT actor_id, action, target, data FROM audit_log")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(format!("usr_{actor}"), root.text("/user/id"));
    assert_eq!(
        (&*action, &*target, data),
        ("user.suspended", id, json!({}))
    );
    let published = "events JOIN users ON users.id = user_id
        WHERE event_type = 'user.suspended' AND username = 'ann' AND data = '{}'";
    assert_eq!(count(&pool, published).await, 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_second_suspension_writes_nothing(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    let id = ann.text("/user/id");
    let first = suspend(&auth, id, root.access()).await;
    let written =
        "(SELECT xmin FROM users WHERE status = 'suspended' UNION ALL SELECT xmin FROM audit_log
        UNION ALL SELECT xmin FROM events WHERE event_type = 'user.suspended') AS written";
    let transactions: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "SELECT xmin::text FROM {written}"
    )))
    .fetch_all(&pool)
    .await
    .unwrap();
    let second = suspend(&auth, id, root.access()).await;
    assert_eq!((second.status, &second.body), (200, &first.body));
    let unchanged: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!(
        "SELECT xmin::text FROM {written}"
    )))
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(transactions.len(), 3);
    assert_eq!(unchanged, transactions);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_last_active_admin_stays(pool: PgPool) {
    let auth = Auth::new(pool);
    let (root, other) = (auth.admin("boss").await, auth.admin("otto").await);
    assert_eq!(
        suspend(&auth, other.text("/user/id"), root.access())
            .await
            .status,
        200
    );
    for id in ["me", root.text("/user/id")] {
        suspend(&auth, id, root.access())
            .await
            .is(409, "last_admin");
    }
    assert_eq!(auth.get("/api/v1/users", root.access()).await.status, 200);
    // With another admin it is allowed.
    auth.run("UPDATE users SET status = 'active'").await;
    assert_eq!(suspend(&auth, "me", root.access()).await.status, 200);
    auth.get("/api/v1/users", root.access())
        .await
        .is(401, "session_ended");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn admins_who_suspend_each_other_do_not_both_succeed(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (one, two) = (auth.admin("anna").await, auth.admin("otto").await);
    let answers = tokio::join!(
        suspend(&auth, two.text("/user/id"), one.access()),
        suspend(&auth, one.text("/user/id"), two.access()),
    );
    let mut statuses = [answers.0.status, answers.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 200, "{statuses:?}");
    assert!([401, 409].contains(&statuses[1]), "{statuses:?}");
    assert_eq!(count(&pool, "users WHERE status = 'active'").await, 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_admins_suspend_and_only_accounts_that_exist(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    for id in ["me", ann.text("/user/id"), root.text("/user/id")] {
        suspend(&auth, id, ann.access()).await.is(403, "forbidden");
    }
    auth.send(request("POST", "/api/v1/users/me/suspend", None, None))
        .await
        .is(401, "token_missing");
    for id in ["usr_01932c5e-7d2a-7c3e-9f00-0242ac120002", "ann", "prd_x"] {
        suspend(&auth, id, root.access()).await.is(404, "not_found");
    }
    auth.run("UPDATE users SET status = 'deleted' WHERE username = 'ann'")
        .await;
    suspend(&auth, ann.text("/user/id"), root.access())
        .await
        .is(409, "account_deleted");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn support_suspends_customers_and_no_one_with_permissions_that_support_lacks(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    auth.role("support", &["users:list", "users:suspend"]).await;
    auth.role("desk", &["users:list", "payments:refund"]).await;
    let support = auth.person("sue", &["support"]).await;
    let (ann, root) = (auth.customer("ann").await, auth.admin("boss").await);
    let desk = auth.person("dan", &["desk"]).await;
    for user in [&root, &desk] {
        suspend(&auth, user.user(), support.access())
            .await
            .is(403, "forbidden");
        assert_eq!(auth.get("/api/v1/users", user.access()).await.status, 200);
    }
    for user in [ann.user(), "me"] {
        let suspended = suspend(&auth, user, support.access()).await;
        assert_eq!(suspended.status, 200, "{}", suspended.body);
    }
    assert_eq!(count(&pool, "audit_log").await, 2);
}
