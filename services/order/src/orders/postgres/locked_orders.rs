//! Orders locked together for a round of work on what belongs to them, each of which may be a new version (ORDERS 8).

use std::collections::{BTreeMap, HashMap, HashSet};

use db::{Transaction, readable::Unreadable};
use uuid::Uuid;

use super::{
    events::{self, EventRow},
    row::stored_state,
};
use crate::{
    fulfillment::model::Movement,
    infrastructure::postgres::{failure::StoreError, leases::LeftOut, touched},
    orders::model::{NewEvent, OrderState},
    values::{Leased, OrderId},
};

/// Product's answer about what moved.
type Answered<G, A> = (Leased<Uuid, G>, A);

pub(crate) struct LockedOrders {
    states: BTreeMap<Uuid, OrderState>,
    /// Locked too.
    unreadable: HashMap<Uuid, Unreadable>,
    changed: HashSet<Uuid>,
    events: Vec<EventRow>,
}

impl LockedOrders {
    /// Locks them in key order.
    pub(crate) async fn lock(
        transaction: &mut Transaction,
        ids: &[Uuid],
    ) -> Result<Self, StoreError> {
        let rows = sqlx::query!(
            r#"
            SELECT id, status, payment_status, fulfillment_status, cancel_reason, version
            FROM orders WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE
            "#,
            ids,
        )
        .fetch_all(&mut **transaction)
        .await?;
        let (mut states, mut unreadable) = (BTreeMap::new(), HashMap::new());
        for row in rows {
            match stored_state!(row) {
                Ok(state) => {
                    states.insert(row.id, state);
                }
                Err(reason) => {
                    unreadable.insert(row.id, reason);
                }
            }
        }
        Ok(Self {
            states,
            unreadable,
            changed: HashSet::new(),
            events: Vec::new(),
        })
    }

    /// Those that can be read.
    pub(crate) fn ids(&self) -> Vec<Uuid> {
        self.states.keys().copied().collect()
    }

    /// What was answered of those that can be read, by key; the rest is left out.
    pub(crate) fn part<'a, G: AsRef<Movement>, A>(
        &self,
        answered: impl Iterator<Item = &'a Answered<G, A>>,
    ) -> (Vec<&'a Answered<G, A>>, Vec<LeftOut<Uuid>>) {
        let (mut settled, mut left_out) = (Vec::new(), Vec::new());
        for one in answered {
            let row = &one.0;
            let order = row.item.as_ref().order_id;
            match self.unreadable.get(&order.0) {
                None => settled.push(one),
                Some(reason) => left_out.push(LeftOut {
                    order,
                    row: row.with(()),
                    reason: reason.clone(),
                }),
            }
        }
        settled.sort_by_key(|(row, _)| row.lease.id);
        (settled, left_out)
    }

    /// A new version of an order, made by the event that `change` returns with its result.
    pub(crate) fn change<T>(
        &mut self,
        id: OrderId,
        change: impl FnOnce(&mut OrderState) -> (T, NewEvent),
    ) -> Result<T, StoreError> {
        let state = self.states.get_mut(&id.0);
        let state = state.ok_or(StoreError::row("the order of what was locked with it"))?;
        let (result, event) = change(state);
        self.changed.insert(id.0);
        self.events.push(EventRow::new(id, state, event));
        Ok(result)
    }

    /// Writes the new versions and their events, in key order.
    pub(crate) async fn write(mut self, transaction: &mut Transaction) -> Result<(), StoreError> {
        self.states.retain(|id, _| self.changed.contains(id));
        let ids = self.ids();
        let (statuses, versions): (Vec<&str>, Vec<i64>) = self
            .states
            .values()
            .map(|state| (state.fulfillment.as_str(), state.version))
            .unzip();
        let done = sqlx::query!(
            r#"
            UPDATE orders SET fulfillment_status = next.fulfillment_status, version = next.version, updated_at = now()
            FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS next (id, fulfillment_status, version)
            WHERE orders.id = next.id
            "#,
            &ids,
            &statuses as &[&str],
            &versions,
        )
        .execute(&mut **transaction)
        .await?;
        touched::<StoreError>(done.rows_affected(), ids.len())?;
        Ok(events::write(transaction, &self.events).await?)
    }
}
