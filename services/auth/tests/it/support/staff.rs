//! People with roles beyond those of a registration, and what they do with roles.

use access::Permissions;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::fixture::{Answer, Auth, PASSWORD, request};

pub const ROLES: &str = "/api/v1/roles";
/// The permissions of one who manages roles and holds little else.
pub const MANAGER: [&str; 4] = [
    "roles:read",
    "roles:write",
    "users:assign_roles",
    "orders:read",
];

impl Auth {
    /// A login of a new user with these roles and no other.
    pub async fn person(&self, name: &str, roles: &[&str]) -> Answer {
        self.customer(name).await;
        self.set_roles(name, roles).await;
        self.log_in(name, PASSWORD).await
    }

    pub async fn admin(&self, name: &str) -> Answer {
        self.person(name, &["admin"]).await
    }

    pub async fn set_roles(&self, name: &str, roles: &[&str]) {
        sqlx::query("UPDATE users SET roles = $2 WHERE username = $1")
            .bind(name)
            .bind(roles)
            .execute(self.app.pool.sessions())
            .await
            .unwrap();
    }

    /// A custom role that an admin might have created.
    pub async fn role(&self, name: &str, permissions: &[&str]) {
        sqlx::query("INSERT INTO roles (name, description, permissions) VALUES ($1, '', $2)")
            .bind(name)
            .bind(permissions)
            .execute(self.app.pool.sessions())
            .await
            .unwrap();
    }

    /// One who manages roles by a custom role.
    pub async fn manager(&self, name: &str) -> Answer {
        self.role("manager", &MANAGER).await;
        self.person(name, &["manager"]).await
    }

    pub async fn create_role(&self, by: &Answer, name: &str, permissions: &[&str]) -> Answer {
        let body = json!({ "name": name, "permissions": permissions });
        self.call("POST", ROLES, by, Some(&body)).await
    }

    pub async fn assign(&self, by: &Answer, to: &Answer, role: &str) -> Answer {
        let body = json!({ "role": role });
        self.call("POST", &roles_of(to), by, Some(&body)).await
    }

    pub async fn remove(&self, by: &Answer, from: &Answer, role: &str) -> Answer {
        let path = format!("{}/{role}", roles_of(from));
        self.call("DELETE", &path, by, None).await
    }

    pub async fn call(
        &self,
        method: &str,
        path: &str,
        by: &Answer,
        body: Option<&Value>,
    ) -> Answer {
        self.send(request(method, path, Some(by.access()), body))
            .await
    }

    /// The same with `If-Match`.
    pub async fn patch_role(&self, by: &Answer, name: &str, etag: &str, body: &Value) -> Answer {
        let path = format!("{ROLES}/{name}");
        let mut request = request("PATCH", &path, Some(by.access()), Some(body));
        let headers = request.headers_mut();
        headers.insert("if-match", etag.parse().unwrap());
        self.send(request).await
    }

    /// The audit log: actor, action, target.
    pub async fn audited(&self) -> Vec<(String, String, String)> {
        let rows: Vec<(uuid::Uuid, String, String)> =
            sqlx::query_as("SELECT actor_id, action, target FROM audit_log ORDER BY id")
                .fetch_all(self.app.pool.sessions())
                .await
                .unwrap();
        let rows = rows.into_iter();
        rows.map(|(actor, action, target)| (format!("usr_{actor}"), action, target))
            .collect()
    }
}

impl Answer {
    pub fn user(&self) -> &str {
        self.text("/user/id")
    }

    /// The payload of the access token.
    pub fn claims(&self) -> Value {
        let payload = self.access().split('.').nth(1).unwrap();
        let payload = BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap();
        serde_json::from_slice(&payload).unwrap()
    }

    /// What the access token permits.
    pub fn permissions(&self) -> Permissions {
        Permissions::of_scope(self.claims()["scope"].as_str().unwrap())
    }

    pub fn names(&self) -> Vec<&str> {
        let rows = self.body["data"].as_array().unwrap();
        rows.iter()
            .map(|row| row["name"].as_str().unwrap())
            .collect()
    }
}

pub fn roles_of(login: &Answer) -> String {
    format!("/api/v1/users/{}/roles", login.user())
}
