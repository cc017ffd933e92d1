//! What every service of a shop serves beside its own endpoints: aliases, health, OpenAPI, Swagger UI, version, probes.

use std::{pin::Pin, sync::Arc, time::Duration};

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use serde::Serialize;
use serde_json::json;
use tokio::{sync::Mutex, time::Instant};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::SwaggerUi;

use crate::document;

/// When a dependency was checked, and the result.
type Checked = (Instant, Result<(), String>);

/// How long a shared check counts.
const FRESH: Duration = Duration::from_secs(1);

/// A dependency that a service cannot work without, and its check.
#[derive(Clone)]
pub struct Dependency {
    pub name: &'static str,
    pub check: Arc<dyn Fn() -> Checking + Send + Sync>,
}

/// A running check: it returns the reason if the dependency does not work.
type Checking = Pin<Box<dyn Future<Output = Result<(), String>> + Send>>;

impl Dependency {
    pub fn new<F, C>(name: &'static str, check: C) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
        C: Fn() -> F + Send + Sync + 'static,
    {
        Self {
            name,
            check: Arc::new(move || Box::pin(check())),
        }
    }

    /// The database: it answers, and has the schema of this release.
    #[cfg(feature = "database")]
    pub fn database(
        name: &'static str,
        pool: db::Pool,
        migrator: &'static sqlx::migrate::Migrator,
    ) -> Self {
        Self::new(name, move || {
            let pool = pool.clone();
            async move { db::schema_is_current(&pool, migrator).await }
        })
    }

    /// Checked once for concurrent requests, and again once the result is a second old: the load of the dependency does
    /// not depend on the number of requests.
    #[must_use]
    pub fn shared(self) -> Self {
        let last: Arc<Mutex<Option<Checked>>> = Arc::default();
        let Self { name, check } = self;
        Self::new(name, move || {
            let (last, check) = (Arc::clone(&last), Arc::clone(&check));
            async move {
                let mut last = last.lock().await;
                if let Some((at, outcome)) = &*last
                    && at.elapsed() < FRESH
                {
                    return outcome.clone();
                }
                let outcome = check().await;
                *last = Some((Instant::now(), outcome.clone()));
                outcome
            }
        })
    }
}

/// A service's name, its version, and what it depends on.
#[derive(Clone)]
pub struct Service {
    /// The path segment of its health, docs and so on: `order`.
    pub name: &'static str,
    pub version: &'static str,
    /// More addresses of its health, kept for compatibility: `/api/orders/health`.
    pub health_aliases: &'static [&'static str],
    pub dependencies: Vec<Dependency>,
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    dependencies: Vec<DependencyHealth>,
}

#[derive(Serialize)]
struct DependencyHealth {
    name: &'static str,
    status: &'static str,
}

impl Service {
    /// The document of an API whose paths are given below `/api/v1`.
    pub fn openapi<S: Clone + Send + Sync + 'static>(&self, api: OpenApiRouter<S>) -> OpenApi {
        self.document(OpenApiRouter::new().nest("/api/v1", api).into_openapi())
    }

    /// Everything on the public port. `api` holds the endpoints below `/api/v1`; they answer below `/api` as well,
    /// and `root` holds what stands at the root (well-known addresses, aliases where the stack allows them).
    pub fn public<S: Clone + Send + Sync + 'static>(
        &self,
        api: OpenApiRouter<S>,
        root: Router<S>,
        state: S,
    ) -> Router {
        let (routes, openapi) = api.split_for_parts();
        let mut nested = OpenApi::new(openapi.info.clone(), utoipa::openapi::Paths::new());
        nested = nested.nest("/api/v1", openapi);
        let document = self.document(nested);

        let name = self.name;
        let own = Router::new()
            .route(&format!("/{name}/health"), get(health))
            .route(&format!("/{name}/version"), get(version))
            .with_state(self.clone());
        let swagger = SwaggerUi::new(format!("/api/v1/{name}/docs"))
            .url(format!("/api/v1/{name}/openapi.json"), document);
        let aliases = self.health_aliases.iter().fold(Router::new(), |all, path| {
            all.route(path, get(health).with_state(self.clone()))
        });
        Router::new()
            .nest("/api/v1", routes.clone())
            .nest("/api", routes)
            .merge(root)
            .with_state(state)
            .nest("/api/v1", own.clone())
            .nest("/api", own)
            .merge(aliases)
            .merge(swagger)
    }

    /// The probes of the internal port.
    pub fn probes(&self) -> Router {
        Router::new()
            .route("/livez", get(|| async { "alive" }))
            .route("/startupz", get(|| async { "started" }))
            .route("/readyz", get(ready))
            .with_state(self.clone())
    }

    fn document(&self, mut openapi: OpenApi) -> OpenApi {
        openapi.info.title = format!("EcommerceStack {} API", self.name);
        self.version.clone_into(&mut openapi.info.version);
        openapi.info.description = None;
        openapi.info.contact = None;
        document::complete(&mut openapi);
        openapi
    }

    async fn health(&self) -> (bool, Health) {
        let mut dependencies = Vec::new();
        for Dependency { name, check } in &self.dependencies {
            let status = match check().await {
                Ok(()) => "up",
                Err(reason) => {
                    tracing::warn!(dependency = name, reason, "a dependency is unavailable");
                    "down"
                }
            };
            dependencies.push(DependencyHealth { name, status });
        }
        let up = dependencies.iter().all(|asked| asked.status == "up");
        let status = if up { "up" } else { "down" };
        let health = Health {
            status,
            dependencies,
        };
        (up, health)
    }
}

