mod create_api_key;
mod exchange_api_key;
mod list_api_keys;
mod revoke_api_key;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use crate::support::fixture::{Answer, Auth, PASSWORD, request};

const PATH: &str = "/api/v1/api-keys";
const TOKEN: &str = "/api/v1/auth/token";

async fn create(auth: &Auth, token: &str, body: Value) -> Answer {
    auth.send(request("POST", PATH, Some(token), Some(&body)))
        .await
}

/// A new key with these permissions.
async fn key(auth: &Auth, token: &str, permissions: &[&str]) -> Answer {
    let body = json!({ "name": "Import", "permissions": permissions });
    let answer = create(auth, token, body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer
}

async fn exchange(auth: &Auth, key: &str) -> Answer {
    auth.post(TOKEN, json!({ "api_key": key })).await
}

async fn revoke(auth: &Auth, token: &str, id: &str) -> Answer {
    let path = format!("{PATH}/{id}");
    auth.send(request("DELETE", &path, Some(token), None)).await
}

/// A user with these roles who is logged in.
async fn with_roles(auth: &Auth, pool: &PgPool, name: &str, roles: &str) -> Answer {
    auth.customer(name).await;
    run(
        pool,
        &format!("UPDATE users SET roles = '{{{roles}}}' WHERE username = '{name}'"),
    )
    .await;
    let answer = auth.log_in(name, PASSWORD).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer
}

async fn run(pool: &PgPool, statement: &str) {
    let statement = AssertSqlSafe(statement.to_owned());
    sqlx::query(statement).execute(pool).await.unwrap();
}

async fn count(pool: &PgPool, what: &str) -> i64 {
    let statement = AssertSqlSafe(format!("SELECT count(*) FROM {what}"));
    sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
}

/// What a token claims.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

/// The UUID of a prefixed id.
fn bare(id: &str) -> &str {
    id.split_once('_').unwrap().1
}
