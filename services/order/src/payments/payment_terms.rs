//! How a shop is paid: what with, until when, and who has the money taken.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use super::{
    model::{CaptureMode, NewPayment, PaymentMethod},
    ports::OfferedMethod,
};
use crate::values::PaymentId;

/// Nothing is offered: orders are confirmed without a payment.
#[derive(Clone, Debug)]
pub struct PaymentTerms {
    pub methods: Arc<[OfferedMethod]>,
    /// How long an order waits for its payment, from when it was placed.
    pub window: Duration,
    pub capture: CaptureMode,
    /// Orders that one customer may leave unpaid at the same time (ORDERS 15).
    pub most_unpaid: u32,
    /// Units of one SKU that one customer may have in unpaid orders; `None`: any number.
    pub most_unpaid_units: Option<NonZeroU32>,
}

impl PaymentTerms {
    /// Orders of this shop wait for a payment.
    pub fn are_asked(&self) -> bool {
        !self.methods.is_empty()
    }

    pub fn offer(&self, method: &PaymentMethod) -> bool {
        self.methods.iter().any(|offered| offered.method == *method)
    }

    /// A payment by this method; `None`: it is not offered.
    pub fn payment(&self, id: PaymentId, method: &PaymentMethod) -> Option<NewPayment> {
        let offered = self
            .methods
            .iter()
            .find(|offered| offered.method == *method)?;
        Some(NewPayment {
            id,
            provider: offered.provider,
            method: method.clone(),
            capture: self.capture,
        })
    }
}
