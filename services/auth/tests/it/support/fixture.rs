//! A running auth service and a client of it.

use std::{collections::BTreeMap, net::SocketAddr};

use access::TokenScope;
use auth::{
    accounts::{
        model::UserId,
        passwords::{HashingLimits, Passwords},
        sign_up::VendorSignup,
    },
    app::App,
    credentials::{
        model::{Purpose, TokenId},
        request_reset,
    },
    http,
    limits::{
        account::AccountLimits,
        address::{AddressCounters, AddressLimits},
        api_key::KeyCounters,
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
use clock::{Clock, Ids, Jitter};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use web::server::{Port, layered};

pub const PASSWORD: &str = "correct horse battery";
/// The User-Agent of Firefox on Linux.
pub const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

pub struct Auth {
    pub app: App,
    /// The initial keys: k1 signs, k2 is published.
    pub keys: KeyFiles,
    router: Router,
    /// The task of password resets runs until this is dropped.
    _stop: watch::Sender<bool>,
}

/// A message as its sender finds it: by the event, and the row that the event names.
pub struct Message {
    pub to: String,
    pub token: String,
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
        let (reset_requests, waiting_resets) = request_reset::queue();
        let app = App {
            pool: pool.into(),
            clock: Clock::system(),
            ids: Ids::system(),
            keys: SigningKeys::try_new(&keys, &scope()).unwrap(),
            server_key: ServerKey::try_from(settings.server_key.as_slice()).unwrap(),
            passwords: Passwords::try_new(settings.hashing).unwrap(),
            account_limits: settings.account,
            address_counters: AddressCounters::new(settings.address),
            key_counters: KeyCounters::default(),
            vendor_signup: settings.vendor_signup,
            reset_requests,
            require_mfa: settings.require_mfa,
        };
        let (stop, running) = watch::channel(false);
        tokio::spawn(waiting_resets.work(app.clone(), Jitter::random(), running));
        let peer: SocketAddr = "10.42.0.1:40000".parse().unwrap();
        let public = http::public(app.clone());
        let router =
            layered(public, &TaskTracker::new(), Port::Public).layer(Extension(ConnectInfo(peer)));
        Self {
            app,
            keys,
            router,
            _stop: stop,
        }
    }

    /// The newest message of this purpose to the user of a login, and its token as the sender derives it.
    pub async fn message(&self, login: &Answer, purpose: Purpose) -> Option<Message> {
        let user: UserId = login.text("/user/id").parse().unwrap();
        let row: Option<(uuid::Uuid, String)> = sqlx::query_as(
            "SELECT account_tokens.id, email FROM events
             JOIN account_tokens ON data ->> 'token_id' = 'tok_' || account_tokens.id
             WHERE events.user_id = $1 AND event_type = $2 AND purpose = $3",
        )
        .bind(user.0)
        .bind(purpose.event().into_str())
        .bind(purpose.into_str())
        .fetch_optional(self.app.pool.sessions())
        .await
        .unwrap();
        row.map(|(id, to)| Message {
            to,
            token: self.app.server_key.account_token(TokenId(id)).reveal(),
        })
    }

    /// The number of events of this type.
    pub async fn events(&self, event_type: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM events WHERE event_type = $1")
            .bind(event_type)
            .fetch_one(self.app.pool.sessions())
            .await
            .unwrap()
    }

    pub async fn post_as(&self, login: &Answer, path: &str, body: Value) -> Answer {
        let token = Some(login.access());
        self.send(request("POST", path, token, Some(&body))).await
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

    /// Changes the database behind the service's back.
    pub async fn run(&self, statement: &str) {
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        let pool = self.app.pool.sessions();
        sqlx::raw_sql(statement).execute(pool).await.unwrap();
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

    /// A login by a client that calls itself `agent`; `more` are further members of the body.
    pub async fn log_in_by(&self, agent: &str, identifier: &str, more: Value) -> Answer {
        let mut body = more;
        body["email"] = json!(identifier);
        body["password"] = json!(PASSWORD);
        let mut request = request("POST", "/api/v1/auth/login", None, Some(&body));
        let headers = request.headers_mut();
        headers.insert(header::USER_AGENT, agent.parse().unwrap());
        self.send(request).await
    }

    /// A refresh by a browser with this token in its cookie, from a page of the shop.
    pub async fn refresh_in_browser(&self, token: &str) -> Answer {
        let mut request = request("POST", "/api/v1/auth/refresh", None, None);
        add_cookie(&mut request, token);
        self.send(request).await
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

    /// The refresh token in the cookie that the response sets.
    pub fn refresh_cookie(&self) -> &str {
        let cookies = self.headers_named("set-cookie").into_iter();
        let mut tokens = cookies.filter_map(|cookie| cookie.strip_prefix("refresh_token="));
        let cookie = tokens.next().unwrap_or_else(|| panic!("no refresh_token"));
        cookie.split(';').next().unwrap()
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

/// What a browser adds on a page of the shop.
pub fn add_cookie(request: &mut Request<Body>, token: &str) {
    let cookie = format!("theme=dark; refresh_token={token}");
    for (name, value) in [
        (header::HOST, "shop.localhost"),
        (header::ORIGIN, "https://shop.localhost"),
        (header::COOKIE, &cookie),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
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