async fn health(State(service): State<Service>) -> (StatusCode, Json<Health>) {
    let (up, health) = service.health().await;
    (status(up), Json(health))
}

async fn ready(State(service): State<Service>) -> (StatusCode, &'static str) {
    let (up, _) = service.health().await;
    (status(up), if up { "ready" } else { "not ready" })
}

const fn status(up: bool) -> StatusCode {
    if up {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

async fn version(State(service): State<Service>) -> Json<serde_json::Value> {
    Json(json!({ "service": service.name, "version": service.version }))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use axum::{
        body::Body,
        http::{Request, header},
        response::Response,
    };
    use http_body_util::BodyExt;
    use tokio::time::{advance, sleep};
    use tokio_util::task::TaskTracker;
    use tower::ServiceExt;

    use super::*;
    use crate::server::{Port, layered};

    async fn get_docs(path: &str) -> Response {
        let service = Service {
            name: "order",
            version: "1.0.0",
            health_aliases: &[],
            dependencies: Vec::new(),
        };
        let public = service.public(OpenApiRouter::<()>::new(), Router::new(), ());
        let router = layered(public, &TaskTracker::new(), Port::Public);
        let request = Request::get(format!("/api/v1/order/docs/{path}"));
        router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap()
    }

    /// The policy forbids scripts in the page and from elsewhere: the page must not need them.
    #[tokio::test]
    async fn the_swagger_ui_works_within_its_policy() {
        let page = get_docs("").await;
        let policy = page.headers()[header::CONTENT_SECURITY_POLICY].clone();
        assert!(policy.to_str().unwrap().contains("script-src 'self'"));
        let page = page.into_body().collect().await.unwrap().to_bytes();
        let page = String::from_utf8(page.to_vec()).unwrap();
        let mut scripts = 0;
        for script in page.split("<script").skip(1) {
            let (tag, rest) = script.split_once('>').unwrap();
            assert!(
                rest.trim_start().starts_with("</script>"),
                "inline: {rest:.80}"
            );
            let source = tag.split_once("src=\"").unwrap().1;
            let source = source.split_once('"').unwrap().0.trim_start_matches("./");
            let script = get_docs(source).await;
            assert_eq!(script.status(), StatusCode::OK, "{source}");
            let kind = script.headers()[header::CONTENT_TYPE].to_str().unwrap();
            assert!(kind.contains("javascript"), "{source} is {kind}");
            scripts += 1;
        }
        assert!(scripts >= 2, "{page}");
        assert!(
            !page.contains("http://") && !page.contains("https://"),
            "{page}"
        );
        assert!(
            !page.contains(" onload=") && !page.contains("javascript:"),
            "{page}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_shared_check_is_made_once_for_all_who_ask() {
        let made = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&made);
        let shared = Dependency::new("test", move || {
            let number = counter.fetch_add(1, Ordering::Relaxed);
            async move {
                sleep(Duration::from_millis(10)).await;
                if number == 0 {
                    Ok(())
                } else {
                    Err("down".to_owned())
                }
            }
        })
        .shared();
        let ask = || (shared.check)();
        let (one, two) = tokio::join!(ask(), ask());
        assert_eq!(
            (one, two, made.load(Ordering::Relaxed)),
            (Ok(()), Ok(()), 1)
        );
        advance(FRESH).await;
        assert_eq!(ask().await, Err("down".to_owned()));
        assert_eq!(ask().await, Err("down".to_owned()));
        assert_eq!(made.load(Ordering::Relaxed), 2);
    }
}
