//! A saga as administrators see it, and the problems of changing one.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use web::Problem;

use crate::{
    saga::{SagaAdminError, ports::SagaReport},
    values::{OrderId, SagaId},
};

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Saga)]
pub struct SagaView {
    id: SagaId,
    order_id: OrderId,
    /// The next step.
    #[schema(example = "commit_hold")]
    step: String,
    /// Attempts at this step so far.
    #[schema(example = 3)]
    attempts: i32,
    due_at: DateTime<Utc>,
    /// After this time the saga is reported as `stuck`; it keeps running.
    deadline: DateTime<Utc>,
    stuck: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, example = "product cannot be reached")]
    last_error: Option<String>,
    created_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    finished_at: Option<DateTime<Utc>>,
}

impl From<SagaReport> for SagaView {
    fn from(saga: SagaReport) -> Self {
        Self {
            id: SagaId(saga.id),
            order_id: OrderId(saga.id),
            step: saga.step,
            attempts: saga.attempts,
            due_at: saga.due_at,
            deadline: saga.deadline,
            stuck: saga.stuck,
            last_error: saga.last_error,
            created_at: saga.created_at,
            finished_at: saga.finished_at,
        }
    }
}

impl From<SagaAdminError> for Problem {
    fn from(error: SagaAdminError) -> Self {
        match error {
            SagaAdminError::NotFound => Self::not_found(),
            SagaAdminError::Finished => {
                Self::conflict("saga_finished", "The saga is finished; no step remains.")
            }
            SagaAdminError::Intent(error) => error.into(),
            SagaAdminError::Orders(error) => error.into(),
        }
    }
}
