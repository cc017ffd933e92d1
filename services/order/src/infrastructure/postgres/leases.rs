//! What the tables have in common whose rows are worked on under leases and have `due_at`, `fence`, `attempts` and
//! `last_error`: locking the rows whose leases still hold, and making them due again (ORDERS 8, 9, 19). A table's own are
//! the statements that take its rows and write what came of them.

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

        async fn postpone<Id: Copy + Into<uuid::Uuid>>(
            pool: &::db::Pool,
            postponements: &[$crate::values::Postponement<Id>],
        ) -> Result<(), $crate::infrastructure::postgres::failure::StoreError> {
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
