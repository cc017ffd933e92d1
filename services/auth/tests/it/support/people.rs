//! Requests about what belongs to users.

use serde_json::Value;

use super::fixture::{Answer, Auth, request};

/// The path of what belongs to the user of this session: `of(&ann, "settings")`.
pub fn of(user: &Answer, rest: &str) -> String {
    format!("/api/v1/users/{}/{rest}", user.text("/user/id"))
}

pub async fn send(auth: &Auth, method: &str, path: &str, by: &Answer, body: &Value) -> Answer {
    let body = (!body.is_null()).then_some(body);
    auth.send(request(method, path, Some(by.access()), body))
        .await
}

/// The same with an `If-Match`.
pub async fn send_if(
    auth: &Auth,
    (method, path): (&str, &str),
    by: &Answer,
    body: &Value,
    tag: &str,
) -> Answer {
    let body = (!body.is_null()).then_some(body);
    let mut request = request(method, path, Some(by.access()), body);
    let headers = request.headers_mut();
    headers.insert("if-match", tag.parse().unwrap());
    auth.send(request).await
}

/// A path that no caller may use without a token, or with one whose session has ended.
pub async fn needs_a_live_session(auth: &Auth, method: &str, path: &str, body: &Value) {
    let sent = (!body.is_null()).then_some(body);
    auth.send(request(method, path, None, sent))
        .await
        .is(401, "token_missing");
    let gone = auth.customer("gone").await;
    let log_out = request("POST", "/api/v1/auth/logout", Some(gone.access()), None);
    assert_eq!(auth.send(log_out).await.status, 204);
    send(auth, method, path, &gone, body)
        .await
        .is(401, "session_ended");
}
