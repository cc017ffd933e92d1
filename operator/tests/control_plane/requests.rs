//! The requests of an operator: recorded, and held back where a test needs a slow API server.

use axum::http::Request;
use futures::{
    FutureExt as _,
    future::{BoxFuture, pending},
};
use kube::client::Body;
use std::{
    sync::{Arc, Mutex},
    task::{Context, Poll},
};
use tower::{Layer, Service};

#[derive(Clone, Default)]
pub struct Requests(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    /// Method, path and query.
    made: Vec<String>,
    /// Requests with this in their path are never answered.
    held: Option<&'static str>,
}

impl Requests {
    pub fn count(&self) -> usize {
        self.0.lock().unwrap().made.len()
    }

    /// The requests after this many.
    pub fn after(&self, count: usize) -> Vec<String> {
        self.0.lock().unwrap().made[count..].to_vec()
    }

    pub fn hold(&self, part: &'static str) {
        self.0.lock().unwrap().held = Some(part);
    }

    /// Records a request; returns whether it is held.
    fn note(&self, request: &Request<Body>) -> bool {
        let mut inner = self.0.lock().unwrap();
        inner
            .made
            .push(format!("{} {}", request.method(), request.uri()));
        let path = request.uri().path();
        inner.held.is_some_and(|part| path.contains(part))
    }
}

impl<S> Layer<S> for Requests {
    type Service = Noting<S>;

    fn layer(&self, inner: S) -> Noting<S> {
        let requests = self.clone();
        Noting { inner, requests }
    }
}

#[derive(Clone)]
pub struct Noting<S> {
    inner: S,
    requests: Requests,
}

impl<S> Service<Request<Body>> for Noting<S>
where
    S: Service<Request<Body>>,
    S::Future: Send + 'static,
    S::Response: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if self.requests.note(&request) {
            pending().boxed()
        } else {
            self.inner.call(request).boxed()
        }
    }
}
