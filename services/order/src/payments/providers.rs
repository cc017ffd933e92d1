//! Providers of payments: which one a shop uses, and the mock. Each is a foreign system, reached over a network or
//! as good as: none of their calls is made inside a transaction of ours.

mod mock;
mod settings;
mod webhooks;

use std::sync::Arc;

pub use self::{
    mock::{MockProvider, MockWebhooks},
    settings::{CaptureChoice, MockSettings, PaymentSettings, ProviderChoice},
    webhooks::SignedWebhooks,
};
use db::Pool;

use super::{
    model::ProviderName,
    ports::{
        Authorisation, Charge, MoneyOperation, OfferedMethod, OperationAnswer, PaymentProvider,
        ProviderError, ProviderRecord, RefundOperation,
    },
};
use crate::values::PaymentId;

/// Every provider that payments of this shop may be at, and what new payments may be made with. A payment stays with
/// the provider that it began at, whatever the setting says later.
#[derive(Clone)]
pub struct Providers {
    offered: Arc<[OfferedMethod]>,
    mock: MockProvider,
}

impl Providers {
    /// `pool`: connections of the mock's own, used only where there are payments at the mock.
    pub fn new(settings: &PaymentSettings, pool: impl Into<Pool>) -> Self {
        let offered = match settings.payment_provider {
            ProviderChoice::None => Vec::new(),
            ProviderChoice::Mock => mock::offered(),
        };
        Self {
            offered: offered.into(),
            mock: MockProvider::new(&settings.mock, pool),
        }
    }

    fn at(&self, provider: ProviderName) -> &MockProvider {
        match provider {
            ProviderName::Mock => &self.mock,
        }
    }
}

impl PaymentProvider for Providers {
    fn methods(&self) -> &[OfferedMethod] {
        &self.offered
    }

    async fn authorise(&self, charge: &Charge) -> Result<Authorisation, ProviderError> {
        self.at(charge.provider).authorise(charge).await
    }

    async fn capture(&self, operation: &MoneyOperation) -> Result<OperationAnswer, ProviderError> {
        self.at(operation.provider).capture(operation).await
    }

    async fn void(&self, operation: &MoneyOperation) -> Result<OperationAnswer, ProviderError> {
        self.at(operation.provider).void(operation).await
    }

    async fn refund(&self, refund: &RefundOperation) -> Result<OperationAnswer, ProviderError> {
        self.at(refund.provider).refund(refund).await
    }

    async fn look_up(
        &self,
        provider: ProviderName,
        payment: PaymentId,
    ) -> Result<Option<ProviderRecord>, ProviderError> {
        self.at(provider).look_up(payment).await
    }
}
