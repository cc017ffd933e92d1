use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use auth::{MIGRATOR, accounts::passwords::HashingLimits};
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
