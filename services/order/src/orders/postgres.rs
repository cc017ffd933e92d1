//! Orders in Postgres. Every write is set-wise and in key order, and may be repeated as a whole.

mod count;
mod event_log;
pub(crate) mod events;
pub(crate) mod list;
pub(crate) mod locked_orders;
pub(crate) mod parts;
pub(crate) mod revise;
pub(crate) mod row;
pub(crate) mod stored_address;
pub(crate) mod unreadable;

use std::{collections::HashMap, num::NonZeroU32};

pub use self::{
    event_log::PgEventLog,
    unreadable::{OrderText, unreadable},
};
use super::{
    model::{NewEvent, Order, OrderFilter, PastEvent},
    ports::{Creation, Listing, Orders, OrdersError, Recorded, Revisions, Saved},
};
use crate::{
    checkout::{
        model::{NewOrder, OwingUnits},
        postgres::{create, recorded, unpaid, unpaid_units},
    },
    infrastructure::postgres::{
        PgOrders,
        failure::{StoreError, retrying},
    },
    values::{OrderId, RequestIdentity, UserId, Window},
};

impl Orders for PgOrders {
    async fn recorded(
        &self,
        identities: &[RequestIdentity],
    ) -> Result<Vec<Option<Recorded>>, OrdersError> {
        Ok(retrying(self.jitter, || recorded::recorded(&self.lanes, identities)).await?)
    }

    async fn create(
        &self,
        orders: &[NewOrder],
        most_unpaid_units: Option<NonZeroU32>,
    ) -> Result<Vec<Creation>, OrdersError> {
        Ok(create::create(&self.lanes, self.jitter, orders, most_unpaid_units).await?)
    }

    async fn unpaid(&self, customers: &[UserId]) -> Result<HashMap<UserId, u32>, OrdersError> {
        unpaid::unpaid(&self.lanes, customers)
            .await
            .map_err(|error| StoreError::from(error).into())
    }

    async fn owing_units(&self, customers: &[UserId]) -> Result<Vec<OwingUnits>, OrdersError> {
        Ok(unpaid_units::owing_units(&self.lanes, customers).await?)
    }

    async fn find(&self, id: OrderId) -> Result<Option<Order>, OrdersError> {
        Ok(list::by_ids(&self.readers, &[id.0]).await?.pop())
    }

    async fn list(&self, filter: &OrderFilter, window: &Window) -> Result<Listing, OrdersError> {
        Ok(list::list(&self.readers, filter, window).await?)
    }

    async fn forget_old_keys(&self) -> Result<u64, OrdersError> {
        recorded::forget_old(&self.lanes)
            .await
            .map_err(|error| StoreError::from(error).into())
    }
}

impl Revisions for PgOrders {
    async fn save(&self, order: &Order, event: &NewEvent) -> Result<Saved, OrdersError> {
        Ok(revise::save(&self.intents, order, event).await?)
    }

    async fn history(
        &self,
        order: OrderId,
        after: i64,
        rows: i64,
    ) -> Result<Vec<PastEvent>, OrdersError> {
        Ok(revise::history(&self.readers, order, after, rows).await?)
    }
}
