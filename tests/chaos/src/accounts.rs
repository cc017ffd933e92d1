//! Accounts of a shop: people who register and log in by auth's public API, and what ends their tokens.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use local_shop::{Member, Shop, Workload};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::arena::expect;

pub const PASSWORD: &str = "correct horse battery";
/// The first admin of a local shop.
const ADMIN: &str = "admin@example.com";
const FIRST_ADMIN: Duration = Duration::from_secs(20);

/// Auth, by one of its processes.
#[derive(Clone)]
pub struct Auth {
    client: Client,
    url: String,
}

/// What a login or a refresh returned.
#[derive(Clone, Debug)]
pub struct Login {
    pub access: String,
    pub refresh: String,
    pub user: String,
    pub email: String,
}

impl Auth {
    pub fn of(shop: &Shop, client: &Client, process: usize) -> Result<Self> {
        Ok(Self {
            client: client.clone(),
            url: shop.url(Member(Workload::Auth, process))?,
        })
    }

    /// A request by the holder of this access token.
    pub fn call(&self, method: Method, path: &str, access: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(access)
    }

    fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}/api/v1/{path}", self.url))
    }

    /// A new customer.
    pub async fn register(&self, name: &str) -> Result<Login> {
        let email = format!("{name}@example.com");
        let body = json!({ "email": email, "password": PASSWORD, "full_name": "Ann Example" });
        let request = self.anonymous(Method::POST, "auth/register").json(&body);
        login(&expect(request, 201).await?)
    }

    pub async fn log_in(&self, email: &str) -> Result<Login> {
        let body = json!({ "email": email, "password": PASSWORD });
        let request = self.anonymous(Method::POST, "auth/login").json(&body);
        login(&expect(request, 200).await?)
    }

    /// The first admin, whom a background task of auth creates.
    pub async fn admin(&self, shop: &Shop) -> Result<Login> {
        let begun = Instant::now();
        let exists = format!("SELECT 1 FROM users WHERE email = '{ADMIN}'");
        while shop.sql("auth", &exists)?.is_empty() {
            ensure!(begun.elapsed() < FIRST_ADMIN, "there is no {ADMIN}");
            sleep(Duration::from_millis(50)).await;
        }
        self.log_in(ADMIN).await
    }

    /// The next tokens of a session.
    pub async fn refresh(&self, token: &str) -> Result<Login> {
        login(&expect(self.refreshing(token), 200).await?)
    }

    /// The request for the next tokens of a session, which may be refused.
    pub fn refreshing(&self, token: &str) -> RequestBuilder {
        let body = json!({ "refresh_token": token });
        self.anonymous(Method::POST, "auth/refresh").json(&body)
    }

    /// The request for an access token of an API key.
    pub fn exchanging(&self, key: &str) -> RequestBuilder {
        let body = json!({ "api_key": key });
        self.anonymous(Method::POST, "auth/token").json(&body)
    }

    /// The id of the session that this access token belongs to.
    pub async fn session(&self, access: &str) -> Result<String> {
        let list = expect(self.call(Method::GET, "auth/sessions", access), 200).await?;
        let sessions = list["data"].as_array().context("no list")?;
        let current = sessions.iter().find(|session| session["current"] == true);
        text(current.context("no current session")?, "id")
    }

    /// A custom role with these permissions, which the holder of `access` creates.
    pub async fn create_role(&self, access: &str, name: &str, permissions: &[&str]) -> Result<()> {
        let body = json!({ "name": name, "permissions": permissions });
        let request = self.call(Method::POST, "roles", access).json(&body);
        expect(request, 201).await.map(drop)
    }

    pub async fn assign(&self, access: &str, user: &str, role: &str) -> Result<()> {
        let path = format!("users/{user}/roles");
        let request = self.call(Method::POST, &path, access);
        let request = request.json(&json!({ "role": role }));
        expect(request, 200).await.map(drop)
    }

    /// An API key with these permissions: its id and the key.
    pub async fn create_key(&self, access: &str, permissions: &[&str]) -> Result<(String, String)> {
        let body = json!({ "name": "Import", "permissions": permissions });
        let request = self.call(Method::POST, "api-keys", access).json(&body);
        let created = expect(request, 201).await?;
        Ok((text(&created, "id")?, text(&created, "key")?))
    }
}

/// A text member of an object.
pub fn text(object: &Value, name: &str) -> Result<String> {
    let text = object[name].as_str();
    ensure!(text.is_some(), "there is no {name} in {object}");
    Ok(text.unwrap_or_default().to_owned())
}

fn login(body: &Value) -> Result<Login> {
    Ok(Login {
        access: text(body, "access_token")?,
        refresh: text(body, "refresh_token")?,
        user: text(&body["user"], "id")?,
        email: text(&body["user"], "email")?,
    })
}
