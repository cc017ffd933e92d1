//! Sagas for administrators: what is stuck, another attempt at once, or giving the order up.

use super::{
    SagaWaker,
    ports::{Retried, SagaAdmin, SagaReport},
};
use crate::{
    intents::{
        Wisher,
        ports::{Answered, IntentError},
    },
    orders::ports::OrdersError,
    payments::ports::{Intent, Payments},
    values::{Operation, OrderId, SagaId},
};

#[derive(Clone)]
pub struct AdministerSagas<A, P> {
    admin: A,
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

impl<A: SagaAdmin, P: Payments> AdministerSagas<A, P> {
    pub fn new(admin: A, payments: P, waker: SagaWaker) -> Self {
        Self {
            admin,
            payments,
            waker,
        }
    }

    /// Newest first, those before a saga, or those after so many.
    pub async fn list(
        &self,
        stuck: bool,
        before: Option<SagaId>,
        offset: i64,
        rows: i64,
    ) -> Result<Vec<SagaReport>, OrdersError> {
        self.admin.sagas(stuck, before, offset, rows).await
    }

    pub async fn retry(
        &self,
        wisher: &Wisher,
        id: SagaId,
    ) -> Result<Answered<SagaReport>, SagaAdminError> {
        let request = wisher.request(Operation::RetrySaga, &id)?;
        self.admin.saga(id).await?.ok_or(SagaAdminError::NotFound)?;
        let Answered { result, replayed } = self.admin.retry_saga(&request, id).await?;
        match result {
            Retried::Due => {}
            Retried::Ended => return Err(SagaAdminError::Finished),
            Retried::KeyReused => return Err(IntentError::KeyReused.into()),
        }
        self.waker.wake();
        self.report(id, replayed).await
    }

    /// Requests the cancellation of the order; the saga compensates what was done, in reverse order.
    pub async fn compensate(
        &self,
        wisher: &Wisher,
        id: SagaId,
    ) -> Result<Answered<SagaReport>, SagaAdminError> {
        let request = wisher.request(Operation::CompensateSaga, &id)?;
        self.admin.saga(id).await?.ok_or(SagaAdminError::NotFound)?;
        let intent = Intent::CancelOrder(OrderId(id.0));
        let done = self
            .payments
            .change(&request, intent, |locked| {
                locked.request_cancellation(wisher.user, request.actor)
            })
            .await?;
        self.waker.wake();
        self.report(id, done.answered(()).replayed).await
    }

    async fn report(
        &self,
        id: SagaId,
        replayed: bool,
    ) -> Result<Answered<SagaReport>, SagaAdminError> {
        let result = self.admin.saga(id).await?;
        Ok(Answered {
            result: result.ok_or(SagaAdminError::NotFound)?,
            replayed,
        })
    }
}
