//! The last results of the shop's own audits, read from product and order as the caller `operator`. A pass waits for
//! one short call at most, and repeats it after half a minute at the earliest, whatever the result was.

use crate::{
    component::Application,
    credentials::{CALLER, Credentials},
    kube::per_stack::{PerStack, StackKey},
    network::request::body,
};
use jiff::Timestamp;
use serde::Deserialize;
use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

/// The limit for connecting, asking and reading. A pass waits for it.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How long results are reused. // OPERATOR 5
const FRESH: Duration = Duration::from_secs(30);
const LONGEST_ANSWER: usize = 64 * 1024;
/// Services audit once an hour: an older result is not current.
const LONGEST_AGE: Duration = Duration::from_hours(3);

/// One client for all stacks, since creating one reads the root certificates. A connection serves one request.
static CLIENT: LazyLock<reqwest::Result<reqwest::Client>> = LazyLock::new(|| {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(0)
        .timeout(TIMEOUT)
        .build()
});

/// The last audit of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audit {
    /// It could not be read, and why.
    NotRead(String),
    /// None has ended yet.
    None,
    /// The last one ended too long ago.
    Overdue(Timestamp),
    Consistent(Timestamp),
    Problems(Timestamp, Vec<AuditFinding>),
}

/// All findings of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AuditFinding {
    pub code: String,
    /// Of the first of them.
    pub message: String,
    pub count: u64,
}

/// Both audits of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audits {
    pub stock: Audit,
    pub orders: Audit,
}

impl Audits {
    pub fn not_read(why: &str) -> Self {
        Self {
            stock: Audit::NotRead(why.to_owned()),
            orders: Audit::NotRead(why.to_owned()),
        }
    }

    /// Whether both found no problems; otherwise they are read more often.
    pub fn are_settled(&self) -> bool {
        [&self.stock, &self.orders]
            .iter()
            .all(|audit| matches!(audit, Audit::Consistent(_)))
    }
}

/// What `GET /internal/audit` answers; a newer service may add fields.
#[derive(Deserialize)]
struct Answer {
    consistent: Option<bool>,
    finished_at: Option<Timestamp>,
    #[serde(default)]
    findings: Vec<AuditFinding>,
}

/// The last results, and when they were read.
pub type Reads = PerStack<(Instant, Audits)>;

/// Reads both audits, or returns the results of the last half minute.
pub async fn read(reads: &Reads, key: &StackKey, credentials: &Credentials) -> Audits {
    if let Some(audits) = reads.fresh(key, FRESH) {
        return audits;
    }
    let audits = match credentials.internal_token(CALLER) {
        Some(token) => {
            let url = |application| address(key, application);
            let (stock, orders) = futures::join!(
                ask(url(Application::Product), token),
                ask(url(Application::Order), token),
            );
            Audits { stock, orders }
        }
        None => Audits::not_read("the stack's Secret of internal tokens has none for the operator"),
    };
    reads.insert(key, (Instant::now(), audits.clone()));
    audits
}

fn address((namespace, name): &StackKey, application: Application) -> String {
    let application = application.into_str();
    format!("http://{name}-{application}-internal.{namespace}.svc:8081/internal/audit")
}

async fn ask(url: String, token: &str) -> Audit {
    // The client's own timeout does not include resolving the name.
    match tokio::time::timeout(TIMEOUT, request(&url, token)).await {
        Ok(Ok(body)) => understand(&body, Timestamp::now()),
        Ok(Err(why)) => Audit::NotRead(format!("GET {url}: {why}")),
        Err(_) => Audit::NotRead(format!(
            "GET {url}: no response within {} s",
            TIMEOUT.as_secs()
        )),
    }
}

async fn request(url: &str, token: &str) -> Result<Vec<u8>, String> {
    let client = CLIENT
        .as_ref()
        .map_err(|error| format!("cannot create an HTTP client: {error}"))?;
    let answer = client.get(url).bearer_auth(token).send().await;
    let answer = answer.map_err(|error| telemetry::root_cause(&error))?;
    if answer.status() != 200 {
        return Err(format!("the response status is {}", answer.status()));
    }
    let body = body(answer, LONGEST_ANSWER).await;
    let body = body.map_err(|error| telemetry::root_cause(&error))?;
    body.ok_or_else(|| "the response is too long".to_owned())
}

