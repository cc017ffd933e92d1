use auth::{MIGRATOR, credentials::model::Purpose};
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, request};

const PATH: &str = "/api/v1/auth/email/verification";
const EVENT: &str = "user.email_verification_requested";

async fn ask(auth: &Auth, login: &Answer) -> Answer {
    auth.send(request("POST", PATH, Some(login.access()), None))
        .await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn another_message_replaces_the_token_of_the_earlier_one(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let first = auth.message(&ann, Purpose::EmailVerification).await;
    assert_eq!(ask(&auth, &ann).await.status, 202);
    assert_eq!(auth.events(EVENT).await, 2);
    let second = auth.message(&ann, Purpose::EmailVerification).await;
    let verify = async |token: &str| {
        let body = serde_json::json!({ "token": token });
        auth.post("/api/v1/auth/email/verify", body).await.status
    };
    assert_eq!(verify(&first.unwrap().token).await, 422);
    assert_eq!(verify(&second.unwrap().token).await, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn messages_are_limited_to_three_an_hour(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    for _ in 0..3 {
        assert_eq!(ask(&auth, &ann).await.status, 202);
    }
    let refused = ask(&auth, &ann).await;
    refused.is(429, "too_many_requests");
    assert_eq!(
        refused.headers_named("ratelimit-policy"),
        ["\"address\";q=600;w=60", "\"messages\";q=3;w=3600"]
    );
    assert_eq!(auth.events(EVENT).await, 2 + 3);
    assert_eq!(ask(&auth, &ben).await.status, 202);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_verified_address_gets_no_message(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    sqlx::query("UPDATE users SET email_verified_at = now()")
        .execute(&pool)
        .await
        .unwrap();
    ask(&auth, &ann).await.is(409, "email_already_verified");
    assert_eq!(auth.events(EVENT).await, 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_guest_gets_no_message(pool: PgPool) {
    let auth = Auth::new(pool);
    let guest = auth.send(request("POST", PATH, None, None)).await;
    guest.is(401, "token_missing");
}
