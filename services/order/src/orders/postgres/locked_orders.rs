//! Orders locked together for a round of work on what belongs to them, each of which may be a new version (ORDERS 8).

use std::collections::{BTreeMap, HashSet};

use db::Transaction;
use uuid::Uuid;

use super::{
    events::{self, EventRow},
    row::stored_state,
};
use crate::{
    infrastructure::postgres::{failure::StoreError, touched},
    orders::model::{NewEvent, OrderState},
    values::OrderId,
};

pub(crate) struct LockedOrders {
    states: BTreeMap<Uuid, OrderState>,
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
        let states = rows
            .into_iter()
            .map(|row| Ok((row.id, stored_state!(row)?)));
        Ok(Self {
            states: states.collect::<Result<_, StoreError>>()?,
            changed: HashSet::new(),
            events: Vec::new(),
        })
    }

    pub(crate) fn ids(&self) -> Vec<Uuid> {
        self.states.keys().copied().collect()
    }

    /// A new version of an order, made by the event that `change` returns with its result.
    pub(crate) fn change<T>(
        &mut self,
        id: OrderId,
        change: impl FnOnce(&mut OrderState) -> (T, NewEvent),
    ) -> Result<T, StoreError> {
        let state = self.states.get_mut(&id.0);
        let state = state.ok_or(StoreError::Row("the order of what was locked with it"))?;
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
