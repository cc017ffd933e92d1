//! Bodies are read whole before anything else: what is answered before a body's end looks like a broken connection
//! to a proxy that reuses it, and a client that stalls holds no transaction.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;

use crate::Problem;

/// Largest body that a client may send.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// Largest body of a call between services: a batch.
pub(crate) const MAX_INTERNAL_BYTES: usize = 8 * MAX_BYTES;
/// What is read and thrown away of a body that is too large, so that the client sees the 413 and not a reset.
const MAX_DRAINED_BYTES: usize = 4 * MAX_INTERNAL_BYTES;
/// Time that a client has to send its body.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn read_whole(
    State(most): State<usize>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(PATIENCE, read(body, most)).await;
    match read.unwrap_or_else(|_| Err(late())) {
        Ok(body) => next.run(Request::from_parts(parts, body.into())).await,
        Err(problem) => problem.into_response(),
    }
}

async fn read(mut body: Body, most: usize) -> Result<Bytes, Problem> {
    let mut kept = Vec::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "body_incomplete",
                "The body ended before its length.",
            )
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length <= most {
            kept.extend_from_slice(&data);
        } else if length > MAX_DRAINED_BYTES {
            break;
        }
    }
    if length <= most {
        Ok(kept.into())
    } else {
        Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            format!("The body is larger than {} MiB.", most / MAX_BYTES),
        ))
    }
}

fn late() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "body_timeout",
        format!("The body did not arrive within {} s.", PATIENCE.as_secs()),
    )
}

#[cfg(test)]
mod tests {
    use axum::{Router, routing::get};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };
    use tokio_util::task::TaskTracker;
    use tower::ServiceExt;

    use super::*;
    use crate::server::{Port, layered};

    #[tokio::test]
    async fn a_body_over_the_limit_is_413() {
        assert!(
            read(Body::from(vec![b' '; MAX_BYTES]), MAX_BYTES)
                .await
                .is_ok()
        );
        let problem = read(Body::from(vec![b' '; MAX_BYTES + 1]), MAX_BYTES)
            .await
            .unwrap_err();
        assert_eq!(problem.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    async fn client() -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let refusing = Router::new().route("/", get(|| async { StatusCode::UNAUTHORIZED }));
        let router = layered(refusing, &TaskTracker::new(), Port::Public);
        tokio::spawn(async move { axum::serve(listener, router).await });
        TcpStream::connect(address).await.unwrap()
    }

    async fn status(client: &mut TcpStream) -> String {
        let mut answer = vec![0; 4096];
        let length = client.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..length])
            .lines()
            .next()
            .unwrap_or("the connection ended")
            .to_owned()
    }

    #[tokio::test]
    async fn a_request_refused_before_its_body_came_leaves_the_connection_in_order() {
        let mut client = client().await;
        for _ in 0..3 {
            client
                .write_all(b"GET / HTTP/1.1\r\nHost: shop\r\nContent-Length: 2\r\n\r\n")
                .await
                .unwrap();
            // Long enough for an answer that does not wait for the body, and for the server to hang up after it.
            tokio::time::sleep(Duration::from_millis(50)).await;
            client.write_all(b"{}").await.unwrap();
            assert_eq!(status(&mut client).await, "HTTP/1.1 401 Unauthorized");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_comes_is_408() {
        let never = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        let reading = Router::new().route("/", get(|| async { "read" }));
        let router = layered(reading, &TaskTracker::new(), Port::Public);
        let request = Request::get("/").body(never).unwrap();
        let answer = router.oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
    }
}
