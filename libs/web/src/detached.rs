//! Requests that write outlive the client that sent them (ORDERS 17): each runs in a task of its own,
//! so that a hang-up cancels no transaction half-way, and a drain waits for all of them.

use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::{
    Problem,
    observe::{current_trace, in_trace},
};

pub(crate) async fn detach_writes(
    State(tasks): State<TaskTracker>,
    request: Request,
    next: Next,
) -> Response {
    if matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    ) {
        return next.run(request).await;
    }
    let task = tasks
        .spawn(in_trace(current_trace(), next.run(request)).instrument(tracing::Span::current()));
    task.await
        .unwrap_or_else(|panicked| Problem::internal(&panicked).into_response())
}
