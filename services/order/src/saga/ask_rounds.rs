//! The rounds of the money queue: calls to payment providers, which may be slow. A few at a time, each begun the moment
//! its saga is taken and written the moment it is answered, so that no slow answer costs another its lease (ORDERS 19).

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

/// Calls at the same time; nothing is taken that would have to wait for one of them.
pub(super) const CALLS: usize = 32;
/// While calls are under way: how often to look for what is due meanwhile.
const REFILL: Duration = Duration::from_millis(200);

impl<R: Reservations + Clone, S: Sagas + Clone, P: PaymentProvider + Clone> DriveSagas<R, S, P> {
    /// Goes on until nothing is due and every call is answered. Once it is `ending`, nothing is taken any more.
    pub(super) async fn ask_all(&self, ending: impl Fn() -> bool) -> Result<Driven, SagasError> {
        let mut calls: JoinSet<Outcome> = JoinSet::new();
        let mut driven = Driven::default();
        let mut trouble = None;
        loop {
            let free = CALLS - calls.len();
            if free > 0 && trouble.is_none() && !ending() {
                match self.sagas.take(Queue::Money, free, LEASE).await {
                    Ok(turns) => {
                        driven.taken += turns.len();
                        for turn in turns {
                            calls.spawn(self.clone().act(turn));
                        }
                    }
                    // What is under way is seen through.
                    Err(error) => trouble = Some(error),
                }
            }
            if calls.is_empty() {
                return trouble.map_or(Ok(driven), Err);
            }
            match self.settle(Queue::Money, answers(&mut calls)).await {
                Ok(settled) => driven.add(settled),
                Err(error) => trouble = Some(error),
            }
        }
    }

    /// One action: a question to the provider, or what is only written.
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

/// The next answer and those that are there with it; none when it takes too long to wait for one.
async fn answers(calls: &mut JoinSet<Outcome>) -> Vec<Outcome> {
    let first = tokio::time::timeout(REFILL, calls.join_next()).await;
    let rest = std::iter::from_fn(|| calls.try_join_next());
    first.into_iter().flatten().chain(rest).flatten().collect()
}
