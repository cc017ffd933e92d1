//! A saga as administrators see it, and why one was not prodded.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use web::Problem;

use crate::{
    orders::http::refusal,
    payments::http::payment_refusal,
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

pub fn of_saga_admin(error: &SagaAdminError) -> Problem {
    match error {
        SagaAdminError::NotFound => Problem::not_found(),
        SagaAdminError::Finished => {
            Problem::conflict("saga_finished", "The saga is finished; no step remains.")
        }
        SagaAdminError::Intent(error) => payment_refusal::of_intent(error),
        SagaAdminError::Orders(error) => refusal::of_reading(error),
    }
}
