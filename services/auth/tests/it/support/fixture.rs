//! A running auth service and a client of it.

use std::{collections::BTreeMap, net::SocketAddr};

use access::TokenScope;
use auth::{
    accounts::{
        passwords::{HashingLimits, Passwords},
        sign_up::VendorSignup,
    },
    app::App,
    http,
    limits::{
        account::AccountLimits,
        address::{AddressCounters, AddressLimits},
    },
    mfa::policy::RequireMfa,
    tokens::{
        secret::ServerKey,
        signing::{KeyFiles, SigningKeys},
    },
};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use axum::{
    Extension, Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderMap, Request, header},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use clock::{Clock, Ids};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use web::server::{Port, layered};

pub const PASSWORD: &str = "correct horse battery";

pub struct Auth {
    pub app: App,
    /// The initial keys: k1 signs, k2 is published.
    pub keys: KeyFiles,
    router: Router,
}

pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

/// Settings that a test may change.
pub struct Settings {
    pub address: AddressLimits,
    pub account: AccountLimits,
    pub hashing: HashingLimits,
    pub vendor_signup: VendorSignup,
    pub require_mfa: RequireMfa,
    pub server_key: [u8; 32],
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            address: AddressLimits::default(),
            account: AccountLimits {
                account_limit_per_15_minutes: 10,
                account_refresh_limit_per_15_minutes: 300,
            },
            hashing: HashingLimits {
                hashing_threads: 2,
                hashing_line: 128,
            },
            vendor_signup: VendorSignup::Open,
            require_mfa: RequireMfa::None,
            server_key: [7; 32],
        }
    }
}

pub fn scope() -> TokenScope {
    TokenScope {
        issuer: "http://shop.localhost".into(),
        audience: "test/shop".into(),
    }
}

pub fn pem() -> String {
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
        .unwrap();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        BASE64_STANDARD.encode(key.as_ref())
    )
}

fn key_files(active: &str, kids: &[&str]) -> KeyFiles {
    let pem_by_kid: BTreeMap<_, _> = kids.iter().map(|kid| ((*kid).to_owned(), pem())).collect();
    KeyFiles {
        active: active.to_owned(),
        pem_by_kid,
    }
}

impl Auth {
    pub fn new(pool: PgPool) -> Self {
        Self::with(pool, Settings::default())
    }

    pub fn with(pool: PgPool, settings: Settings) -> Self {
        let keys = key_files("k1", &["k1", "k2"]);
        let app = App {
            pool: pool.into(),
            clock: Clock::system(),
            ids: Ids::system(),
            keys: SigningKeys::try_new(&keys, &scope()).unwrap(),
            server_key: ServerKey::try_from(settings.server_key.as_slice()).unwrap(),
            passwords: Passwords::try_new(settings.hashing).unwrap(),
            account_limits: settings.account,
            address_counters: AddressCounters::new(settings.address),
            vendor_signup: settings.vendor_signup,
            require_mfa: settings.require_mfa,
        };
        let peer: SocketAddr = "10.42.0.1:40000".parse().unwrap();
        let public = http::public(app.clone());
        let router =
            layered(public, &TaskTracker::new(), Port::Public).layer(Extension(ConnectInfo(peer)));
        Self { app, keys, router }
    }

    /// Everything on the public port.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap()
        };
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(request("GET", path, Some(token), None)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(request("POST", path, None, Some(&body))).await
    }

    /// A newly registered customer; the response has their tokens.
    pub async fn customer(&self, name: &str) -> Answer {
        let answer = self.post("/api/v1/auth/register", registration(name)).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer
    }

    pub async fn log_in(&self, identifier: &str, password: &str) -> Answer {
        self.post(
            "/api/v1/auth/login",
            json!({ "email": identifier, "password": password }),
        )
        .await
    }

    /// A login from the device with this token.
    pub async fn log_in_on(&self, device: &str, identifier: &str, password: &str) -> Answer {
        let body = json!({ "email": identifier, "password": password });
        let mut request = request("POST", "/api/v1/auth/login", None, Some(&body));
        request
            .headers_mut()
            .insert("device-token", device.parse().unwrap());
        self.send(request).await
    }

    pub async fn refresh(&self, token: &str) -> Answer {
        self.post("/api/v1/auth/refresh", json!({ "refresh_token": token }))
            .await
    }

    /// Through an ingress that forwards this client address.
    pub async fn post_from(&self, client: &str, path: &str, body: &Value) -> Answer {
        let mut request = request("POST", path, None, Some(body));
        request
            .headers_mut()
            .insert("x-forwarded-for", client.parse().unwrap());
        self.send(request).await
    }
}

impl Answer {
    pub fn text(&self, pointer: &str) -> &str {
        self.body
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_else(|| panic!("no {pointer} in {}", self.body))
    }

    pub fn access(&self) -> &str {
        self.text("/access_token")
    }

    pub fn refresh(&self) -> &str {
        self.text("/refresh_token")
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .unwrap_or_else(|| panic!("no {name}"))
            .to_str()
            .unwrap()
    }

    pub fn device(&self) -> &str {
        self.text("/device_token")
    }

    pub fn headers_named(&self, name: &str) -> Vec<&str> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| value.to_str().unwrap()).collect()
    }

    /// Asserts that the response is this problem.
    #[track_caller]
    pub fn is(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status, self.text("/code")),
            (status, code),
            "{}",
            self.body
        );
        assert_eq!(self.header("content-type"), "application/problem+json");
    }

    /// Asserts a 422 that names this field.
    #[track_caller]
    pub fn is_invalid(&self, pointer: &str) {
        assert_eq!(
            (self.status, self.text("/errors/0/pointer")),
            (422, pointer),
            "{}",
            self.body
        );
    }
}

pub fn registration(name: &str) -> Value {
    json!({ "email": format!("{name}@example.com"), "password": PASSWORD, "full_name": "Ann Example", "username": name })
}

pub fn request(
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let Some(body) = body else {
        return request.body(Body::empty()).unwrap();
    };
    request
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.to_string().into())
        .unwrap()
}
