//! The user who asks for a change under an idempotency key, and the hash that tells one request from another (ORDERS 18).

use std::{sync::Arc, time::Instant};

use serde::Serialize;

use super::ports::{IntentError, Request};
use crate::values::{Actor, Fingerprint, Operation, Reader, RequestIdentity, UserId};

/// The user who asks, in which role, and under which key.
#[derive(Clone, Debug)]
pub struct Requester {
    pub user: UserId,
    pub actor: Actor,
    pub reader: Reader,
    pub key: String,
}

impl Requester {
    /// `content`: all that the request says, the ids of its address included.
    pub fn request(
        &self,
        operation: Operation,
        content: &impl Serialize,
    ) -> Result<Request, IntentError> {
        let fingerprint = idempotency::fingerprint(content)
            .map_err(|error| IntentError::Defect(Arc::new(error)))?;
        Ok(Request {
            identity: RequestIdentity {
                principal: self.user,
                operation,
                key: self.key.clone(),
            },
            fingerprint: Fingerprint(fingerprint),
            actor: self.actor,
            reader: self.reader,
            begun: Instant::now(),
        })
    }
}
