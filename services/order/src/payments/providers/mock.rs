//! The mock provider: moves no money, and behaves as its methods of payment say. Its records are its own, in
//! transactions and connections of its own, so that they outlive a crash of ours as a bank's would.

mod behaviour;
mod records;
mod webhooks;

use std::{sync::Arc, time::Duration};

pub(super) use self::behaviour::offered;
pub use self::webhooks::MockWebhooks;
use db::Pool;
use money::Money;

use self::{
    behaviour::{Answers, Kind, Record},
    records::Answered,
};
use super::settings::MockSettings;
use crate::{
    payments::{
        model::{ProviderReference, RefusalReason},
        ports::{
            Authorisation, Charge, MoneyOperation, OperationAnswer, ProviderError, ProviderRecord,
            RefundOperation,
        },
    },
    values::{OrderId, PaymentId},
};

/// As long as one would wait for a provider on the network.
const CALL: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub struct MockProvider {
    pool: Pool,
    late: Duration,
    slow: Duration,
}

#[derive(Debug, thiserror::Error)]
enum MockError {
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    #[error("the key was used for a different request")]
    KeyReused,
    #[error("invalid row in the mock provider's records")]
    Row,
    #[error("the response was lost")]
    Lost,
    #[error("no response in time")]
    TimedOut,
}

impl From<MockError> for ProviderError {
    fn from(error: MockError) -> Self {
        match error {
            // Nothing was sent.
            MockError::Sql(sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed) => {
                Self::Unreachable(Arc::new(error))
            }
            MockError::Sql(_)
            | MockError::KeyReused
            | MockError::Row
            | MockError::Lost
            | MockError::TimedOut => Self::Unknown(Arc::new(error)),
        }
    }
}

impl MockProvider {
    pub fn new(settings: &MockSettings, pool: impl Into<Pool>) -> Self {
        Self {
            pool: pool.into(),
            late: settings.late(),
            slow: settings.slow(),
        }
    }

    pub(super) async fn authorise(&self, charge: &Charge) -> Result<Authorisation, ProviderError> {
        let asked = Record {
            method: Some(charge.method.as_str().to_owned()),
            ..asked(charge.key(), Kind::Authorise, charge.amount)
        };
        let record = self.ask(charge.payment, Some(charge.order), asked).await?;
        Ok(authorisation(charge.payment, &record)?)
    }

    pub(super) async fn capture(
        &self,
        operation: &MoneyOperation,
    ) -> Result<OperationAnswer, ProviderError> {
        let asked = asked(operation.capture_key(), Kind::Capture, operation.amount);
        Ok(answer(&self.ask(operation.payment, None, asked).await?)?)
    }

    pub(super) async fn void(
        &self,
        operation: &MoneyOperation,
    ) -> Result<OperationAnswer, ProviderError> {
        let asked = asked(operation.void_key(), Kind::Void, operation.amount);
        Ok(answer(&self.ask(operation.payment, None, asked).await?)?)
    }

    pub(super) async fn refund(
        &self,
        refund: &RefundOperation,
    ) -> Result<OperationAnswer, ProviderError> {
        let asked = Record {
            refund: Some(refund.refund),
            ..asked(refund.key(), Kind::Refund, refund.amount)
        };
        Ok(answer(&self.ask(refund.payment, None, asked).await?)?)
    }

    pub(super) async fn look_up(
        &self,
        payment: PaymentId,
    ) -> Result<Option<ProviderRecord>, ProviderError> {
        let pool = self.pool.clone();
        let records = detached(async move { records::look_up(&pool, payment).await }).await?;
        let record = records.map(|records| provider_record(payment, &records));
        Ok(record.transpose()?)
    }

    /// `order`: of a charge only.
    async fn ask(
        &self,
        payment: PaymentId,
        order: Option<OrderId>,
        asked: Record,
    ) -> Result<Record, MockError> {
        let provider = self.clone();
        let Answered {
            record,
            answers,
            first,
        } = detached(async move {
            let (pool, late) = (&provider.pool, provider.late);
            let answered = records::operate(pool, payment, order, &asked, late).await?;
            if answered.answers == Answers::Slow {
                tokio::time::sleep(provider.slow).await;
            }
            Ok(answered)
        })
        .await?;
        if first && answers == Answers::FirstLost {
            return Err(MockError::Lost);
        }
        Ok(record)
    }
}

/// Foreign systems finish what they were asked, whether or not the caller still waits for the answer.
async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, MockError>> + Send + 'static,
) -> Result<T, MockError> {
    match tokio::time::timeout(CALL, tokio::spawn(work)).await {
        Ok(Ok(done)) => done,
        Ok(Err(_)) => Err(MockError::Lost),
        Err(_) => Err(MockError::TimedOut),
    }
}

fn asked(key: String, kind: Kind, amount: Money) -> Record {
    Record {
        key,
        kind,
        refund: None,
        amount_minor: amount.minor,
        currency: amount.currency.to_string(),
        method: None,
        refused: None,
        settled: false,
    }
}

fn authorisation(payment: PaymentId, record: &Record) -> Result<Authorisation, MockError> {
    let reference =
        ProviderReference::try_from(records::reference(payment)).map_err(|_| MockError::Row)?;
    Ok(match answer(record)? {
        OperationAnswer::Done => Authorisation::Authorised { reference },
        OperationAnswer::Refused { reason } => Authorisation::Declined { reason },
        OperationAnswer::Pending => Authorisation::Pending { reference },
    })
}

fn answer(record: &Record) -> Result<OperationAnswer, MockError> {
    Ok(match &record.refused {
        _ if !record.settled => OperationAnswer::Pending,
        None => OperationAnswer::Done,
        Some(reason) => OperationAnswer::Refused {
            reason: RefusalReason::try_from(reason.clone()).map_err(|_| MockError::Row)?,
        },
    })
}

fn provider_record(payment: PaymentId, records: &[Record]) -> Result<ProviderRecord, MockError> {
    let mut known = ProviderRecord::default();
    for record in records {
        match record.kind {
            Kind::Authorise => known.authorisation = Some(authorisation(payment, record)?),
            Kind::Capture => known.capture = Some(answer(record)?),
            Kind::Void => known.void = Some(answer(record)?),
            Kind::Refund => {
                let id = record.refund.ok_or(MockError::Row)?;
                known.refunds.push((id, answer(record)?));
            }
        }
    }
    Ok(known)
}
