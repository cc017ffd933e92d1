//! Where sagas are kept.

mod saga_admin;
mod sagas;

pub use saga_admin::{Retried, SagaAdmin, SagaReport};
pub use sagas::{Sagas, SagasError};
