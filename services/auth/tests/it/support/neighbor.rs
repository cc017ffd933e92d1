//! Another service, which calls the internal port.

use std::path::PathBuf;

use access::{TokenSettings, internal::AuthClient};
use auth::http;
use axum::{Router, body::Body, http::Request};
use erasure::DueErasures;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;
use web::server::{Port, layered};

use super::fixture::{Answer, Auth, request, scope};

pub const DUE: &str = "/internal/erasures";
pub const RESULTS: &str = "/internal/erasures/results";

/// The internal port, and the services whose tokens it knows.
pub struct Internal {
    router: Router,
    tokens: PathBuf,
}

impl Internal {
    pub fn of(auth: &Auth) -> Self {
        let tokens = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("callers-{}", clock::Ids::system().uuid()));
        std::fs::create_dir_all(&tokens).unwrap();
        for caller in ["product", "order"] {
            std::fs::write(tokens.join(caller), format!("token of {caller}\n")).unwrap();
        }
        let internal = http::internal(auth.app.clone(), &tokens);
        let router = layered(internal, &TaskTracker::new(), Port::Internal);
        Self { router, tokens }
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    /// The client with which order calls this port.
    pub async fn client(&self) -> AuthClient {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = self.router.clone();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let settings = TokenSettings {
            scope: scope(),
            jwks_url: format!("http://{address}/.well-known/jwks.json"),
            revocations_url: format!("http://{address}/internal/revocations"),
        };
        settings.auth_client(self.tokens.join("order")).unwrap()
    }

    /// The users that order is to forget now.
    pub async fn due(&self) -> Vec<String> {
        let due = request("GET", DUE, Some("token of order"), None);
        let due = self.send(due).await;
        assert_eq!(due.status, 200, "{}", due.body);
        let due: DueErasures = serde_json::from_value(due.body).unwrap();
        due.users.iter().map(ToString::to_string).collect()
    }

    /// A report of order.
    pub async fn report(&self, erased: &[&str], postponed: &[&str]) -> Answer {
        let body = json!({ "erased": erased, "postponed": postponed });
        self.send(request(
            "POST",
            RESULTS,
            Some("token of order"),
            Some(&body),
        ))
        .await
    }
}

impl Answer {
    /// The UUID of the user of a login, as services exchange it.
    pub fn user_uuid(&self) -> &str {
        self.user().trim_start_matches("usr_")
    }
}
