//! Reservations as a list: who has units of what, the newest orders first.

use db::{
    Pool,
    readable::{Attempt, Time, row},
};
use uuid::Uuid;
use web::list::{Paging, Total};

use crate::{
    catalog::products::model::{Name, ProductId, Sku, VendorId},
    stock::reservations::model::{HoldState, OrderId, ReservedLine},
};

/// Which reservations are listed.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// None: any.
    pub vendor: Option<Uuid>,
    pub sku: Option<Sku>,
    pub order: Option<Uuid>,
    pub state: Option<HoldState>,
}

/// The sort key of a line.
pub type Position = (Uuid, String, String);

row!(
    ReservedRow, "reservation", order_id.0 => ReservedLine
    {
        order_id: OrderId, sku: Sku, location: String, product_id: ProductId, vendor_id: VendorId, name: Name,
        quantity: i64, shipped: i64, returned: i64, released: i64,
    }
    {
        state: Attempt<HoldState>, expires_at: Option<Attempt<Time>>, created_at: Attempt<Time>,
        ended_at: Option<Attempt<Time>>,
    }
);

impl ReservedRow {
    pub fn position(&self) -> Position {
        let sku = self.sku.as_str().to_owned();
        (self.order_id.0, sku, self.location.clone())
    }
}

macro_rules! reservations {
    ($from:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            ReservedRow,
            r#"SELECT line.order_id AS "order_id: _", line.sku AS "sku: _", line.location,
                   line.product_id AS "product_id: _", line.vendor_id AS "vendor_id: _", line.name AS "name: _",
                   line.quantity, line.shipped, line.returned, line.released, hold.state AS "state: _",
                   hold.expires_at AS "expires_at?: _", hold.created_at AS "created_at: _", hold.ended_at AS "ended_at: _"
               FROM "# + $from + " ORDER BY line.order_id DESC, line.sku DESC, line.location DESC LIMIT $4 OFFSET $5"
            $(, $argument)*
        )
    };
}

/// The rows of one page. There is a statement for each filter that has an index of its own.
pub async fn rows(
    pool: &Pool,
    wanted: &Wanted,
    paging: &Paging<Position>,
) -> Result<Vec<ReservedRow>, sqlx::Error> {
    // Before every line.
    let start = (Uuid::max(), String::new(), String::new());
    let (order, sku, location) = paging.after().unwrap_or(&start);
    macro_rules! ask {
        ($from:tt $(, $argument:expr)*) => {
            reservations!($from, order, sku, location, paging.fetch(), paging.offset(), wanted.state as _ $(, $argument)*)
                .fetch_all(pool)
                .await
        };
    }
    match (&wanted.order, &wanted.sku, wanted.vendor, wanted.state) {
        (Some(id), sku, vendor, _) => ask!(
            "hold_lines line JOIN holds hold USING (order_id)
             WHERE (line.order_id, line.sku, line.location) < ($1, $2, $3) AND ($6::text IS NULL OR hold.state = $6)
                 AND line.order_id = $7 AND ($8::text IS NULL OR line.sku = $8) AND ($9::uuid IS NULL OR line.vendor_id = $9)",
            id,
            sku.as_ref().map(Sku::as_str),
            vendor
        ),
        (None, Some(sku), vendor, _) => ask!(
            "hold_lines line JOIN holds hold USING (order_id)
             WHERE (line.order_id, line.sku, line.location) < ($1, $2, $3) AND ($6::text IS NULL OR hold.state = $6)
                 AND hashtext(line.sku) = hashtext($7) AND line.sku = $7 AND ($8::uuid IS NULL OR line.vendor_id = $8)",
            sku.as_str(),
            vendor
        ),
        (None, None, Some(vendor), _) => ask!(
            "hold_lines line JOIN holds hold USING (order_id)
             WHERE (line.order_id, line.sku, line.location) < ($1, $2, $3) AND ($6::text IS NULL OR hold.state = $6)
                 AND line.vendor_id = $7 AND line.order_id <= $1",
            vendor
        ),
        (None, None, None, Some(HoldState::Held)) => ask!(
            "hold_lines line JOIN holds hold USING (order_id)
             WHERE (line.order_id, line.sku, line.location) < ($1, $2, $3) AND hold.state = 'held' AND hold.state = $6"
        ),
        (None, None, None, Some(HoldState::Released | HoldState::Expired | HoldState::Lost)) => ask!(
            "hold_lines line JOIN holds hold USING (order_id)
             WHERE (line.order_id, line.sku, line.location) < ($1, $2, $3)
                 AND hold.state IN ('released', 'expired', 'lost') AND hold.state = $6"
        ),
        // Most are committed.
        (None, None, None, Some(HoldState::Committed) | None) => ask!(
            "hold_lines line JOIN holds hold USING (order_id)
             WHERE (line.order_id, line.sku, line.location) < ($1, $2, $3) AND ($6::text IS NULL OR hold.state = $6)"
        ),
    }
}

pub async fn total(pool: &Pool, wanted: &Wanted) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
               SELECT FROM hold_lines line JOIN holds hold USING (order_id)
               WHERE ($1::uuid IS NULL OR line.order_id = $1)
                 AND ($2::text IS NULL OR hashtext(line.sku) = hashtext($2) AND line.sku = $2)
                 AND ($3::uuid IS NULL OR line.vendor_id = $3) AND ($4::text IS NULL OR hold.state = $4)
               LIMIT $5
           ) counted"#,
        wanted.order,
        wanted.sku.as_ref().map(Sku::as_str),
        wanted.vendor,
        wanted.state as _,
        Total::COUNT_TO,
    )
    .fetch_one(pool)
    .await
}
