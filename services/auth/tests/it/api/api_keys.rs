mod create_api_key;
mod exchange_api_key;
mod list_api_keys;
mod revoke_api_key;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use crate::support::fixture::{Answer, Auth, request};

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

async fn run(pool: &PgPool, statement: &str) {
    let statement = AssertSqlSafe(statement.to_owned());
    sqlx::query(statement).execute(pool).await.unwrap();
}

async fn count(pool: &PgPool, what: &str) -> i64 {
    let statement = AssertSqlSafe(format!("SELECT count(*) FROM {what}"));
    sqlx::query_scalar(statement).fetch_one(pool).await.unwrap()
}

/// The UUID of a prefixed id.
fn bare(id: &str) -> &str {
    id.split_once('_').unwrap().1
}
