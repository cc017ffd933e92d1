//! The rounds of the lane of money: calls to payment providers, which may be slow. A few at a time, each begun the moment
//! its saga is taken and written the moment it is answered, so that no slow answer costs another its lease (ORDERS 19).

use std::time::Duration;

use tokio::task::JoinSet;
use tracing::error;

use super::{
    DriveSagas, Driven,
    ask_provider::AskProvider,
    drive_sagas::{LEASE, Outcome, Plan},
    model::Lane,
    ports::{Sagas, SagasError},
};
use crate::{checkout::ports::Reservations, payments::ports::PaymentProvider};

/// Calls at the same time; nothing is taken that would have to wait for one of them.
pub(super) const CALLS: usize = 32;
/// While calls are under way: how often to look for what is due meanwhile.
const REFILL: Duration = Duration::from_millis(200);

impl<R: Reservations, S: Sagas, P: PaymentProvider + Clone> DriveSagas<R, S, P> {
    /// Goes on until nothing is due and every call is answered. Once it is `ending`, nothing is taken any more.
    pub(super) async fn ask_all(&self, ending: impl Fn() -> bool) -> Result<Driven, SagasError> {
        let asker = AskProvider {
            provider: self.provider.clone(),
            jitter: self.jitter,
        };
        let mut calls: JoinSet<Outcome> = JoinSet::new();
        let mut driven = Driven::default();
        let mut trouble = None;
        loop {
            let free = CALLS - calls.len();
            let mut taken = 0;
            if free > 0 && trouble.is_none() && !ending() {
                match self.begin(&asker, free, &mut calls).await {
                    Ok(begun) => {
                        taken = begun.taken;
                        driven.add(begun);
                    }
                    // What is under way is seen through.
                    Err(error) => trouble = Some(error),
                }
            }
            if calls.is_empty() {
                if taken > 0 && trouble.is_none() {
                    continue;
                }
                return trouble.map_or(Ok(driven), Err);
            }
            let answered = answers(&mut calls).await;
            match self.settle(Lane::Money, std::future::ready(answered)).await {
                Ok(settled) => driven.add(settled),
                Err(error) => trouble = Some(error),
            }
        }
    }

    /// Takes what is due, as many as may be asked at once, and begins to ask.
    async fn begin(
        &self,
        asker: &AskProvider<P>,
        free: usize,
        calls: &mut JoinSet<Outcome>,
    ) -> Result<Driven, SagasError> {
        let turns = self.sagas.take(Lane::Money, free, LEASE).await?;
        let taken = turns.len();
        if taken == 0 {
            return Ok(Driven::default());
        }
        let Plan {
            commits,
            extends,
            releases,
            asks,
            writes,
        } = Plan::of(turns, Lane::Money);
        debug_assert!(commits.is_empty() && extends.is_empty() && releases.is_empty());
        for (turn, question) in asks {
            let asker = asker.clone();
            calls.spawn(async move { asker.one(turn, question).await });
        }
        let written = self.settle(Lane::Money, self.write(writes)).await?;
        Ok(Driven { taken, ..written })
    }
}

/// The next answer and those that are there with it; none when it takes too long to wait for one. A call that panicked
/// answers nothing: its lease ends.
async fn answers(calls: &mut JoinSet<Outcome>) -> Vec<Outcome> {
    let mut answered = Vec::new();
    let first = tokio::time::timeout(REFILL, calls.join_next()).await;
    let mut next = first.ok().flatten();
    while let Some(outcome) = next {
        match outcome {
            Ok(outcome) => answered.push(outcome),
            Err(panicked) => error!(
                error = &panicked as &dyn std::error::Error,
                "the call to the payment provider panicked"
            ),
        }
        next = calls.try_join_next();
    }
    answered
}
