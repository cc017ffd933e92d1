//! Where the results of audits are stored: each service has a table of its own.

/// The methods `keep` and `latest` of [`AuditSource`](crate::AuditSource) over this table, a literal. The service's build checks them.
#[macro_export]
macro_rules! results {
    ($table:tt) => {
        async fn keep(
            &self,
            pool: &db::Pool,
            id: uuid::Uuid,
            started_at: chrono::DateTime<chrono::Utc>,
            finding_count: i64,
            kinds: &[&$crate::FindingKind],
        ) -> Result<(), sqlx::Error> {
            sqlx::query!(
                "INSERT INTO "
                    + $table
                    + " (id, started_at, finished_at, finding_count, findings)
         VALUES ($1, $2, now(), $3, $4)",
                id,
                started_at,
                finding_count,
                sqlx::types::Json(kinds) as _,
            )
            .execute(pool)
            .await?;
            sqlx::query!(
                "DELETE FROM " + $table + " WHERE finished_at < now() - interval '30 days'"
            )
            .execute(pool)
            .await?;
            Ok(())
        }

        async fn latest(
            &self,
            pool: &db::Pool,
        ) -> Result<Option<$crate::AuditResult>, sqlx::Error> {
            use sqlx::types::Json;
            use $crate::FindingKind;

            let newest = sqlx::query!(
                r#"SELECT id, started_at, finished_at, extract(epoch FROM now() - finished_at)::float8 AS "age_seconds!",
               finding_count, findings AS "kinds: Json<Vec<FindingKind>>"
           FROM "#
                    + $table
                    + " ORDER BY finished_at DESC, id DESC LIMIT 1"
            )
            .fetch_optional(pool)
            .await?;
            Ok(newest.map(|row| $crate::AuditResult {
                id: row.id,
                started_at: row.started_at,
                finished_at: row.finished_at,
                age_seconds: row.age_seconds,
                finding_count: row.finding_count,
                kinds: row.kinds.0,
            }))
        }
    };
}
