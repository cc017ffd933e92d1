//! `POST /auth/login` of accounts with a second factor.

use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    authenticator::{Authenticator, CONFIRM, MFA, later},
    fixture::{Answer, Auth, PASSWORD, Settings},
};

const PATH: &str = "/api/v1/auth/login";

fn tries(limit: u32) -> Settings {
    let mut settings = Settings::default();
    settings.account.account_limit_per_15_minutes = limit;
    settings
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_password_alone_does_not_suffice_and_a_code_with_it_does(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let (app, _) = auth.enroll(ann.access()).await;
    later(&pool).await;
    let refused = auth.log_in("ann", PASSWORD).await;
    refused.is(401, "mfa_required");
    assert!(refused.body.get("access_token").is_none());
    assert!(refused.headers.get("set-cookie").is_none());
    let answer = auth.log_in_with("ann", "code", &app.code()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["mfa_enrollment_required"], json!(false));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn without_the_password_nothing_tells_of_a_second_factor(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    auth.customer("ben").await;
    let (app, codes) = auth.enroll(ann.access()).await;
    let shape = |answer: &Answer| {
        let mut body = answer.body.clone();
        body["trace_id"] = Value::Null;
        (answer.status, body)
    };
    let mut answers = Vec::new();
    for name in ["ann", "ben", "unknown"] {
        for mut body in [
            json!({}),
            json!({ "code": app.code() }),
            json!({ "code": app.wrong_code() }),
            json!({ "recovery_code": codes[0] }),
        ] {
            body["username"] = json!(name);
            body["password"] = json!("wrong password");
            answers.push(auth.post(PATH, body).await);
        }
    }
    answers[0].is(401, "invalid_credentials");
    for answer in &answers {
        assert_eq!(shape(answer), shape(&answers[0]));
    }
    sqlx::query("UPDATE users SET status = 'suspended' WHERE username = 'ann'")
        .execute(&pool)
        .await
        .unwrap();
    let suspended = auth.log_in("ann", PASSWORD).await;
    assert_eq!(shape(&suspended), shape(&answers[0]));
    let left = "SELECT count(*) FROM recovery_codes WHERE used_at IS NULL";
    let left: i64 = sqlx::query_scalar(left).fetch_one(&pool).await.unwrap();
    assert_eq!(left, 10, "a wrong password uses up no recovery code");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_code_is_accepted_once_and_none_before_it_afterwards(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let app = Authenticator::with(&auth.begin_totp(ann.access()).await);
    let confirmed_with = app.code();
    let body = json!({ "code": confirmed_with });
    let confirmed = auth.post_with(ann.access(), CONFIRM, body).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.body);
    auth.log_in_with("ann", "code", &confirmed_with)
        .await
        .is(401, "mfa_invalid");
    let next = app.code_in(1);
    let answer = auth.log_in_with("ann", "code", &next).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    for code in [next, confirmed_with] {
        auth.log_in_with("ann", "code", &code)
            .await
            .is(401, "mfa_invalid");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_logins_with_one_code_at_the_same_time_one_succeeds(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let (app, codes) = auth.enroll(ann.access()).await;
    later(&pool).await;
    for (member, code) in [("code", app.code()), ("recovery_code", codes[0].clone())] {
        let (one, two) = tokio::join!(
            auth.log_in_with("ann", member, &code),
            auth.log_in_with("ann", member, &code)
        );
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401], "{member}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_clock_of_the_app_may_differ_by_one_step(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let (app, _) = auth.enroll(ann.access()).await;
    later(&pool).await;
    for steps in [-2, 3] {
        auth.log_in_with("ann", "code", &app.code_in(steps))
            .await
            .is(401, "mfa_invalid");
    }
    let ahead = auth.log_in_with("ann", "code", &app.code_in(1)).await;
    assert_eq!(ahead.status, 200, "{}", ahead.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_recovery_code_is_accepted_once(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let (_, codes) = auth.enroll(ann.access()).await;
    let typed = codes[3].to_lowercase().replace('-', "");
    let answer = auth.log_in_with("ann", "recovery_code", &typed).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    auth.log_in_with("ann", "recovery_code", &codes[3])
        .await
        .is(401, "mfa_invalid");
    let mfa = auth.get(MFA, answer.access()).await;
    assert_eq!(mfa.body["recovery_codes_left"], json!(9));
    let told = "SELECT count(*) FROM events WHERE event_type = 'user.recovery_code_used'";
    let told: i64 = sqlx::query_scalar(told).fetch_one(&pool).await.unwrap();
    assert_eq!(told, 1, "the owner is told");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn codes_belong_to_one_account(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let (app, codes) = auth.enroll(ann.access()).await;
    auth.enroll(ben.access()).await;
    later(&pool).await;
    auth.log_in_with("ben", "code", &app.code())
        .await
        .is(401, "mfa_invalid");
    auth.log_in_with("ben", "recovery_code", &codes[0])
        .await
        .is(401, "mfa_invalid");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn missing_and_wrong_codes_count_as_failed_logins(pool: PgPool) {
    let auth = Auth::with(pool.clone(), tries(3));
    let ann = auth.customer("ann").await;
    let (app, codes) = auth.enroll(ann.access()).await;
    later(&pool).await;
    auth.log_in("ann", PASSWORD).await.is(401, "mfa_required");
    auth.log_in_with("ann", "code", &app.wrong_code())
        .await
        .is(401, "mfa_invalid");
    auth.log_in_with("ann", "recovery_code", "AAAA-AAAA-AAAA-AAAA")
        .await
        .is(401, "mfa_invalid");
    for (member, code) in [("code", app.code()), ("recovery_code", codes[0].clone())] {
        auth.log_in_with("ann", member, &code)
            .await
            .is(429, "too_many_requests");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_login_in_two_requests_does_not_use_up_the_limit(pool: PgPool) {
    let auth = Auth::with(pool.clone(), tries(2));
    let ann = auth.customer("ann").await;
    let (app, _) = auth.enroll(ann.access()).await;
    for _ in 0..3 {
        later(&pool).await;
        auth.log_in("ann", PASSWORD).await.is(401, "mfa_required");
        let answer = auth.log_in_with("ann", "code", &app.code()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_account_without_a_second_factor_ignores_a_code(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.customer("ann").await;
    let answer = auth.log_in_with("ann", "code", "123456").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn malformed_codes_are_refused_before_anything_is_counted(pool: PgPool) {
    let auth = Auth::new(pool);
    for (mut body, pointer) in [
        (json!({ "code": 123_456 }), "/code"),
        (json!({ "code": "12345" }), "/code"),
        (json!({ "code": ["123456"] }), "/code"),
        (json!({ "recovery_code": "ABCD" }), "/recovery_code"),
        (
            json!({ "code": "123456", "recovery_code": "ABCD-EFGH-IJKL-MNOP" }),
            "/recovery_code",
        ),
    ] {
        body["username"] = json!("ann");
        body["password"] = json!(PASSWORD);
        let refused = auth.post(PATH, body).await;
        refused.is_invalid(pointer);
        assert_eq!(refused.headers_named("ratelimit-policy").len(), 1);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn recovery_codes_work_after_the_servers_key_was_replaced(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let (app, codes) = auth.enroll(ann.access()).await;
    later(&pool).await;
    let settings = Settings {
        server_key: [8; 32],
        ..Settings::default()
    };
    let auth = Auth::with(pool, settings);
    auth.log_in_with("ann", "code", &app.code())
        .await
        .is(401, "mfa_invalid");
    let answer = auth.log_in_with("ann", "recovery_code", &codes[0]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}
