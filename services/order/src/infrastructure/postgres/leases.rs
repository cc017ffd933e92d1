//! What the tables have in common whose rows are worked on under leases and have `due_at`, `fence`, `attempts` and
//! `last_error`: which of the taken rows can be read, locking the rows whose leases still hold, and making rows due again
//! (ORDERS 8, 9, 19). A table has its own statements to take its rows and to write the results.

use clock::Jitter;
use db::readable::{Unreadable, count_unreadable};
use tracing::{error, warn};
use uuid::Uuid;

use super::failure::StoreError;
use crate::values::{Lease, Leased, OrderId, Postponement};

/// A row that was taken, of an order; and what it says, if it can be read.
pub(crate) struct Taken<Id, T> {
    pub(crate) order: OrderId,
    row: Leased<Id, ()>,
    pub(crate) item: Result<T, Unreadable>,
}

/// A row that was taken and is left out, of an order, and why.
pub(crate) struct LeftOut<Id> {
    pub(crate) order: OrderId,
    pub(crate) row: Leased<Id, ()>,
    pub(crate) reason: Unreadable,
}

impl<Id: Copy, T> Taken<Id, T> {
    /// `attempts`: this one among them.
    pub(crate) fn stored(
        order: OrderId,
        id: Id,
        fence: i64,
        attempts: i32,
        item: Result<T, Unreadable>,
    ) -> Self {
        let row = Leased {
            lease: Lease { id, fence },
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            item: (),
        };
        Self { order, row, item }
    }

    /// Reads more of it; where this cannot be read, the row cannot.
    pub(crate) fn read(&mut self, more: impl FnOnce(&mut T) -> Result<(), Unreadable>) {
        if let Ok(item) = &mut self.item
            && let Err(error) = more(item)
        {
            self.item = Err(error);
        }
    }
}

/// Those that can be read. The others are postponed.
pub(crate) async fn readable<Id: Copy + Into<Uuid>, T, P>(
    kind: &'static str,
    jitter: Jitter,
    taken: Vec<Taken<Id, T>>,
    postpone: impl FnOnce(Vec<Postponement<Id>>) -> P,
) -> Vec<Leased<Id, T>>
where
    P: Future<Output = Result<(), StoreError>>,
{
    let (mut readable, mut left_out) = (Vec::with_capacity(taken.len()), Vec::new());
    for Taken { order, row, item } in taken {
        match item {
            Ok(item) => readable.push(row.with(item)),
            Err(reason) => left_out.push(LeftOut { order, row, reason }),
        }
    }
    postpone_unreadable(kind, jitter, left_out, postpone).await;
    readable
}

/// A newer release wrote these rows or those of their orders, or a manual change: they are logged, counted and postponed like
/// rows whose work failed, and do not fail the rows that were taken with them. `kind`: of what cannot be read.
pub(crate) async fn postpone_unreadable<Id: Copy + Into<Uuid>, P>(
    kind: &'static str,
    jitter: Jitter,
    left_out: Vec<LeftOut<Id>>,
    postpone: impl FnOnce(Vec<Postponement<Id>>) -> P,
) where
    P: Future<Output = Result<(), StoreError>>,
{
    let postponed = left_out.into_iter().map(|LeftOut { order, row, reason }| {
        let error = StoreError::from(reason);
        count_unreadable(kind);
        error!(
            row.kind = kind,
            row.id = %row.lease.id.into(),
            order.id = %order,
            error = &error as &dyn std::error::Error,
            "postponed an invalid row"
        );
        row.postponed(jitter, error.to_string())
    });
    // Where this fails, their leases end all the same.
    if let Err(error) = postpone(postponed.collect()).await {
        warn!(
            row.kind = kind,
            error = &error as &dyn std::error::Error,
            "failed to postpone invalid rows"
        );
    }
}

/// `lock_held` and `postpone` for a table. `$key`: its key, `$open`: what is true of a row that is still to be worked on.
macro_rules! leased_rows {
    ($table:literal, $key:literal, $open:literal) => {
        /// Locks the rows of these leases, in key order, and says which of the leases still hold. A statement of its own:
        /// what waited for a lock sees the row as it is now, and the fence is compared with that.
        async fn lock_held<Id: Copy + Into<uuid::Uuid>>(
            transaction: &mut ::db::Transaction,
            leases: &[$crate::values::Lease<Id>],
        ) -> Result<std::collections::HashSet<uuid::Uuid>, sqlx::Error> {
            let (ids, fences): (Vec<uuid::Uuid>, Vec<i64>) = leases
                .iter()
                .map(|lease| (lease.id.into(), lease.fence))
                .unzip();
            let rows = sqlx::query!(
                "SELECT " + $key + " AS id, fence, " + $open + r#" AS "open!" FROM "# + $table
                    + " WHERE " + $key + " = ANY ($1) ORDER BY " + $key + " FOR UPDATE",
                &ids,
            )
            .fetch_all(&mut **transaction)
            .await?;
            let held: std::collections::HashSet<(uuid::Uuid, i64)> = rows
                .into_iter()
                .filter(|row| row.open)
                .map(|row| (row.id, row.fence))
                .collect();
            let leases = ids.into_iter().zip(fences);
            let held = leases.filter(|lease| held.contains(lease));
            Ok(held.map(|(id, _)| id).collect())
        }

        /// Makes rows due again, as far as their leases still hold.
        async fn postpone<Id: Copy + Into<uuid::Uuid>>(
            pool: &::db::Pool,
            postponements: &[$crate::values::Postponement<Id>],
        ) -> Result<(), $crate::infrastructure::postgres::failure::StoreError> {
            if postponements.is_empty() {
                return Ok(());
            }
            let leases: Vec<_> = postponements.iter().map(|one| one.lease).collect();
            let mut transaction = pool.begin().await?;
            let held = lock_held(&mut transaction, &leases).await?;
            let (mut ids, mut pauses, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
            for one in postponements {
                let id: uuid::Uuid = one.lease.id.into();
                if held.contains(&id) {
                    ids.push(id);
                    pauses.push(one.pause.as_secs_f64());
                    reasons.push(one.reason.clone());
                }
            }
            sqlx::query!(
                "UPDATE " + $table
                    + " SET due_at = now() + make_interval(secs => later.pause), last_error = later.reason"
                    + " FROM unnest($1::uuid[], $2::float8[], $3::text[]) AS later (id, pause, reason)"
                    + " WHERE " + $table + "." + $key + " = later.id",
                &ids,
                &pauses,
                &reasons,
            )
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok(())
        }
    };
}
pub(crate) use leased_rows;
