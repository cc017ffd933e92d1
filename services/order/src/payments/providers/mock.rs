//! The mock provider: moves no money, and behaves as its methods of payment say. Its books are its own, in
//! transactions and connections of its own, so that they outlive a crash of ours as a bank's would.

mod behaviour;
mod books;
mod webhooks;

use std::{sync::Arc, time::Duration};

pub(super) use self::behaviour::offered;
pub use self::webhooks::MockWebhooks;
use db::Pool;

use self::{
    behaviour::{Behaviour, Entry, Kind},
    books::{Answered, Asked},
};
use super::settings::MockSettings;
use crate::{
    payments::{
        model::{ProviderReference, RefusalReason},
        ports::{
            Authorisation, Books, Charge, MoneyOperation, OperationAnswer, ProviderError,
            RefundOperation,
        },
    },
    values::PaymentId,
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
        let asked = Asked {
            payment: charge.payment,
            order: Some(charge.order),
            entry: Entry {
                method: Some(charge.method.as_str().to_owned()),
                ..entry(charge.key(), Kind::Authorise, charge.amount)
            },
        };
        let entry = self.ask(asked).await?;
        Ok(authorisation(charge.payment, &entry)?)
    }

    pub(super) async fn capture(
        &self,
        operation: &MoneyOperation,
    ) -> Result<OperationAnswer, ProviderError> {
        self.operation(
            operation.payment,
            entry(operation.capture_key(), Kind::Capture, operation.amount),
        )
        .await
    }

    pub(super) async fn void(
        &self,
        operation: &MoneyOperation,
    ) -> Result<OperationAnswer, ProviderError> {
        self.operation(
            operation.payment,
            entry(operation.void_key(), Kind::Void, operation.amount),
        )
        .await
    }

    pub(super) async fn refund(
        &self,
        refund: &RefundOperation,
    ) -> Result<OperationAnswer, ProviderError> {
        let entry = Entry {
            refund: Some(refund.refund),
            ..entry(refund.key(), Kind::Refund, refund.amount)
        };
        self.operation(refund.payment, entry).await
    }

    pub(super) async fn look_up(&self, payment: PaymentId) -> Result<Option<Books>, ProviderError> {
        let pool = self.pool.clone();
        let entries = detached(async move { books::look_up(&pool, payment).await }).await?;
        entries
            .map(|entries| books_of(payment, &entries))
            .transpose()
            .map_err(ProviderError::from)
    }

    async fn operation(
        &self,
        payment: PaymentId,
        entry: Entry,
    ) -> Result<OperationAnswer, ProviderError> {
        let asked = Asked {
            payment,
            order: None,
            entry,
        };
        let entry = self.ask(asked).await?;
        Ok(answer(&entry)?)
    }

    async fn ask(&self, asked: Asked) -> Result<Entry, MockError> {
        let provider = self.clone();
        let Answered {
            entry,
            behaviour,
            first,
        } = detached(async move {
            let answered = books::operate(&provider.pool, &asked, provider.late).await?;
            if answered.behaviour == Some(Behaviour::Slow) {
                tokio::time::sleep(provider.slow).await;
            }
            Ok(answered)
        })
        .await?;
        if first && behaviour == Some(Behaviour::AnswersLost) {
            return Err(MockError::Lost);
        }
        Ok(entry)
    }
}

/// Foreign systems finish what they were asked, whether or not somebody still waits for the answer.
async fn detached<T: Send + 'static>(
    work: impl Future<Output = Result<T, MockError>> + Send + 'static,
) -> Result<T, MockError> {
    match tokio::time::timeout(CALL, tokio::spawn(work)).await {
        Ok(Ok(done)) => done,
        Ok(Err(_)) => Err(MockError::Lost),
        Err(_) => Err(MockError::TimedOut),
    }
}

fn entry(key: String, kind: Kind, amount: money::Money) -> Entry {
    Entry {
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

fn authorisation(payment: PaymentId, entry: &Entry) -> Result<Authorisation, MockError> {
    let reference =
        ProviderReference::try_from(books::reference(payment)).map_err(|_| MockError::Row)?;
    Ok(match answer(entry)? {
        OperationAnswer::Done => Authorisation::Authorised { reference },
        OperationAnswer::Refused { reason } => Authorisation::Declined { reason },
        OperationAnswer::Pending => Authorisation::Pending { reference },
    })
}

fn answer(entry: &Entry) -> Result<OperationAnswer, MockError> {
    Ok(match &entry.refused {
        _ if !entry.settled => OperationAnswer::Pending,
        None => OperationAnswer::Done,
        Some(reason) => OperationAnswer::Refused {
            reason: RefusalReason::try_from(reason.clone()).map_err(|_| MockError::Row)?,
        },
    })
}

fn books_of(payment: PaymentId, entries: &[Entry]) -> Result<Books, MockError> {
    let mut books = Books {
        authorisation: None,
        capture: None,
        void: None,
        refunds: Vec::new(),
    };
    for entry in entries {
        match entry.kind {
            Kind::Authorise => books.authorisation = Some(authorisation(payment, entry)?),
            Kind::Capture => books.capture = Some(answer(entry)?),
            Kind::Void => books.void = Some(answer(entry)?),
            Kind::Refund => {
                let id = entry.refund.ok_or(MockError::Row)?;
                books.refunds.push((id, answer(entry)?));
            }
        }
    }
    Ok(books)
}
