//! The stock that a transaction locks beside its own: it may detect that it needs more, which must be locked before
//! everything else and in order (ORDERS 7). Then it starts again.

use std::collections::BTreeSet;

use db::{Retries, Retryable};

use crate::{catalog::products::model::Sku, infrastructure::postgres::failure::StockError};

/// How often a batch that finds overdue holds locks their stock as well and starts again.
const MOST_WIDENINGS: u32 = 4;

/// The SKUs whose stock a batch locks beside its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    skus: BTreeSet<Sku>,
    widenings: u32,
}

impl Reach {
    pub(crate) fn skus(&self) -> &BTreeSet<Sku> {
        &self.skus
    }

    fn widen(&mut self, skus: impl IntoIterator<Item = Sku>) {
        self.widenings += 1;
        self.skus.extend(skus);
    }

    pub(crate) fn may_widen(&self) -> bool {
        self.widenings < MOST_WIDENINGS
    }

    /// Those of these SKUs that are not locked and must be before the transaction can go on.
    pub(crate) fn unlocked<'a>(
        &self,
        needed: impl Iterator<Item = &'a Sku>,
        locked: &BTreeSet<&Sku>,
    ) -> Result<Option<Vec<Sku>>, StockError> {
        let unlocked: Vec<Sku> = needed
            .filter(|sku| !locked.contains(sku))
            .cloned()
            .collect();
        match (unlocked.is_empty(), self.may_widen()) {
            (true, _) => Ok(None),
            (false, true) => Ok(Some(unlocked)),
            (false, false) => Err(StockError::Raced),
        }
    }
}

/// The outcome of one transaction.
pub(crate) enum Attempt<T> {
    Done(T),
    /// The stock of these must be locked first.
    Widen(Vec<Sku>),
}

/// Tries until it is done: with more stock locked, and again while locks or connections are in the way.
pub(crate) async fn attempts<T, E: Retryable, F: Future<Output = Result<Attempt<T>, E>>>(
    retries: &mut Retries,
    attempt: impl Fn(Reach) -> F,
) -> Result<T, E> {
    let mut reach = Reach::default();
    loop {
        match attempt(reach.clone()).await {
            Ok(Attempt::Done(done)) => return Ok(done),
            Ok(Attempt::Widen(skus)) => reach.widen(skus),
            Err(error) => retries.again(error).await?,
        }
    }
}
