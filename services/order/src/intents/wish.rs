//! What a caller wishes for under an idempotency key, with the hash that tells one wish from another (ORDERS 18).

use std::{sync::Arc, time::Instant};

use serde::Serialize;

use super::ports::{IntentError, Request};
use crate::values::{Actor, Fingerprint, Operation, Reader, RequestIdentity, UserId};

/// Who wishes, as whom, and under which key.
#[derive(Clone, Debug)]
pub struct Wisher {
    pub user: UserId,
    pub actor: Actor,
    pub reader: Reader,
    pub key: String,
}

impl Wisher {
    /// `content`: all that the caller says, the ids of the address included.
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
