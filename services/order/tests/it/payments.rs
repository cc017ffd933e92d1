//! Payments beyond single endpoints, and the mock provider.

mod contract;
pub(crate) mod mock_provider;
mod paid_for;
mod paying;
mod payment_flows;
mod slow_provider;
