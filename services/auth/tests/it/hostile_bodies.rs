//! Malicious bodies: each is refused, and the service continues to work.

use axum::{body::Body, http::Request};
use serde_json::json;
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, PASSWORD, registration};

/// Each was once sent to a running shop.
const BODIES: [&str; 6] = [
    include_str!("../../../../fuzz/corpus/json/unfolding"),
    include_str!("../../../../fuzz/corpus/json/unfolding-beside-nul"),
    include_str!("../../../../fuzz/corpus/json/private-number"),
    include_str!("../../../../fuzz/corpus/json/deep-lists"),
    include_str!("../../../../fuzz/corpus/json/list-for-object"),
    include_str!("../../../../fuzz/corpus/json/numbers-that-grow"),
];

async fn post(auth: &Auth, path: &str, body: &str) -> Answer {
    let request = Request::post(path).header("content-type", "application/json");
    auth.send(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

#[sqlx::test]
async fn bodies_made_to_do_harm_are_422_without_a_token(pool: PgPool) {
    let auth = Auth::new(pool);
    for path in [
        "login",
        "register",
        "refresh",
        "token",
        "password/forgot",
        "password/reset",
        "email/verify",
    ] {
        for body in BODIES {
            let answer = post(&auth, &format!("/api/v1/auth/{path}"), body).await;
            assert_eq!(answer.status, 422, "{path}: {body:.60}");
            assert!(
                answer.body.to_string().len() < 8 * 1024,
                "{path}: {body:.60}"
            );
        }
    }
    auth.customer("ann").await;
}

#[sqlx::test]
async fn a_login_with_a_list_as_body_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.customer("ann").await;
    let list = json!(["ann@example.com", null, PASSWORD]).to_string();
    let answer = post(&auth, "/api/v1/auth/login", &list).await;
    answer.is_invalid("");
}

#[sqlx::test]
async fn a_role_is_a_known_one_or_absent(pool: PgPool) {
    let auth = Auth::new(pool);
    for role in [
        json!(null),
        json!(5),
        json!(true),
        json!([]),
        json!({ "vendor": null }),
        json!("king"),
    ] {
        let mut body = registration("ann");
        body["role"] = role;
        auth.post("/api/v1/auth/register", body)
            .await
            .is_invalid("/role");
    }
}

#[sqlx::test]
async fn a_name_with_hidden_characters_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    for name in [
        "Ann\u{202E}nimda",
        "Ann\u{200B}",
        "A\u{2066}nn",
        "\u{FEFF}Ann\u{200D}",
    ] {
        let mut body = registration("ann");
        body["full_name"] = json!(name);
        auth.post("/api/v1/auth/register", body)
            .await
            .is_invalid("/full_name");
    }
}

#[sqlx::test]
async fn a_stored_name_from_before_the_rule_is_still_returned(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    sqlx::query("UPDATE users SET full_name = $1")
        .bind("Ann\u{200B} B")
        .execute(&pool)
        .await
        .unwrap();
    let profile = auth.get("/api/v1/auth/profile", ann.access()).await;
    assert_eq!(profile.status, 200, "{}", profile.body);
}

#[sqlx::test]
async fn what_a_caller_is_told_is_private_and_two_tokens_are_400(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    assert_eq!(ann.header("cache-control"), "private, no-store");
    let profile = auth.get("/api/v1/auth/profile", ann.access()).await;
    assert_eq!(profile.header("cache-control"), "private, no-store");
    let bearer = format!("Bearer {}", ann.access());
    let twice = Request::get("/api/v1/auth/profile")
        .header("authorization", &bearer)
        .header("authentication", &bearer);
    let answer = auth.send(twice.body(Body::empty()).unwrap()).await;
    answer.is(400, "credentials_ambiguous");
}
