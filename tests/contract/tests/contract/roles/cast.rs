//! The people of the matrix, all registered with auth, and the objects of two of them: Bob, who has ordered, and Vera, who
//! sells.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clock::Ids;
use local_shop::{Member, Shop, Workload};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::time::sleep;

pub const PASSWORD: &str = "correct horse battery";
/// The custom roles: one permission, and all but one.
pub const ONLY: &str = "only";
pub const OTHERS: &str = "others";
/// A role that permits nothing.
pub const EMPTY: &str = "empty";
const PATIENCE: Duration = Duration::from_secs(30);

/// What a login returned.
#[derive(Clone)]
pub struct Person {
    pub access: String,
    pub refresh: String,
    pub id: String,
    pub email: String,
}

/// The objects that the operations are called on.
#[derive(Default)]
pub struct Objects {
    pub address: String,
    pub draft: String,
    pub sku: String,
    pub order: String,
    pub payment: String,
    pub fulfillment: String,
    pub returned: String,
    pub saga: String,
}

pub struct Cast {
    pub shop: Shop,
    pub client: Client,
    /// The first admin, who has no other role.
    pub admin: Person,
    /// Holds all built-in roles, and with them every permission: a caller grants only what they hold.
    pub owner: Person,
    pub customer: Person,
    pub vendor: Person,
    /// They hold only the custom role of this name.
    pub only: Person,
    pub others: Person,
    pub bob: Person,
    pub vera: Person,
    /// A user whose status and roles are changed.
    pub subject: Person,
    pub objects: Objects,
}

/// Sends a request, and returns the body of a success.
pub async fn done(request: RequestBuilder) -> Result<Value> {
    let answer = request.send().await?;
    let (url, status, body) = (answer.url().clone(), answer.status(), answer.text().await?);
    ensure!(status.is_success(), "{url}: {status}: {body}");
    Ok(serde_json::from_str(&body).unwrap_or_default())
}

fn text(body: &Value, pointer: &str) -> Result<String> {
    let text = body.pointer(pointer).and_then(Value::as_str);
    Ok(text
        .with_context(|| format!("no {pointer} in {body}"))?
        .to_owned())
}

fn person(body: &Value) -> Result<Person> {
    Ok(Person {
        access: text(body, "/access_token")?,
        refresh: text(body, "/refresh_token")?,
        id: text(body, "/user/id")?,
        email: text(body, "/user/email")?,
    })
}

impl Cast {
    pub async fn gather(shop: Shop) -> Result<Self> {
        let client = Client::builder().no_proxy().build()?;
        let unknown = Person {
            access: String::new(),
            refresh: String::new(),
            id: String::new(),
            email: "admin@example.com".to_owned(),
        };
        let [owner, customer, vendor, only, others, bob, vera, subject] =
            [(); 8].map(|()| unknown.clone());
        let mut cast = Self {
            shop,
            client,
            admin: unknown,
            owner,
            customer,
            vendor,
            only,
            others,
            bob,
            vera,
            subject,
            objects: Objects::default(),
        };
        cast.admin = cast.first_admin().await?;
        cast.owner = cast.register("owner", "customer").await?;
        for role in ["vendor", "admin"] {
            cast.assign(&cast.owner, role).await?;
        }
        cast.owner = cast.log_in(&cast.owner.email).await?;
        cast.customer = cast.register("cora", "customer").await?;
        cast.vendor = cast.register("vic", "vendor").await?;
        cast.bob = cast.register("bob", "customer").await?;
        cast.vera = cast.register("vera", "vendor").await?;
        cast.subject = cast.register("sue", "customer").await?;
        for role in [ONLY, OTHERS, EMPTY] {
            cast.create_role(role).await?;
        }
        cast.only = cast.holder(ONLY).await?;
        cast.others = cast.holder(OTHERS).await?;
        cast.sell().await?;
        cast.order().await?;
        cast.objects.address = cast.address().await?;
        Ok(cast)
    }

