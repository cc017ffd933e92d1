//! A reason of the closed list, and a message that says what is wrong and what to do.

use ecommercestack_crds::{Reason, Severity};

/// A finding with a formatted message.
macro_rules! finding {
    ($reason:ident, $($message:tt)+) => {
        $crate::status::Finding::new(
            ecommercestack_crds::Reason::$reason,
            format_args!($($message)+).to_string(),
        )
    };
}

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
