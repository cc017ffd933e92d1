//! Sagas for administrators: which are stuck, another attempt at once, or the cancellation of the order.

use super::{
    SagaWaker,
    ports::{Retried, SagaAdmin, SagaReport},
};
use crate::{
    intents::{
        Requester,
        ports::{Answered, IntentError},
    },
    orders::ports::OrdersError,
    payments::ports::{Intent, Payments},
    values::{Listed, Operation, OrderId, SagaId},
};

#[derive(Clone)]
pub struct AdministerSagas<S, P> {
    sagas: S,
    payments: P,
    waker: SagaWaker,
}

#[derive(Debug, thiserror::Error)]
pub enum SagaAdminError {
    #[error("no such saga")]
    NotFound,
    #[error("the saga has no remaining step")]
    Finished,
    #[error(transparent)]
    Intent(#[from] IntentError),
    #[error(transparent)]
    Orders(#[from] OrdersError),
}

impl<S: SagaAdmin, P: Payments> AdministerSagas<S, P> {
    pub fn new(sagas: S, payments: P, waker: SagaWaker) -> Self {
        Self {
            sagas,
            payments,
            waker,
        }
    }

    /// Newest first, older than `before`; or, without that, behind as many as `offset` says.
    pub async fn list(
        &self,
        stuck: bool,
        before: Option<SagaId>,
        offset: i64,
        rows: i64,
    ) -> Result<Vec<Listed<SagaReport, SagaId>>, OrdersError> {
        self.sagas.list_sagas(stuck, before, offset, rows).await
    }

    pub async fn retry(
        &self,
        requester: &Requester,
        id: SagaId,
    ) -> Result<Answered<SagaReport>, SagaAdminError> {
        let request = requester.request(Operation::RetrySaga, &id)?;
        self.report(id).await?;
        let retried = self.sagas.retry_saga(&request, id).await?;
        match retried.result {
            Retried::Due => {}
            Retried::Ended => return Err(SagaAdminError::Finished),
            Retried::KeyReused => return Err(IntentError::KeyReused.into()),
        }
        self.waker.wake();
        let report = self.report(id).await?;
        Ok(retried.map(|_| report))
    }

    /// Records the request that the order be cancelled; the saga undoes what was done, in reverse.
    pub async fn compensate(
        &self,
        requester: &Requester,
        id: SagaId,
    ) -> Result<Answered<SagaReport>, SagaAdminError> {
        let request = requester.request(Operation::CompensateSaga, &id)?;
        self.report(id).await?;
        let intent = Intent::CancelOrder(OrderId(id.0));
        let done = self
            .payments
            .change(&request, intent, |locked| {
                locked.request_cancellation(requester.user, request.actor)
            })
            .await?;
        self.waker.wake();
        Ok(done.answered(self.report(id).await?))
    }

    async fn report(&self, id: SagaId) -> Result<SagaReport, SagaAdminError> {
        let found = self.sagas.find_saga(id).await?;
        found.ok_or(SagaAdminError::NotFound)
    }
}
