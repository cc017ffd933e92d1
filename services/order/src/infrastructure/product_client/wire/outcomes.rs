//! The outcomes of holds, by order, and of movements, by their id. Entries are read one by one: a newer product may send values
//! that this version does not know (ORDERS 33).

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::checkout::ports::Misfit;

#[derive(Deserialize)]
pub(in super::super) struct Outcomes {
    outcomes: Vec<Box<RawValue>>,
}

/// The order of an entry.
#[derive(Deserialize)]
struct OfOrder {
    order_id: Uuid,
}

/// The movement of an entry.
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

impl Outcomes {
    /// The outcomes of these orders, in the order of the question, whatever the order of the answer.
    pub(in super::super) fn of_orders<O: DeserializeOwned>(
        &self,
        orders: impl IntoIterator<Item = Uuid>,
    ) -> Vec<Result<O, Misfit>> {
        self.in_order(orders, |entry| {
            serde_json::from_str::<OfOrder>(entry.get()).map(|of| of.order_id)
        })
    }

    /// The same of movements.
    pub(in super::super) fn of_movements<O: DeserializeOwned>(
        &self,
        movements: impl IntoIterator<Item = Uuid>,
    ) -> Vec<Result<O, Misfit>> {
        self.in_order(movements, |entry| {
            serde_json::from_str::<OfMovement>(entry.get()).map(|of| of.id)
        })
    }

    fn in_order<O: DeserializeOwned>(
        &self,
        asked: impl IntoIterator<Item = Uuid>,
        name: impl Fn(&RawValue) -> serde_json::Result<Uuid>,
    ) -> Vec<Result<O, Misfit>> {
        // An entry without a readable name is none: the order that it was for has no entry then.
        let by_id: HashMap<Uuid, &RawValue> = self
            .outcomes
            .iter()
            .filter_map(|entry| Some((name(entry).ok()?, &**entry)))
            .collect();
        asked
            .into_iter()
            .map(|id| {
                let entry = by_id.get(&id).ok_or_else(|| Misfit(Arc::new(Missing)))?;
                let told = serde_json::from_str::<Told<O>>(entry.get());
                told.map(|told| told.outcome)
                    .map_err(|error| Misfit(Arc::new(error)))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saga::model::CommitOutcome;

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
            .of_orders(ids)
            .into_iter()
            .map(Result::ok)
            .collect();
        assert_eq!(read, [None, Some(CommitOutcome::Committed), None, None]);
    }
}
