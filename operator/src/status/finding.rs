//! One fact for a condition: a reason of the closed list and a sentence that says what to do next.

use ecommercestack_crds::{Reason, Severity};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub reason: Reason,
    pub message: String,
}

impl Finding {
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }

    pub fn severity(&self) -> Severity {
        self.reason.severity()
    }
}