    /// A request without a token.
    pub fn anonymous(&self, method: &Method, workload: Workload, path: &str) -> RequestBuilder {
        let url = self.shop.url(Member(workload, 0)).unwrap();
        let request = self
            .client
            .request(method.clone(), format!("{url}/api/v1/{path}"));
        if *method == Method::GET {
            return request;
        }
        let key = Ids::system().uuid().to_string();
        request
            .header("If-Match", "*")
            .header("Idempotency-Key", key)
    }

    pub fn call(
        &self,
        method: &Method,
        workload: Workload,
        path: &str,
        by: &Person,
    ) -> RequestBuilder {
        self.anonymous(method, workload, path)
            .bearer_auth(&by.access)
    }

    async fn first_admin(&self) -> Result<Person> {
        let begun = Instant::now();
        let exists = format!("SELECT 1 FROM users WHERE email = '{}'", self.admin.email);
        while self.shop.sql("auth", &exists)?.is_empty() {
            ensure!(begun.elapsed() < PATIENCE, "there is no admin");
            sleep(Duration::from_millis(50)).await;
        }
        self.log_in(&self.admin.email).await
    }

    pub async fn register(&self, name: &str, role: &str) -> Result<Person> {
        let body = json!({
            "email": format!("{name}@example.com"), "password": PASSWORD, "full_name": "Ann Example", "role": role,
        });
        let request = self.anonymous(&Method::POST, Workload::Auth, "auth/register");
        person(&done(request.json(&body)).await?)
    }

    pub async fn log_in(&self, email: &str) -> Result<Person> {
        let body = json!({ "email": email, "password": PASSWORD });
        let request = self.anonymous(&Method::POST, Workload::Auth, "auth/login");
        person(&done(request.json(&body)).await?)
    }

    pub async fn assign(&self, to: &Person, role: &str) -> Result<()> {
        let path = format!("users/{}/roles", to.id);
        let by = if self.owner.access.is_empty() || to.id == self.owner.id {
            &self.admin
        } else {
            &self.owner
        };
        let request = self.call(&Method::POST, Workload::Auth, &path, by);
        done(request.json(&json!({ "role": role }))).await.map(drop)
    }

    pub async fn create_role(&self, name: &str) -> Result<()> {
        let body = json!({ "name": name, "permissions": [] });
        let request = self.call(&Method::POST, Workload::Auth, "roles", &self.owner);
        let answer = request.json(&body).send().await?;
        let there = [StatusCode::CREATED, StatusCode::CONFLICT].contains(&answer.status());
        ensure!(there, "{name}: {}", answer.text().await?);
        Ok(())
    }

    /// A user with this role and no other.
    async fn holder(&self, role: &str) -> Result<Person> {
        let user = self
            .register(&format!("holder-of-{role}"), "customer")
            .await?;
        self.assign(&user, role).await?;
        let path = format!("users/{}/roles/customer", user.id);
        done(self.call(&Method::DELETE, Workload::Auth, &path, &self.owner)).await?;
        self.log_in(&user.email).await
    }

    /// Gives both custom roles other permissions, and their holders tokens with them.
    pub async fn hold(&mut self, only: &[String], others: &[String]) -> Result<()> {
        for (role, permissions) in [(ONLY, json!(only)), (OTHERS, json!(others))] {
            let request = self.call(
                &Method::PATCH,
                Workload::Auth,
                &format!("roles/{role}"),
                &self.owner,
            );
            done(request.json(&json!({ "permissions": permissions }))).await?;
        }
        self.only = self.log_in(&self.only.email).await?;
        self.others = self.log_in(&self.others.email).await?;
        Ok(())
    }

    /// A new API key of Bob's: its id and the key.
    pub async fn api_key(&self) -> Result<(String, String)> {
        let body = json!({ "name": "Import", "permissions": ["orders:read:own"] });
        let request = self.call(&Method::POST, Workload::Auth, "api-keys", &self.bob);
        let created = done(request.json(&body)).await?;
        Ok((text(&created, "/id")?, text(&created, "/key")?))
    }

