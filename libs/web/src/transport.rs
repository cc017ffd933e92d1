//! HTTP Strict Transport Security (RFC 6797): a browser that visited the shop once by TLS does not connect without it
//! again.

use axum::{
    Router,
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    middleware::{self, Next},
    response::Response,
};

/// A year. Subdomains of the shop's host may not belong to the shop, so they are not included.
const MAX_AGE: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the header to every answer of these routes, if the shop is served by TLS.
pub(crate) fn strict_transport(routes: Router, enabled: bool) -> Router {
    if enabled {
        routes.layer(middleware::from_fn(add_header))
    } else {
        routes
    }
}

async fn add_header(request: Request, next: Next) -> Response {
    let plain = came_without_tls(request.headers());
    let mut response = next.run(request).await;
    if !plain {
        let headers = response.headers_mut();
        headers.insert(header::STRICT_TRANSPORT_SECURITY, MAX_AGE);
    }
    response
}

/// An answer without TLS must not carry the header (RFC 6797, 7.2), and an ingress controller says how a request came.
fn came_without_tls(headers: &HeaderMap) -> bool {
    headers
        .get("x-forwarded-proto")
        .is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"http"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{body::Body, routing::get};
    use tower::ServiceExt as _;

    async fn header_of(enabled: bool, path: &str, scheme: Option<&str>) -> Option<String> {
        let routes = Router::new().route("/", get(|| async { "a shop" }));
        let mut request = Request::builder().uri(path);
        if let Some(scheme) = scheme {
            request = request.header("x-forwarded-proto", scheme);
        }
        let request = request.body(Body::empty()).unwrap();
        let routes = strict_transport(routes, enabled);
        let response = routes.oneshot(request).await.unwrap();
        let header = response.headers().get("strict-transport-security")?;
        Some(header.to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn answers_by_tls_carry_the_header_and_others_do_not() {
        let year = Some("max-age=31536000".to_owned());
        assert_eq!(header_of(true, "/", Some("https")).await, year);
        assert_eq!(header_of(true, "/", None).await, year);
        assert_eq!(header_of(true, "/nothing", Some("https")).await, year);
        assert_eq!(header_of(true, "/", Some("http")).await, None);
        assert_eq!(header_of(false, "/", Some("https")).await, None);
    }
}
