//! Places where tests break the order path: before and after every commit, call and acknowledgement. Compiled only with
//! the feature `fail-points`: `FAIL_POINT` names the place and what happens there each time it is reached, such as
//! `after_reserve:abort`, `…:sleep` (an hour), `…:delay` (300 ms) or `…:error`; several are separated by commas.

use crate::values::Cause;

macro_rules! fail_points {
    ($($(#[$docs:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// A step that has just been made, or is about to be.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FailPoint { $($(#[$docs])* $variant),+ }

        #[cfg(feature = "fail-points")]
        impl FailPoint {
            /// All of them: what a crash matrix goes through.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

fail_points! {
    // Placing an order.
    BeforeReserve = "before_reserve",
    AfterReserve = "after_reserve",
    BeforeOrderCommit = "before_order_commit",
    AfterOrderCommit = "after_order_commit",
    /// The order row is there, and the saga not yet woken.
    AfterOrderRow = "after_order_row",
    /// The customer has not heard of the order.
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
    // Wishes: payments, cancellations, refunds.
    BeforeIntentCommit = "before_intent_commit",
    AfterIntentCommit = "after_intent_commit",
    // Units that fell short.
    BeforeShortfallCommit = "before_shortfall_commit",
    AfterShortfallCommit = "after_shortfall_commit",
    BeforeShortfallSettle = "before_shortfall_settle",
    AfterShortfallSettle = "after_shortfall_settle",
}

#[cfg(feature = "fail-points")]
/// What a step that is made to fail fails with.
#[derive(Debug, thiserror::Error)]
#[error("failed on demand")]
pub struct OnDemand;

#[cfg(not(feature = "fail-points"))]
pub async fn reach(_: FailPoint) -> Result<(), Cause> {
    Ok(())
}

#[cfg(feature = "fail-points")]
#[expect(
    clippy::disallowed_methods,
    reason = "no setting: it does not exist in a release"
)]
pub async fn reach(point: FailPoint) -> Result<(), Cause> {
    use std::{sync::Arc, time::Duration};
    let setting = std::env::var("FAIL_POINT").unwrap_or_default();
    let here = setting
        .split(',')
        .filter_map(|one| one.split_once(':'))
        .find(|(place, _)| *place == point.as_str());
    match here {
        Some((_, "abort")) => std::process::abort(),
        Some((_, "sleep")) => tokio::time::sleep(Duration::from_hours(1)).await,
        Some((_, "delay")) => tokio::time::sleep(Duration::from_millis(300)).await,
        Some((_, "error")) => return Err(Arc::new(OnDemand)),
        Some(_) | None => {}
    }
    Ok(())
}
