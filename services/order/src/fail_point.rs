//! Points where tests interrupt the order path: before and after every commit, call and acknowledgement.

use std::sync::Arc;

use crate::{checkout::ports::ReservationsError, values::Cause};

fail_points::fail_points! {
    // Placing an order.
    BeforeReserve = "before_reserve",
    AfterReserve = "after_reserve",
    BeforeOrderCommit = "before_order_commit",
    AfterOrderCommit = "after_order_commit",
    /// The order row is written, and the saga not yet woken.
    AfterOrderRow = "after_order_row",
    /// The customer has no response yet.
    BeforeAnswer = "before_answer",
    // The saga.
    BeforeTake = "before_take",
    AfterTake = "after_take",
    BeforeExtendHold = "before_extend_hold",
    AfterExtendHold = "after_extend_hold",
    BeforeCommitHold = "before_commit_hold",
    AfterCommitHold = "after_commit_hold",
    BeforeReleaseHold = "before_release_hold",
    AfterReleaseHold = "after_release_hold",
    BeforeProviderCall = "before_provider_call",
    AfterProviderCall = "after_provider_call",
    BeforeSagaCommit = "before_saga_commit",
    AfterSagaCommit = "after_saga_commit",
    // Intents: payments, cancellations, refunds.
    BeforeIntentCommit = "before_intent_commit",
    AfterIntentCommit = "after_intent_commit",
    // Erasing deleted customers.
    BeforeErasureCommit = "before_erasure_commit",
    AfterErasureCommit = "after_erasure_commit",
    // Shortfalls.
    BeforeShortfallCommit = "before_shortfall_commit",
    AfterShortfallCommit = "after_shortfall_commit",
    BeforeShortfallSettle = "before_shortfall_settle",
    AfterShortfallSettle = "after_shortfall_settle",
}

pub async fn reach(point: FailPoint) -> Result<(), Cause> {
    let reached = fail_points::reach(point.as_str()).await;
    reached.map_err(|failed| Arc::new(failed) as Cause)
}

/// A call to product between its fail points.
pub async fn between<T>(
    before: FailPoint,
    after: FailPoint,
    call: impl Future<Output = Result<T, ReservationsError>>,
) -> Result<T, ReservationsError> {
    reach(before)
        .await
        .map_err(ReservationsError::Unreachable)?;
    let answer = call.await?;
    reach(after).await.map_err(ReservationsError::Unknown)?;
    Ok(answer)
}
