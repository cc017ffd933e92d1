//! The rounds of the money queue: calls to payment providers, which may be slow. A bounded number of them run at a time. Each
//! starts as its saga is taken, and its result is written as it arrives, so that a slow call costs no other saga its lease
//! (ORDERS 19).

use std::time::Duration;

use tokio::task::JoinSet;

use super::{
    DriveSagas, Driven,
    ask_provider::Question,
    drive_sagas::{LEASE, Outcome, TASK},
    model::{Queue, Turn},
    ports::{Sagas, SagasError},
};
use crate::{checkout::ports::Reservations, payments::ports::PaymentProvider};

/// Concurrent calls. No saga is taken that would have to wait for one of them.
pub(super) const CALLS: usize = 32;
/// How often to look for further due sagas while calls are in progress.
const REFILL: Duration = Duration::from_millis(200);

impl<R: Reservations + Clone, S: Sagas + Clone, P: PaymentProvider + Clone> DriveSagas<R, S, P> {
    /// Ends when nothing is due and every call is answered. Once it is `ending`, no further sagas are taken.
    pub(super) async fn ask_all(&self, ending: impl Fn() -> bool) -> Result<Driven, SagasError> {
        let mut calls: JoinSet<Outcome> = JoinSet::new();
        let mut driven = Driven::default();
        let mut failure = None;
        loop {
            let free = CALLS - calls.len();
            if free > 0 && failure.is_none() && !ending() {
                match self.sagas.take(Queue::Money, free, LEASE).await {
                    Ok(turns) => {
                        driven.taken += turns.len();
                        for turn in turns {
                            calls.spawn(self.clone().act(turn));
                        }
                    }
                    // The calls in progress are still completed.
                    Err(error) => failure = Some(error),
                }
            }
            if calls.is_empty() {
                return failure.map_or(Ok(driven), Err);
            }
            match self.settle(Queue::Money, answers(&mut calls)).await {
                Ok(settled) => driven.add(settled),
                Err(error) => failure = Some(error),
            }
        }
    }

    /// One action: a call to the provider, or a change of rows alone.
    async fn act(self, turn: Turn) -> Outcome {
        let acting = async {
            let action = turn.item.next();
            match Question::of(action) {
                Some(question) => self.ask(&turn, question).await,
                None => self.written(&turn, action),
            }
        };
        worker::isolated(TASK, acting)
            .await
            .unwrap_or_else(|panicked| Err(self.panicked(&turn, &panicked)))
    }
}

/// The next answer and those that have arrived with it; none if there is none for a while.
async fn answers(calls: &mut JoinSet<Outcome>) -> Vec<Outcome> {
    let first = tokio::time::timeout(REFILL, calls.join_next()).await;
    let rest = std::iter::from_fn(|| calls.try_join_next());
    first.into_iter().flatten().chain(rest).flatten().collect()
}
