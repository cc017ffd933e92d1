//! The audit of stock: audit.sql, over one snapshot.

use futures::TryStreamExt;
use sqlx::PgPool;

/// What one audit kept of what it found.
const MOST_KEPT: usize = 1_000;

#[derive(Debug)]
pub enum Audited {
    /// Another one is under way: it reads every row.
    Busy,
    Done(Audit),
}

#[derive(Debug)]
pub struct Audit {
    /// The first of them.
    pub violations: Vec<String>,
    pub violation_count: u64,
    pub shelves: i64,
    pub holds: i64,
    pub lines: i64,
    pub movements: i64,
}

pub async fn run(pool: &PgPool) -> Result<Audited, sqlx::Error> {
    let mut tx = pool.begin().await?;
    sqlx::query!("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .execute(&mut *tx)
        .await?;
    sqlx::query!("SET LOCAL statement_timeout = '60s'")
        .execute(&mut *tx)
        .await?;
    let alone = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended('product.audit', 0)) AS "alone!""#
    )
    .fetch_one(&mut *tx)
    .await?;
    if !alone {
        return Ok(Audited::Busy);
    }
    let (mut violations, mut violation_count) = (Vec::new(), 0);
    {
        let mut found = sqlx::query_file_scalar!("./audit.sql").fetch(&mut *tx);
        while let Some(violation) = found.try_next().await? {
            violation_count += 1;
            if violations.len() < MOST_KEPT {
                violations.extend(violation);
            }
        }
    }
    let looked_at = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM stock) AS "shelves!", (SELECT count(*) FROM holds) AS "holds!",
               (SELECT count(*) FROM hold_lines) AS "lines!", (SELECT count(*) FROM movements) AS "movements!""#
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Audited::Done(Audit {
        violations,
        violation_count,
        shelves: looked_at.shelves,
        holds: looked_at.holds,
        lines: looked_at.lines,
        movements: looked_at.movements,
    }))
}
