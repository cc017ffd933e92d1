use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use auth::{MIGRATOR, accounts::passwords::HashingLimits};
use db::testing::eventually;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::fixture::{Auth, PASSWORD, Settings};

const PATH: &str = "/api/v1/auth/login";

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_user_logs_in_by_address_or_username_in_any_case(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.customer("ann").await;
    for body in [
        json!({ "email": "ann@example.com", "password": PASSWORD }),
        json!({ "email": "ANN@example.com", "password": PASSWORD }),
        json!({ "username": "Ann", "password": PASSWORD }),
        json!({ "username": "ann@example.com", "password": PASSWORD }),
    ] {
        let answer = auth.post(PATH, body).await;
        assert_eq!((answer.status, answer.text("/user/username")), (200, "ann"));
        assert_eq!(
            auth.get("/api/v1/auth/profile", answer.access())
                .await
                .status,
            200
        );
    }
}

/// Everything in a response that a client can distinguish.
fn shape(mut body: Value) -> Value {
    body["trace_id"] = Value::Null;
    body
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn every_failure_has_the_same_answer(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    for name in ["ann", "sue"] {
        auth.customer(name).await;
    }
    sqlx::query("UPDATE users SET status = 'suspended' WHERE username = 'sue'")
        .execute(&pool)
        .await
        .unwrap();
    let wrong = auth.log_in("ann@example.com", "wrong password").await;
    wrong.is(401, "invalid_credentials");
    assert!(wrong.header("www-authenticate").starts_with("Bearer"));
    let unknown = auth.log_in("unknown@example.com", PASSWORD).await;
    let unknown_name = auth.log_in("unknown", PASSWORD).await;
    let suspended = auth.log_in("sue@example.com", PASSWORD).await;
    for other in [unknown, unknown_name, suspended] {
        assert_eq!(
            (other.status, shape(other.body)),
            (401, shape(wrong.body.clone()))
        );
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_malformed_body_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    for (body, pointer) in [
        (json!({ "password": PASSWORD }), "/email"),
        (
            json!({ "email": "a", "username": "a", "password": PASSWORD }),
            "/username",
        ),
        (json!({ "email": "", "password": PASSWORD }), "/email"),
        (json!({ "email": "a\u{0}", "password": PASSWORD }), "/email"),
        (json!({ "email": "a", "password": "" }), "/password"),
        (
            json!({ "email": "a", "password": "a".repeat(129) }),
            "/password",
        ),
        (
            json!({ "email": "a", "password": PASSWORD, "remember": true }),
            "/remember",
        ),
    ] {
        auth.post(PATH, body).await.is_invalid(pointer);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn failures_are_limited_whether_the_account_exists_or_not(pool: PgPool) {
    let mut settings = Settings::default();
    settings.account.account_limit_per_15_minutes = 3;
    let auth = Auth::with(pool.clone(), settings);
    auth.customer("ann").await;
    for email in ["ann@example.com", "unknown@example.com"] {
        for _ in 0..3 {
            auth.log_in(email, "wrong password")
                .await
                .is(401, "invalid_credentials");
        }
        let refused = auth.log_in(email, PASSWORD).await;
        refused.is(429, "too_many_requests");
        assert!((890..=900).contains(&refused.header("retry-after").parse::<u32>().unwrap()));
        assert_eq!(
            refused.headers_named("ratelimit-policy"),
            [
                "\"address\";q=600;w=60",
                "\"login\";q=30;w=60",
                "\"account\";q=3;w=900"
            ]
        );
    }
    sqlx::query("UPDATE attempts SET window_started_at = now() - interval '15 minutes'")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(
        auth.log_in("ann@example.com", PASSWORD).await.status,
        200,
        "the window has ended"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn concurrent_attempts_do_not_exceed_the_limit_together(pool: PgPool) {
    let mut settings = Settings::default();
    settings.account.account_limit_per_15_minutes = 3;
    let auth = std::sync::Arc::new(Auth::with(pool, settings));
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let auth = auth.clone();
        tries.spawn(async move {
            auth.log_in("ann@example.com", "wrong password")
                .await
                .status
        });
    }
    let mut statuses = tries.join_all().await;
    statuses.sort_unstable();
    assert_eq!(statuses, [401, 401, 401, 429, 429, 429, 429, 429, 429, 429]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_attempt_without_a_place_in_the_queue_is_not_a_failure(pool: PgPool) {
    let hashing = HashingLimits {
        hashing_threads: 1,
        hashing_line: 0,
    };
    let auth = std::sync::Arc::new(Auth::with(
        pool.clone(),
        Settings {
            hashing,
            ..Settings::default()
        },
    ));
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let auth = auth.clone();
        tries.spawn(async move { auth.log_in("ann@example.com", "wrong password").await });
    }
    let answers = tries.join_all().await;
    let (failed, refused): (Vec<_>, Vec<_>) =
        answers.iter().partition(|answer| answer.status == 401);
    assert!(!refused.is_empty());
    for answer in refused {
        answer.is(503, "unavailable");
        assert_eq!(answer.header("retry-after"), "1");
    }
    let counted: i32 = sqlx::query_scalar("SELECT attempts FROM attempts")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(usize::try_from(counted).unwrap(), failed.len());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_success_resets_the_count_of_failures(pool: PgPool) {
    let mut settings = Settings::default();
    settings.account.account_limit_per_15_minutes = 2;
    let auth = Auth::with(pool, settings);
    auth.customer("ann").await;
    for _ in 0..3 {
        auth.log_in("ann@example.com", "wrong password")
            .await
            .is(401, "invalid_credentials");
        assert_eq!(auth.log_in("ann@example.com", PASSWORD).await.status, 200);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn no_email_address_is_stored_with_its_attempts(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    auth.log_in("unknown@example.com", PASSWORD)
        .await
        .is(401, "invalid_credentials");
    let row: String = sqlx::query_scalar("SELECT encode(identifier_hash, 'escape') FROM attempts")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(!row.contains("unknown"));
}

/// Live sessions of earlier logins, with the numbers of this range as ids.
async fn earlier_sessions(pool: &PgPool, from: i32, to: i32, expires_in: &str) {
    sqlx::query(
        "INSERT INTO sessions (id, user_id, expires_at)
         SELECT ('00000000-0000-7000-8000-' || lpad(number::text, 12, '0'))::uuid, users.id, now() + $3::interval
         FROM users, generate_series($1, $2) AS number",
    )
    .bind(from)
    .bind(to)
    .bind(expires_in)
    .execute(pool)
    .await
    .unwrap();
}

async fn count(pool: &PgPool, condition: &'static str) -> i64 {
    let statement = format!("SELECT count(*) FROM sessions WHERE {condition}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(statement))
        .fetch_one(pool)
        .await
        .unwrap()
}

const LIVE: &str = "ended_at IS NULL AND expires_at > now()";

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_login_beyond_a_hundred_sessions_ends_the_oldest(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    auth.customer("ann").await;
    earlier_sessions(&pool, 1, 98, "1 hour").await;
    earlier_sessions(&pool, 101, 103, "0 seconds").await;
    auth.log_in("ann", PASSWORD).await;
    assert_eq!(
        count(&pool, "ended_at IS NOT NULL").await,
        0,
        "100 are live"
    );
    auth.log_in("ann", PASSWORD).await;
    let ended: Vec<(String, String)> = sqlx::query_as(
        "SELECT right(sessions.id::text, 3), end_reason FROM sessions JOIN revocations ON session_id = sessions.id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(ended, [("001".to_owned(), "revoked".to_owned())]);
    assert_eq!(count(&pool, LIVE).await, 100);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn more_sessions_from_before_the_limit_end_a_hundred_at_a_login(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let newest = auth.customer("ann").await;
    earlier_sessions(&pool, 1, 249, "1 hour").await;
    for live in [151, 100, 100] {
        assert_eq!(auth.log_in("ann", PASSWORD).await.status, 200);
        assert_eq!(count(&pool, LIVE).await, live);
    }
    assert_eq!(auth.refresh(newest.refresh()).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn concurrent_logins_do_not_exceed_the_limit_together(pool: PgPool) {
    let auth = std::sync::Arc::new(Auth::new(pool.clone()));
    auth.customer("ann").await;
    earlier_sessions(&pool, 1, 99, "1 hour").await;
    // All begin their sessions at once: each waits for the row of the user first. The pool has five connections.
    let mut held = pool.begin().await.unwrap();
    sqlx::query("SELECT FROM users FOR UPDATE")
        .execute(&mut *held)
        .await
        .unwrap();
    let mut log_ins = tokio::task::JoinSet::new();
    for _ in 0..3 {
        let auth = auth.clone();
        log_ins.spawn(async move { auth.log_in("ann", PASSWORD).await.status });
    }
    eventually("all logins wait", async || {
        let waiting: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        waiting == 3
    })
    .await;
    held.commit().await.unwrap();
    assert_eq!(log_ins.join_all().await, [200; 3]);
    assert_eq!(count(&pool, LIVE).await, 100);
}

/// The password is verified against what was read before. A change in between, which ends all sessions, must not be followed
/// by a session of the former password.
#[sqlx::test(migrator = "MIGRATOR")]
async fn a_password_that_is_changed_during_the_login_is_refused(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    auth.customer("ann").await;
    // The attempt is counted after the account was read.
    for statement in [
        "CREATE FUNCTION change_password() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN UPDATE users SET password_hash = 'another'; RETURN NEW; END $$",
        "CREATE TRIGGER changed_meanwhile BEFORE INSERT ON attempts FOR EACH ROW EXECUTE FUNCTION change_password()",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    auth.log_in("ann", PASSWORD)
        .await
        .is(401, "invalid_credentials");
    assert_eq!(count(&pool, LIVE).await, 1, "that of the registration");
}

/// The hash of the password by the parameters of an earlier release.
fn outdated(password: &str) -> String {
    let params = Params::new(8 * 1024, 1, 1, None).unwrap();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2
        .hash_password(password.as_bytes())
        .unwrap()
        .to_string()
}

async fn stored_hash(pool: &PgPool) -> String {
    sqlx::query_scalar("SELECT password_hash FROM users WHERE username = 'ann'")
        .fetch_one(pool)
        .await
        .unwrap()
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_outdated_hash_is_renewed_and_every_session_continues(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    auth.customer("ann").await;
    sqlx::query("UPDATE users SET password_hash = $1, hash_renewals = hash_renewals + 1")
        .bind(outdated(PASSWORD))
        .execute(&pool)
        .await
        .unwrap();
    let old = stored_hash(&pool).await;
    auth.log_in("ann", "wrong password").await;
    assert_eq!(stored_hash(&pool).await, old, "the password is not known");

    let earlier = auth.log_in("ann", PASSWORD).await;
    let renewed = stored_hash(&pool).await;
    assert!(
        renewed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{renewed}"
    );
    let later = auth.log_in_on(earlier.device(), "ann", PASSWORD).await;
    assert_eq!(later.status, 200);
    assert_eq!(
        stored_hash(&pool).await,
        renewed,
        "a current hash stays as it is"
    );
    let profile = auth.get("/api/v1/auth/profile", earlier.access()).await;
    assert_eq!(profile.status, 200);
    assert_eq!(auth.refresh(earlier.refresh()).await.status, 200);
    let revoked: i64 = sqlx::query_scalar("SELECT count(*) FROM revocations")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(revoked, 0);
}
