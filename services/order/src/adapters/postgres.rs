//! Orders and sagas in Postgres. Every write is set-wise and in key order, and may be repeated as a whole.

mod count;
mod create;
mod dispatch;
mod event_log;
mod events;
mod facts;
mod failure;
mod insert;
mod list;
mod list_payments;
mod payment_row;
mod payments;
mod recorded;
mod request_key;
mod returned_goods;
mod returns;
mod revise;
mod row;
mod saga_desk;
mod sagas;
mod settle;
mod shipments;
mod shortfalls;
mod stored_address;
mod unpaid;
mod unpaid_units;
mod unreadable;

use std::{collections::HashMap, num::NonZeroU32};

use postgres::Pool;
use web::clock::Clock;

use self::failure::orders_error;
pub use self::{
    event_log::PgEventLog,
    payments::PgPayments,
    returned_goods::PgReturnedGoods,
    sagas::PgSagas,
    shipments::PgShipments,
    unreadable::{OrderText, unreadable},
};
use crate::{
    domain::{
        Dispatch, Fingerprint, FulfillmentId, FulfillmentStep, NewEvent, NewOrder, Order,
        OrderFilter, OrderId, OwingUnits, PastEvent, RequestIdentity, ReturnId, ReturnStep, UserId,
        Window,
    },
    ports::{
        Creation, Dispatches, Listing, Orders, OrdersError, Recorded, Request, ReturnSaved,
        Returns, Revisions, Saved,
    },
};

pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

/// Orders. What places them has connections of its own, so that neither a flood of readers nor one of changes holds
/// it up.
#[derive(Clone, Debug)]
pub struct PgOrders {
    readers: Pool,
    lanes: Pool,
    intents: Pool,
    clock: Clock,
}

/// The connections of one process, by what they are for. Several may be the same.
#[derive(Clone, Debug)]
pub struct Pools {
    pub readers: Pool,
    /// Batches of orders, and the sagas that orders begin in.
    pub lanes: Pool,
    /// What people change by hand: cancellations, payments, refunds, parcels, returns.
    pub intents: Pool,
}

impl Pools {
    /// One for all: for a process that nobody floods.
    pub fn shared(pool: impl Into<Pool>) -> Self {
        let pool = pool.into();
        Self {
            readers: pool.clone(),
            lanes: pool.clone(),
            intents: pool,
        }
    }
}

impl PgOrders {
    pub fn new(pools: Pools, clock: Clock) -> Self {
        let Pools {
            readers,
            lanes,
            intents,
        } = pools;
        Self {
            readers,
            lanes,
            intents,
            clock,
        }
    }
}

impl Orders for PgOrders {
    async fn recorded(
        &self,
        identities: &[RequestIdentity],
    ) -> Result<Vec<Option<Recorded>>, OrdersError> {
        failure::retrying(self.clock, || recorded::recorded(&self.lanes, identities))
            .await
            .map_err(orders_error)
    }

    async fn create(
        &self,
        orders: &[NewOrder],
        most_unpaid_units: Option<NonZeroU32>,
    ) -> Result<Vec<Creation>, OrdersError> {
        create::create(&self.lanes, self.clock, orders, most_unpaid_units)
            .await
            .map_err(orders_error)
    }

    async fn unpaid(&self, customers: &[UserId]) -> Result<HashMap<UserId, u32>, OrdersError> {
        unpaid::unpaid(&self.lanes, customers)
            .await
            .map_err(|error| orders_error(error.into()))
    }

    async fn owing_units(&self, customers: &[UserId]) -> Result<Vec<OwingUnits>, OrdersError> {
        unpaid_units::owing_units(&self.lanes, customers)
            .await
            .map_err(orders_error)
    }

    async fn find(&self, id: OrderId) -> Result<Option<Order>, OrdersError> {
        let mut found = list::by_ids(&self.readers, &[id.0])
            .await
            .map_err(orders_error)?;
        Ok(found.pop())
    }

    async fn list(&self, filter: &OrderFilter, window: &Window) -> Result<Listing, OrdersError> {
        list::list(&self.readers, filter, window)
            .await
            .map_err(orders_error)
    }

    async fn forget_old_keys(&self) -> Result<u64, OrdersError> {
        recorded::forget_old(&self.lanes)
            .await
            .map_err(|error| orders_error(error.into()))
    }
}

impl Revisions for PgOrders {
    async fn save(
        &self,
        order: &Order,
        read_version: i64,
        event: &NewEvent,
    ) -> Result<Saved, OrdersError> {
        revise::save(&self.intents, order, read_version, event)
            .await
            .map_err(orders_error)
    }

    async fn history(
        &self,
        order: OrderId,
        after: i64,
        rows: i64,
    ) -> Result<Vec<PastEvent>, OrdersError> {
        revise::history(&self.readers, order, after, rows)
            .await
            .map_err(orders_error)
    }
}

impl Dispatches for PgOrders {
    async fn dispatch(&self, order: OrderId) -> Result<Option<Dispatch>, OrdersError> {
        dispatch::dispatch(&self.readers, order)
            .await
            .map_err(orders_error)
    }

    async fn order_of(&self, parcel: FulfillmentId) -> Result<Option<OrderId>, OrdersError> {
        dispatch::order_of(&self.readers, parcel)
            .await
            .map_err(orders_error)
    }

    async fn write(&self, order: OrderId, step: &FulfillmentStep) -> Result<Saved, OrdersError> {
        dispatch::write(&self.intents, order, step)
            .await
            .map_err(orders_error)
    }
}

impl Returns for PgOrders {
    async fn requested(
        &self,
        identity: &RequestIdentity,
    ) -> Result<Option<(Fingerprint, ReturnId)>, OrdersError> {
        returns::requested(&self.intents, identity)
            .await
            .map_err(orders_error)
    }

    async fn order_of_return(&self, id: ReturnId) -> Result<Option<OrderId>, OrdersError> {
        returns::order_of(&self.readers, id)
            .await
            .map_err(orders_error)
    }

    async fn write_return(
        &self,
        order: OrderId,
        step: &ReturnStep,
        request: Option<&Request>,
    ) -> Result<ReturnSaved, OrdersError> {
        returns::write(&self.intents, order, step, request)
            .await
            .map_err(orders_error)
    }
}