    /// A new session of Bob's: its id.
    pub async fn session(&self) -> Result<String> {
        let login = self.log_in(&self.bob.email).await?;
        let request = self.call(&Method::GET, Workload::Auth, "auth/sessions", &login);
        let list = done(request).await?;
        let sessions = list["data"].as_array().context("no list")?;
        let current = sessions.iter().find(|session| session["current"] == true);
        text(current.context("no current session")?, "/id")
    }

    /// A new address of Bob's: its id.
    pub async fn address(&self) -> Result<String> {
        let body = json!({
            "name": "Bob", "line1": "12 St James's Square", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB",
        });
        let request = self.call(
            &Method::POST,
            Workload::Auth,
            "users/me/addresses",
            &self.bob,
        );
        text(&done(request.json(&body)).await?, "/id")
    }

    /// A new draft of Vera's: its id.
    pub async fn draft(&self) -> Result<String> {
        let sku = format!("D{}", Ids::system().uuid().simple());
        let body = json!({ "sku": sku, "name": "Mug", "price": "9.99", "status": "draft" });
        let request = self.call(&Method::POST, Workload::Product, "products", &self.vera);
        text(&done(request.json(&body)).await?, "/id")
    }

    async fn sell(&mut self) -> Result<()> {
        // The product of the documents' examples.
        let body = json!({
            "sku": "MUG-1", "name": "Mug", "price": "9.99", "status": "active", "inventory": { "on_hand": 1_000 },
        });
        let request = self.call(&Method::POST, Workload::Product, "products", &self.vera);
        self.objects.sku = text(&done(request.json(&body)).await?, "/sku")?;
        self.objects.draft = self.draft().await?;
        Ok(())
    }

    /// Bob orders and pays, Vera ships and delivers, and Bob asks for a return.
    async fn order(&mut self) -> Result<()> {
        let post = |path: &str, by: &Person| self.call(&Method::POST, Workload::Order, path, by);
        let body = json!({ "items": [{ "sku": self.objects.sku, "quantity": 1 }] });
        let order = text(&done(post("orders", &self.bob).json(&body)).await?, "/id")?;
        let body = json!({ "order_id": order, "payment_method": "mock_ok" });
        let payment = text(&done(post("payments", &self.bob).json(&body)).await?, "/id")?;
        let path = format!("orders/{order}");
        self.becomes(&path, "/payment_status", "paid").await?;
        let request = post(&format!("{path}/fulfillments"), &self.vera).json(&json!({}));
        let fulfillment = text(&done(request).await?, "/id")?;
        done(post(
            &format!("fulfillments/{fulfillment}/ship"),
            &self.vera,
        ))
        .await?;
        self.becomes(&path, "/fulfillment_status", "shipped")
            .await?;
        done(post(
            &format!("fulfillments/{fulfillment}/deliver"),
            &self.vera,
        ))
        .await?;
        let items = json!({ "items": [{ "sku": self.objects.sku, "quantity": 1 }] });
        let request = post(&format!("{path}/returns"), &self.bob).json(&items);
        let returned = text(&done(request).await?, "/id")?;
        let saga = order.trim_start_matches("ord_").to_owned();
        let objects = &mut self.objects;
        (objects.order, objects.payment, objects.saga) = (order, payment, saga);
        (objects.fulfillment, objects.returned) = (fulfillment, returned);
        Ok(())
    }

    async fn becomes(&self, path: &str, pointer: &str, value: &str) -> Result<()> {
        let begun = Instant::now();
        loop {
            let request = self.call(&Method::GET, Workload::Order, path, &self.bob);
            let body = done(request).await?;
            if text(&body, pointer)? == value {
                return Ok(());
            }
            ensure!(begun.elapsed() < PATIENCE, "{path} is not {value}: {body}");
            sleep(Duration::from_millis(50)).await;
        }
    }
}
