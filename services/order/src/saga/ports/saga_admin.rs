//! Sagas as administrators see and retry them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{
    intents::ports::{Answered, Request},
    orders::ports::OrdersError,
    values::SagaId,
};

pub trait SagaAdmin: Send + Sync + 'static {
    /// Newest first, before this one; stuck ones only, where asked.
    fn list_sagas(
        &self,
        stuck: bool,
        before: Option<SagaId>,
        offset: i64,
        rows: i64,
    ) -> impl Future<Output = Result<Vec<SagaReport>, OrdersError>> + Send;

    fn find_saga(
        &self,
        id: SagaId,
    ) -> impl Future<Output = Result<Option<SagaReport>, OrdersError>> + Send;

    /// Makes a saga due now, its attempts counted from none.
    fn retry_saga(
        &self,
        request: &Request,
        id: SagaId,
    ) -> impl Future<Output = Result<Answered<Retried>, OrdersError>> + Send;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retried {
    Due,
    /// There is nothing left to do, or no such saga.
    Ended,
    /// The key stands for another request.
    KeyReused,
}

#[derive(Clone, Debug)]
pub struct SagaReport {
    /// The order's.
    pub id: Uuid,
    pub step: String,
    pub attempts: i32,
    pub due_at: DateTime<Utc>,
    pub deadline: DateTime<Utc>,
    /// Past its deadline and not finished.
    pub stuck: bool,
    pub last_error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}