fn understand(body: &[u8], now: Timestamp) -> Audit {
    let answer: Answer = match serde_json::from_slice(body) {
        Ok(answer) => answer,
        Err(error) => return Audit::NotRead(format!("the response cannot be parsed: {error}")),
    };
    let (Some(consistent), Some(finished_at)) = (answer.consistent, answer.finished_at) else {
        return Audit::None;
    };
    let age = now.duration_since(finished_at);
    if age.as_secs() > i64::try_from(LONGEST_AGE.as_secs()).unwrap_or(i64::MAX) {
        Audit::Overdue(finished_at)
    } else if consistent {
        Audit::Consistent(finished_at)
    } else {
        Audit::Problems(finished_at, answer.findings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, http::HeaderMap, routing::get};
    use tokio::net::TcpListener;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn read(body: &str) -> Audit {
        understand(body.as_bytes(), at("2026-11-29T12:00:00Z"))
    }

    #[test]
    fn answers_are_told_apart() {
        let none = r#"{"consistent":null,"finished_at":null,"findings":[],"running":true}"#;
        assert_eq!(read(none), Audit::None);
        let well = r#"{"consistent":true,"finished_at":"2026-11-29T11:30:00.5Z","findings":[],"running":false,"new":1}"#;
        assert_eq!(read(well), Audit::Consistent(at("2026-11-29T11:30:00.5Z")));
        let old = well.replace("T11", "T08");
        assert_eq!(read(&old), Audit::Overdue(at("2026-11-29T08:30:00.5Z")));
        let finding = r#"{"code":"held","message":"MUG at main: held 2, lines say 1","count":3}"#;
        let wrong = well
            .replace("true", "false")
            .replace("[]", &format!("[{finding}]"));
        let finding: AuditFinding = serde_json::from_str(finding).unwrap();
        assert_eq!(
            read(&wrong),
            Audit::Problems(at("2026-11-29T11:30:00.5Z"), vec![finding])
        );
        for nonsense in ["", "[]", r#"{"consistent":"yes"}"#, "{}}"] {
            assert!(matches!(read(nonsense), Audit::NotRead(_)), "{nonsense}");
        }
    }

    async fn serve(routes: Router) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/internal/audit", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, routes).await });
        url
    }

    #[tokio::test]
    async fn a_service_is_asked_with_the_operators_token_and_for_a_moment_only() {
        let answer = async |headers: HeaderMap| {
            if headers["authorization"] == "Bearer the-token" {
                Ok(r#"{"consistent":null,"finished_at":null}"#)
            } else {
                Err(axum::http::StatusCode::UNAUTHORIZED)
            }
        };
        let url = serve(Router::new().route("/internal/audit", get(answer))).await;
        assert_eq!(ask(url.clone(), "the-token").await, Audit::None);
        let Audit::NotRead(why) = ask(url, "another").await else {
            panic!("admitted")
        };
        assert!(
            why.ends_with("the response status is 401 Unauthorized"),
            "{why}"
        );
        let older = serve(Router::new()).await;
        assert!(
            matches!(ask(older, "the-token").await, Audit::NotRead(why) if why.contains("404"))
        );
        let silent = async || -> &'static str {
            tokio::time::sleep(Duration::from_mins(1)).await;
            ""
        };
        let silent = serve(Router::new().route("/internal/audit", get(silent))).await;
        let asked = Instant::now();
        assert!(matches!(ask(silent, "the-token").await, Audit::NotRead(_)));
        assert!(asked.elapsed() < Duration::from_secs(10));
        let long = async || "x".repeat(LONGEST_ANSWER * 2);
        let long = serve(Router::new().route("/internal/audit", get(long))).await;
        assert!(
            matches!(ask(long, "the-token").await, Audit::NotRead(why) if why.ends_with("too long"))
        );
        let unreachable = "http://127.0.0.1:1/internal/audit".to_owned();
        assert!(matches!(
            ask(unreachable, "the-token").await,
            Audit::NotRead(_)
        ));
    }

    /// A failure, too: a service that fails is not asked at every pass.
    #[tokio::test]
    async fn what_was_read_a_moment_ago_is_not_asked_again() {
        let (reads, key) = (Reads::default(), ("shops".to_owned(), "shop".to_owned()));
        let audits = Audits::not_read("no answer");
        reads.insert(&key, (Instant::now(), audits.clone()));
        let none = Credentials::default();
        assert_eq!(super::read(&reads, &key, &none).await, audits);
        reads.remove(&key);
        assert_ne!(super::read(&reads, &key, &none).await, audits);
    }
}
