//! A request with an idempotency key, and its answer, between HTTP and the use cases.

use access::Requires;
use axum::response::{IntoResponse, Response};
use idempotency::IdempotencyKey;

use crate::{
    infrastructure::http::callers::{actor, reader},
    intents::{Requester, ports::Answered},
    values::UserId,
};

pub fn requester<P>(caller: &Requires<P>, key: &IdempotencyKey) -> Requester {
    Requester {
        user: UserId(caller.id),
        actor: actor(caller),
        reader: reader(caller),
        key: key.as_str().to_owned(),
    }
}

/// The response that the result is; the answer to a repeated request is marked as such.
impl<T: IntoResponse> IntoResponse for Answered<T> {
    fn into_response(self) -> Response {
        (idempotency::replayed(self.replayed), self.result).into_response()
    }
}
