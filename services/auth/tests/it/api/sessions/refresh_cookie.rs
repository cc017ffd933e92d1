//! The refresh token in a cookie: at register, login, refresh and logout.

use auth::MIGRATOR;
use axum::http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::fixture::{
    Answer, Auth, PASSWORD, Settings, add_cookie, registration, request,
};

const PATH: &str = "/api/v1/auth/refresh";
const ATTRIBUTES: &str = "; Path=/api/v1/auth; Max-Age=604800; HttpOnly; Secure; SameSite=Lax";
const DELETION: &str =
    "refresh_token=; Path=/api/v1/auth; Max-Age=0; HttpOnly; Secure; SameSite=Lax";

/// A customer whose browser keeps the token.
async fn in_browser(auth: &Auth, name: &str) -> Answer {
    let mut body = registration(name);
    body["refresh_token_in"] = json!("cookie");
    let answer = auth.post("/api/v1/auth/register", body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer
}

/// A refresh with the cookie, without a body, after a change of the headers.
async fn refresh_with(auth: &Auth, token: &str, change: impl FnOnce(&mut HeaderMap)) -> Answer {
    let mut request = request("POST", PATH, None, None);
    add_cookie(&mut request, token);
    change(request.headers_mut());
    auth.send(request).await
}

/// A refresh with the cookie and this body.
async fn refresh_with_body(auth: &Auth, token: &str, body: &Value) -> Answer {
    let mut request = request("POST", PATH, None, Some(body));
    add_cookie(&mut request, token);
    auth.send(request).await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_token_is_in_the_cookie_and_not_in_the_body(pool: PgPool) {
    let auth = Auth::new(pool);
    let registered = in_browser(&auth, "ann").await;
    let body = json!({ "email": "ann", "password": PASSWORD, "refresh_token_in": "cookie" });
    let logged_in = auth.post("/api/v1/auth/login", body).await;
    let refreshed = auth.refresh_in_browser(logged_in.refresh_cookie()).await;
    for (answer, status) in [(&registered, 201), (&logged_in, 200), (&refreshed, 200)] {
        assert_eq!(answer.status, status);
        assert_eq!(answer.body.get("refresh_token"), None);
        let token = answer.refresh_cookie();
        assert_eq!(token.len(), 43);
        let cookies = answer.headers_named("set-cookie");
        assert!(cookies.contains(&&*format!("refresh_token={token}{ATTRIBUTES}")));
    }
    let cookies = |answer: &Answer| answer.headers_named("set-cookie").len();
    assert_eq!(cookies(&logged_in), 2, "with that of the device");
    assert_eq!(cookies(&refreshed), 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_client_that_asks_for_no_cookie_gets_none(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.customer("ann").await;
    for more in [json!({}), json!({ "refresh_token_in": "body" })] {
        let answer = auth.log_in_by("curl/8.14.1", "ann", more).await;
        assert_eq!(answer.refresh().len(), 43);
        let cookies = answer.headers_named("set-cookie");
        assert!(cookies.iter().all(|cookie| !cookie.contains("refresh")));
    }
    for place in [json!(null), json!("header"), json!(true), json!(["cookie"])] {
        let body = json!({ "email": "ann", "password": PASSWORD, "refresh_token_in": place });
        auth.post("/api/v1/auth/login", body)
            .await
            .is_invalid("/refresh_token_in");
        let mut body = registration("ben");
        body["refresh_token_in"] = place;
        auth.post("/api/v1/auth/register", body)
            .await
            .is_invalid("/refresh_token_in");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_cookie_is_refreshed_by_no_body_or_an_empty_object(pool: PgPool) {
    let auth = Auth::new(pool);
    let first = in_browser(&auth, "ann").await;
    let second = auth.refresh_in_browser(first.refresh_cookie()).await;
    let third = refresh_with_body(&auth, second.refresh_cookie(), &json!({})).await;
    assert_eq!((second.status, third.status), (200, 200));
    assert_ne!(third.refresh_cookie(), second.refresh_cookie());
    // fetch() with a Content-Type and without a body.
    let fourth = refresh_with(&auth, third.refresh_cookie(), |headers| {
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
    });
    assert_eq!(fourth.await.text("/user/username"), "ann");
    auth.refresh(first.refresh_cookie())
        .await
        .is(401, "refresh_token_invalid");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_token_in_the_body_wins_and_is_answered_there(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, ben) = (in_browser(&auth, "ann").await, auth.customer("ben").await);
    let body = json!({ "refresh_token": ben.refresh() });
    let answer = refresh_with_body(&auth, ann.refresh_cookie(), &body).await;
    assert_eq!(answer.text("/user/username"), "ben");
    assert!(answer.headers_named("set-cookie").is_empty());
    assert_eq!(auth.refresh(answer.refresh()).await.status, 200);

    let body = json!({ "refresh_token": "nonsense" });
    let refused = refresh_with_body(&auth, ann.refresh_cookie(), &body).await;
    refused.is(401, "refresh_token_invalid");
    assert!(refused.headers_named("set-cookie").is_empty());
    let ann = auth.refresh_in_browser(ann.refresh_cookie()).await;
    assert_eq!(ann.status, 200, "the cookie was not used");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_cookie_is_refused_from_any_page_but_the_shops(pool: PgPool) {
    let auth = Auth::new(pool);
    let session = in_browser(&auth, "ann").await;
    let token = session.refresh_cookie();
    for origin in [
        "https://evil.example",
        "https://shop.localhost.evil.example",
        "https://shop.localhost:8443",
        "null",
    ] {
        let refused = refresh_with(&auth, token, |headers| {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        });
        let refused = refused.await;
        refused.is(403, "origin_not_allowed");
        assert!(refused.headers_named("set-cookie").is_empty(), "{origin}");
    }
    let refused = refresh_with(&auth, token, |headers| {
        headers.remove(header::ORIGIN);
    });
    refused.await.is(403, "origin_not_allowed");
    assert_eq!(auth.refresh_in_browser(token).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_invalid_token_is_deleted_from_the_browser(pool: PgPool) {
    let auth = Auth::new(pool);
    let ended = in_browser(&auth, "ann").await;
    let log_out = request("POST", "/api/v1/auth/logout", Some(ended.access()), None);
    let log_out = auth.send(log_out).await;
    assert_eq!(log_out.status, 204);
    assert!(
        log_out.headers_named("set-cookie").is_empty(),
        "the cookie was not sent"
    );
    let never_issued = "uQ0pQy6pJv1w5o0Uo3yXk0cT2n0bXcF3Y2q8m5x9r7E";
    let mut answers = Vec::new();
    for token in [ended.refresh_cookie(), never_issued, "nonsense", ""] {
        let mut refused = auth.refresh_in_browser(token).await;
        refused.is(401, "refresh_token_invalid");
        assert_eq!(refused.headers_named("set-cookie"), [DELETION]);
        refused.body["trace_id"] = Value::Null;
        answers.push(refused.body);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "known and unknown tokens look alike");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_refresh_beyond_the_limit_keeps_the_cookie(pool: PgPool) {
    let mut settings = Settings::default();
    settings.account.account_refresh_limit_per_15_minutes = 1;
    let auth = Auth::with(pool, settings);
    let first = in_browser(&auth, "ann").await;
    let second = auth.refresh_in_browser(first.refresh_cookie()).await;
    let refused = auth.refresh_in_browser(second.refresh_cookie()).await;
    refused.is(429, "too_many_requests");
    assert!(refused.headers_named("set-cookie").is_empty());
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_refresh_without_any_token_is_401_and_another_body_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let session = in_browser(&auth, "ann").await;
    for body in [None, Some(json!({}))] {
        let answer = auth.send(request("POST", PATH, None, body.as_ref())).await;
        answer.is(401, "refresh_token_missing");
        assert!(answer.headers_named("set-cookie").is_empty());
    }
    let token = session.refresh_cookie();
    let null = json!({ "refresh_token": null });
    refresh_with_body(&auth, token, &null)
        .await
        .is_invalid("/refresh_token");
    let more = json!({ "remember": true });
    refresh_with_body(&auth, token, &more)
        .await
        .is_invalid("/remember");
    let mut form = request("POST", PATH, None, Some(&json!({})));
    add_cookie(&mut form, token);
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    form.headers_mut().insert(header::CONTENT_TYPE, kind);
    auth.send(form).await.is(415, "unsupported_media_type");
    assert_eq!(auth.refresh_in_browser(token).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_logout_deletes_the_cookie_that_was_sent(pool: PgPool) {
    let auth = Auth::new(pool);
    let session = in_browser(&auth, "ann").await;
    let mut log_out = request("POST", "/api/v1/auth/logout", Some(session.access()), None);
    add_cookie(&mut log_out, session.refresh_cookie());
    let answer = auth.send(log_out).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.headers_named("set-cookie"), [DELETION]);
}
