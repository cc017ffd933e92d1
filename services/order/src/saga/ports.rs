//! Where sagas are kept: rows that say what is still to be done for an order.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::model::{Backlog, Postponement, Queue, Settled, Settlement, Turn};
use crate::{
    intents::ports::{Answered, Request},
    orders::ports::OrdersError,
    values::{Cause, Listed, SagaId},
};

pub trait Sagas: Send + Sync + 'static {
    /// Takes up to `most` due sagas of a queue that no other worker is taking, for the length of a lease.
    fn take(
        &self,
        queue: Queue,
        most: usize,
        lease: Duration,
    ) -> impl Future<Output = Result<Vec<Turn>, SagasError>> + Send;

    /// Writes new states of orders and payments, and the next step or the end of their sagas, as far as the leases still
    /// hold.
    fn settle(
        &self,
        settlements: &[Settlement],
    ) -> impl Future<Output = Result<Vec<Settled>, SagasError>> + Send;

    /// Makes sagas due again after a pause, as far as the leases still hold.
    fn postpone(
        &self,
        postponements: &[Postponement],
    ) -> impl Future<Output = Result<(), SagasError>> + Send;

    /// Reopens finished sagas of orders with open work, which another release or a person ended; returns how many.
    fn reopen_unsettled(&self) -> impl Future<Output = Result<u64, SagasError>> + Send;

    fn backlog(&self) -> impl Future<Output = Result<Backlog, SagasError>> + Send;

    /// Deletes sagas that ended more than a week ago, up to a limit; returns how many.
    fn forget_finished(&self) -> impl Future<Output = Result<u64, SagasError>> + Send;
}

#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot read or write sagas")]
pub struct SagasError(#[source] pub Cause);

/// Sagas as administrators see and retry them.
pub trait SagaAdmin: Send + Sync + 'static {
    /// Newest first, before this one; optionally stuck ones only.
    fn list_sagas(
        &self,
        stuck: bool,
        before: Option<SagaId>,
        offset: i64,
        rows: i64,
    ) -> impl Future<Output = Result<Vec<Listed<SagaReport, SagaId>>, OrdersError>> + Send;

    fn find_saga(
        &self,
        id: SagaId,
    ) -> impl Future<Output = Result<Option<SagaReport>, OrdersError>> + Send;

    /// Makes a saga due now, and resets its attempts.
    fn retry_saga(
        &self,
        request: &Request,
        id: SagaId,
    ) -> impl Future<Output = Result<Answered<Retried>, OrdersError>> + Send;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retried {
    Due,
    /// No step remains, or there is no such saga.
    Ended,
    /// The key was used for a different request.
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
