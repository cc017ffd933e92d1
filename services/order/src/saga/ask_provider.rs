//! Calls to payment providers: none is made under a lock, and each has a key that is the same whenever it is repeated. An
//! unknown outcome is looked up before the call is repeated (ORDERS 19).

use std::{sync::Arc, time::Duration};

use tracing::warn;

use super::{
    DriveSagas,
    drive_sagas::{LEASE, Outcome},
    model::{Action, Impossible, Progress, Turn},
};
use crate::{
    fail_point::{FailPoint, reach},
    payments::{
        model::{Payment, Refund},
        ports::{
            Authorisation, Charge, MoneyOperation, OperationAnswer, PaymentProvider, ProviderError,
            ProviderRecord, RefundOperation,
        },
    },
};

/// Leaves time in the lease to write the answer; a call that takes longer counts as one whose answer was lost.
const PATIENCE: Duration = Duration::from_secs(6);
const _: () = assert!(
    PATIENCE.as_secs() + 3 < LEASE.as_secs(),
    "answers are written in time"
);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Question {
    Authorise,
    Capture,
    Void,
    Refund,
}

impl Question {
    /// `None`: the action is no call to a provider.
    pub(super) const fn of(action: Action) -> Option<Self> {
        Some(match action {
            Action::Authorise => Self::Authorise,
            Action::Capture => Self::Capture,
            Action::Void => Self::Void,
            Action::Refund => Self::Refund,
            Action::ExtendHold
            | Action::CommitHold
            | Action::ReleaseHold(_)
            | Action::Confirm
            | Action::Cancel(_)
            | Action::RefuseCancellation
            | Action::Decide(_)
            | Action::RequestRefund { .. }
            | Action::RefundShortfall { .. }
            | Action::WaitForPayment
            | Action::WaitForShipment
            | Action::Finish => return None,
        })
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the payment provider took longer than {} s", PATIENCE.as_secs())]
struct TooLate;

/// What is known after a call, or from the provider's record.
enum Reply {
    Authorisation(Authorisation),
    Captured(OperationAnswer),
    Voided(OperationAnswer),
    Refunded(OperationAnswer),
}

impl<R, S, P: PaymentProvider> DriveSagas<R, S, P> {
    /// Ends within the lease of its turn, whatever the provider does.
    pub(super) async fn ask(&self, turn: &Turn, question: Question) -> Outcome {
        let again = |reason| turn.postponed(self.jitter, reason);
        let pause = turn.pause(self.jitter);
        let Some(payment) = &turn.item.payment else {
            return Err(again(Impossible::Nothing.to_string()));
        };
        let call = self.call(payment, turn.item.refund.as_ref(), question);
        let reply = tokio::time::timeout(PATIENCE, call)
            .await
            .unwrap_or_else(|_| Err(ProviderError::Unknown(Arc::new(TooLate))));
        let progress = Progress::of(turn.clone());
        let settled = match reply {
            Ok(reply) => settled(progress, reply, pause),
            Err(error) => {
                warn!(
                    order.id = %turn.lease.id,
                    payment.id = %payment.id,
                    error = &error as &dyn std::error::Error,
                    "payment provider call failed"
                );
                match error {
                    // Further calls look it up first.
                    ProviderError::Unknown(_) if !payment.asked => {
                        return Ok(progress.unanswered(None, pause));
                    }
                    ProviderError::Unknown(_) | ProviderError::Unreachable(_) => {
                        return Err(again(telemetry::chain(&error)));
                    }
                }
            }
        };
        settled.map_err(|stopped| again(stopped.to_string()))
    }

    async fn call(
        &self,
        payment: &Payment,
        refund: Option<&Refund>,
        question: Question,
    ) -> Result<Reply, ProviderError> {
        if payment.asked
            && let Some(record) = self.provider.look_up(payment.provider, payment.id).await?
            && let Some(known) = known(&record, refund, question)
        {
            return Ok(known);
        }
        reach(FailPoint::BeforeProviderCall)
            .await
            .map_err(ProviderError::Unreachable)?;
        let operation = MoneyOperation {
            provider: payment.provider,
            payment: payment.id,
            amount: payment.amount,
        };
        let reply = match (question, refund) {
            (Question::Authorise, _) => {
                let charge = Charge {
                    provider: payment.provider,
                    payment: payment.id,
                    order: payment.order_id,
                    method: payment.method.clone(),
                    amount: payment.amount,
                };
                self.provider
                    .authorise(&charge)
                    .await
                    .map(Reply::Authorisation)
            }
            (Question::Capture, _) => self.provider.capture(&operation).await.map(Reply::Captured),
            (Question::Void, _) => self.provider.void(&operation).await.map(Reply::Voided),
            (Question::Refund, Some(refund)) => {
                let operation = RefundOperation {
                    provider: payment.provider,
                    payment: payment.id,
                    refund: refund.id,
                    amount: refund.amount,
                };
                self.provider.refund(&operation).await.map(Reply::Refunded)
            }
            (Question::Refund, None) => {
                Err(ProviderError::Unreachable(Arc::new(Impossible::Nothing)))
            }
        }?;
        reach(FailPoint::AfterProviderCall)
            .await
            .map_err(ProviderError::Unknown)?;
        Ok(reply)
    }
}

/// What the provider's record says about a question; `None`: it has not reached the provider.
fn known(record: &ProviderRecord, refund: Option<&Refund>, question: Question) -> Option<Reply> {
    match question {
        Question::Authorise => record.authorisation.clone().map(Reply::Authorisation),
        Question::Capture => record.capture.clone().map(Reply::Captured),
        Question::Void => record.void.clone().map(Reply::Voided),
        Question::Refund => {
            let asked = refund?.id;
            let of_this = |(id, _): &&(_, _)| *id == asked;
            let (_, answer) = record.refunds.iter().find(of_this)?;
            Some(Reply::Refunded(answer.clone()))
        }
    }
}

/// Why a reply cannot be applied: the saga needs manual intervention.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Impossible(#[from] Impossible),
    #[error("the provider refused to void the payment: {0}")]
    NotVoided(String),
}

fn settled(progress: Progress, reply: Reply, pause: Duration) -> Result<Progress, Stopped> {
    Ok(match reply {
        Reply::Authorisation(Authorisation::Authorised { reference }) => {
            progress.authorised(reference)?
        }
        Reply::Authorisation(Authorisation::Pending { reference }) => {
            progress.pending(Some(reference), pause)
        }
        Reply::Authorisation(Authorisation::Declined { reason })
        | Reply::Captured(OperationAnswer::Refused { reason }) => progress.refused(reason)?,
        Reply::Captured(OperationAnswer::Done) => progress.captured()?,
        Reply::Voided(OperationAnswer::Done) => progress.voided()?,
        Reply::Voided(OperationAnswer::Refused { reason }) => {
            return Err(Stopped::NotVoided(reason.to_string()));
        }
        Reply::Refunded(OperationAnswer::Done) => progress.refunded()?,
        Reply::Refunded(OperationAnswer::Refused { reason }) => progress.refund_refused(reason)?,
        Reply::Captured(OperationAnswer::Pending)
        | Reply::Voided(OperationAnswer::Pending)
        | Reply::Refunded(OperationAnswer::Pending) => progress.pending(None, pause),
    })
}
