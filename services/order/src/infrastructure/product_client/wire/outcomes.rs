//! What became of holds, by order, and of movements, by their id. Entries are read one by one: product may be newer and
//! say what this version does not know (ORDERS 33).

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    checkout::ports::Misfit,
    saga::model::{CommitOutcome, ExtendOutcome, ReleaseOutcome},
};

#[derive(Deserialize)]
pub(in super::super) struct Outcomes {
    outcomes: Vec<Box<RawValue>>,
}

/// Which question an entry about an order answers.
#[derive(Deserialize)]
struct OfOrder {
    order_id: Uuid,
}

/// The same of a movement.
#[derive(Deserialize)]
struct OfMovement {
    id: Uuid,
}

#[derive(Deserialize)]
struct Told<O> {
    outcome: O,
}

#[derive(Debug, thiserror::Error)]
#[error("the response has no entry for it")]
struct Missing;

/// What product may say, and what that is in the words of the sagas.
macro_rules! outcomes {
    ($($name:ident of $domain:ident { $($variant:ident),+ })+) => {$(
        #[derive(Clone, Copy, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub(in super::super) enum $name { $($variant),+ }

        impl From<$name> for $domain {
            fn from(outcome: $name) -> Self {
                match outcome { $($name::$variant => Self::$variant),+ }
            }
        }
    )+};
}

outcomes! {
    Commit of CommitOutcome { Committed, Lost, Gone }
    Extend of ExtendOutcome { Extended, Committed, Lost, Gone }
    Release of ReleaseOutcome { Released, Committed }
}

impl Outcomes {
    /// The outcomes of these orders, in the order of the question, whatever the order of the answer.
    pub(in super::super) fn of_orders<O: DeserializeOwned, D: From<O>>(
        &self,
        orders: impl Iterator<Item = Uuid>,
    ) -> Vec<Result<D, Misfit>> {
        self.in_order::<O, D>(orders, |entry| {
            serde_json::from_str::<OfOrder>(entry.get()).map(|of| of.order_id)
        })
    }

    /// The same of movements.
    pub(in super::super) fn of_movements<O: DeserializeOwned, D: From<O>>(
        &self,
        movements: impl Iterator<Item = Uuid>,
    ) -> Vec<Result<D, Misfit>> {
        self.in_order::<O, D>(movements, |entry| {
            serde_json::from_str::<OfMovement>(entry.get()).map(|of| of.id)
        })
    }

    fn in_order<O: DeserializeOwned, D: From<O>>(
        &self,
        asked: impl Iterator<Item = Uuid>,
        name: impl Fn(&RawValue) -> serde_json::Result<Uuid>,
    ) -> Vec<Result<D, Misfit>> {
        // An entry without a readable name answers nobody: whoever it was for finds none.
        let by_id: HashMap<Uuid, &RawValue> = self
            .outcomes
            .iter()
            .filter_map(|entry| Some((name(entry).ok()?, &**entry)))
            .collect();
        asked
            .map(|id| {
                let entry = by_id.get(&id).ok_or_else(|| Misfit(Arc::new(Missing)))?;
                let told: Told<O> =
                    serde_json::from_str(entry.get()).map_err(|error| Misfit(Arc::new(error)))?;
                Ok(D::from(told.outcome))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(json: &str) -> Outcomes {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_entry_that_is_missing_or_odd_fails_alone() {
        let ids: Vec<Uuid> = (1..=4).map(Uuid::from_u128).collect();
        let outcomes = answer(&format!(
            r#"{{"outcomes": [7, {{"order_id": "{}", "outcome": "a_newer_word"}}, {{"outcome": "gone"}},
                 {{"order_id": "{}", "outcome": "committed", "more": 1}}, {{"order_id": "{}", "outcome": null}}]}}"#,
            ids[0], ids[1], ids[2],
        ));
        let read: Vec<Option<CommitOutcome>> = outcomes
            .of_orders::<Commit, CommitOutcome>(ids.into_iter())
            .into_iter()
            .map(Result::ok)
            .collect();
        assert_eq!(read, [None, Some(CommitOutcome::Committed), None, None]);
    }
}
