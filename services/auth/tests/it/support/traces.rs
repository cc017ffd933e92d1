//! What a database still has of a person, found without a list of its tables: a table that a later migration adds is searched,
//! too.

use std::collections::BTreeSet;

use sqlx::{AssertSqlSafe, PgPool};

/// The tables of the service.
async fn tables(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables
         WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
         ORDER BY 1",
    )
    .fetch_all(pool)
    .await
    .unwrap()
}

/// The texts that stand in any column of any row, as text or as the bytes of it, with the table of each: `public.users: ann`.
pub async fn traces(pool: &PgPool, texts: &[&str]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for table in tables(pool).await {
        let rows = AssertSqlSafe(format!("SELECT t::text FROM {table} AS t"));
        let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(pool).await.unwrap();
        for row in rows.iter().map(|row| row.to_lowercase()) {
            for text in texts {
                let (plain, bytes) = (text.to_lowercase(), hex::encode(text));
                if row.contains(&plain) || row.contains(&bytes) {
                    found.insert(format!("{table}: {text}"));
                }
            }
        }
    }
    found
}

/// Those of the texts that stand nowhere.
pub async fn without_trace<'a>(pool: &PgPool, texts: &[&'a str]) -> Vec<&'a str> {
    let mut missing = Vec::new();
    for text in texts {
        if traces(pool, &[text]).await.is_empty() {
            missing.push(*text);
        }
    }
    missing
}

/// The tables that name a user who was deleted by another one.
pub const KEPT: [&str; 8] = [
    "public.audit_log",
    "public.erasures",
    "public.events",
    "public.revocations",
    "public.sessions",
    "public.user_roles",
    "public.user_terms",
    "public.users",
];

/// The tables with rows that name the user with this UUID.
pub async fn tables_with(pool: &PgPool, user: &str) -> Vec<String> {
    let found = traces(pool, &[user]).await.into_iter();
    let tables = found.map(|found| found.split_once(": ").unwrap().0.to_owned());
    tables.collect()
}
