//! Lookups by key use the index of the key, even if the statistics show hardly a product (ORDERS 13). The statements
//! are those of the committed query data.

use std::fs;

use product::infrastructure::postgres::pools::READ_SETTINGS;
use sqlx::{AssertSqlSafe, PgPool};

/// Nearly all products are deleted: the partial indexes of lists are small, or estimated to be.
const DELETED: &str = "
    INSERT INTO products (id, vendor_id, sku, slug, name, description, price_minor, metadata, metadata_as_sent, status, deleted_at)
    SELECT gen_random_uuid(), gen_random_uuid(), 'S' || number, 's' || number, 'n', '', 1, '{}', '{}', 'disabled',
           CASE WHEN number > 2 THEN now() END
    FROM generate_series(1, 20000) AS number";
const ASKED: &str = "array_fill(gen_random_uuid(), ARRAY[20]), ARRAY['s1', 's2']";

fn kept(contains: &str) -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/.sqlx");
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let kept: serde_json::Value = serde_json::from_str(&text).unwrap();
        kept["query"].as_str().unwrap().to_owned()
    };
    let statements = fs::read_dir(folder).unwrap().map(read);
    statements.filter(|one| one.contains(contains)).collect()
}

#[sqlx::test]
async fn products_are_read_by_id_and_slug_through_the_indexes_of_these(pool: PgPool) {
    let mut session = pool.acquire().await.unwrap();
    sqlx::raw_sql(DELETED).execute(&mut *session).await.unwrap();
    sqlx::raw_sql("VACUUM ANALYZE products")
        .execute(&mut *session)
        .await
        .unwrap();
    for (setting, value) in READ_SETTINGS {
        sqlx::raw_sql(AssertSqlSafe(format!("SET {setting} = {value}")))
            .execute(&mut *session)
            .await
            .unwrap();
    }
    let statements = kept("p.id = ANY ($1)");
    assert!(!statements.is_empty(), "this test looks in the wrong place");
    for statement in statements {
        let prepared = format!("DEALLOCATE ALL; PREPARE lookup (uuid[], text[]) AS {statement}");
        sqlx::raw_sql(AssertSqlSafe(prepared))
            .execute(&mut *session)
            .await
            .unwrap();
        let explain = format!("EXPLAIN EXECUTE lookup ({ASKED})");
        let plan: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain))
            .persistent(false)
            .fetch_all(&mut *session)
            .await
            .unwrap();
        let plan = plan.join("\n");
        assert!(plan.contains("products_pkey"), "{plan}");
        assert!(plan.contains("products_slug_unique"), "{plan}");
    }
}
