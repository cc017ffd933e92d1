//! Sagas for administrators: what is stuck, another attempt at once, or giving the order up.

use super::{
    Poke,
    ports::{Retried, SagaDesk, SagaReport},
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
pub struct TendSagas<D, P> {
    desk: D,
    payments: P,
    poke: Poke,
}

#[derive(Debug, thiserror::Error)]
pub enum TendSagasError {
    #[error("no such saga")]
    NotFound,
    #[error("the saga has no remaining step")]
    Finished,
    #[error(transparent)]
    Intent(#[from] IntentError),
    #[error(transparent)]
    Orders(#[from] OrdersError),
}

impl<D: SagaDesk, P: Payments> TendSagas<D, P> {
    pub fn new(desk: D, payments: P, poke: Poke) -> Self {
        Self {
            desk,
            payments,
            poke,
        }
    }

    /// Newest first; `offset` where no saga is named to go on behind.
    pub async fn list(
        &self,
        stuck: bool,
        before: Option<SagaId>,
        offset: i64,
        rows: i64,
    ) -> Result<Vec<SagaReport>, OrdersError> {
        self.desk.sagas(stuck, before, offset, rows).await
    }

    pub async fn retry(
        &self,
        wisher: &Wisher,
        id: SagaId,
    ) -> Result<Answered<SagaReport>, TendSagasError> {
        let request = wisher.request(Operation::RetrySaga, &id)?;
        self.desk.saga(id).await?.ok_or(TendSagasError::NotFound)?;
        let Answered { result, replayed } = self.desk.retry_saga(&request, id).await?;
        match result {
            Retried::Due => {}
            Retried::Ended => return Err(TendSagasError::Finished),
            Retried::KeyReused => return Err(IntentError::KeyReused.into()),
        }
        self.poke.poke();
        self.report(id, replayed).await
    }

    /// Writes the wish that the order be cancelled; the saga undoes what was done, in reverse.
    pub async fn compensate(
        &self,
        wisher: &Wisher,
        id: SagaId,
    ) -> Result<Answered<SagaReport>, TendSagasError> {
        let request = wisher.request(Operation::CompensateSaga, &id)?;
        self.desk.saga(id).await?.ok_or(TendSagasError::NotFound)?;
        let intent = Intent::CancelOrder(OrderId(id.0));
        let done = self
            .payments
            .change(&request, intent, |locked| {
                locked.request_cancellation(wisher.user, request.actor)
            })
            .await?;
        self.poke.poke();
        self.report(id, done.answered(()).replayed).await
    }

    async fn report(
        &self,
        id: SagaId,
        replayed: bool,
    ) -> Result<Answered<SagaReport>, TendSagasError> {
        let result = self.desk.saga(id).await?;
        Ok(Answered {
            result: result.ok_or(TendSagasError::NotFound)?,
            replayed,
        })
    }
}
