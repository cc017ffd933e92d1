//! One event for each version of an order: checked at every COMMIT of every test that opens a shop.

use sqlx::PgPool;

use crate::support::shop::{Shop, order_of};

/// Refuses a transaction that changes an order without raising its version, or after which versions and events
/// disagree.
const WATCH: &str = r"
    CREATE OR REPLACE FUNCTION watch_events() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        changed uuid := COALESCE(to_jsonb(NEW)->>'order_id', to_jsonb(NEW)->>'id');
        reached bigint := (SELECT version FROM orders WHERE id = changed);
        happened bigint := (SELECT count(*) FROM order_events WHERE order_id = changed);
        latest bigint := (SELECT max(version) FROM order_events WHERE order_id = changed);
    BEGIN
        IF reached IS DISTINCT FROM happened OR reached IS DISTINCT FROM latest THEN
            RAISE EXCEPTION 'order %: version %, % events up to %', changed, reached, happened, latest;
        END IF;
        RETURN NULL;
    END $$;
    CREATE OR REPLACE FUNCTION watch_versions() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        -- Tests set the clock back.
        OLD.created_at := NEW.created_at;
        IF NEW.version <= OLD.version AND OLD IS DISTINCT FROM NEW THEN
            RAISE EXCEPTION 'order %: version % became %', NEW.id, OLD.version, NEW.version;
        END IF;
        RETURN NEW;
    END $$;
    DROP TRIGGER IF EXISTS watch_versions ON orders;
    CREATE TRIGGER watch_versions BEFORE UPDATE ON orders
        FOR EACH ROW EXECUTE FUNCTION watch_versions();
    DROP TRIGGER IF EXISTS watch_orders ON orders;
    CREATE CONSTRAINT TRIGGER watch_orders AFTER INSERT OR UPDATE ON orders
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION watch_events();
    DROP TRIGGER IF EXISTS watch_events ON order_events;
    CREATE CONSTRAINT TRIGGER watch_events AFTER INSERT ON order_events
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION watch_events();
";

pub async fn watch(pool: &PgPool) {
    sqlx::raw_sql(WATCH).execute(pool).await.unwrap();
}

#[sqlx::test]
async fn a_change_without_its_event_is_seen(pool: PgPool) {
    let shop = Shop::open(pool).await;
    shop.place(&shop.customer(), "a", &order_of(&[("MUG-1", 1)]))
        .await;
    shop.drive().await;
    assert_eq!(shop.count("order_event_gaps").await, 0);
    for bad in [
        "UPDATE orders SET note = 'quietly'",
        "UPDATE orders SET version = version + 1",
        "INSERT INTO order_events (order_id, version, event_type, actor, data)
         SELECT id, 9, 'order.updated', 'system', '{}' FROM orders",
    ] {
        assert!(sqlx::query(bad).execute(&shop.pool).await.is_err(), "{bad}");
    }
    shop.tamper("DELETE FROM order_events WHERE version = 1")
        .await;
    assert_eq!(
        shop.count("order_event_gaps").await,
        1,
        "the view is what audits look at"
    );
}

#[sqlx::test]
async fn each_version_of_an_order_has_the_event_that_made_it(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let kept = shop.place(&customer, "a", &order_of(&[("MUG-1", 2)])).await;
    shop.drive().await;
    let lost = shop.place(&customer, "b", &order_of(&[("CUP-1", 1)])).await;
    shop.product.end_holds("lost");
    shop.drive().await;

    let history = |id| {
        sqlx::query_as::<_, (i64, String, String, Option<uuid::Uuid>, serde_json::Value)>(
            "SELECT version, event_type, actor, actor_id, data FROM order_events WHERE order_id = $1 ORDER BY version",
        )
        .bind(id)
        .fetch_all(&shop.pool)
    };
    let told = history(kept.uuid()).await.unwrap();
    let types: Vec<_> = told
        .iter()
        .map(|event| (event.0, event.1.as_str(), event.2.as_str()))
        .collect();
    assert_eq!(
        types,
        [
            (1, "order.created", "customer"),
            (2, "order.confirmed", "system")
        ]
    );
    assert_eq!((told[0].3, told[1].3), (Some(customer.id), None));
    assert_eq!(
        told[0].4,
        serde_json::json!({
            "status": "pending", "payment_status": "unpaid", "fulfillment_status": "unfulfilled",
            "user_id": customer.id, "currency": "USD", "total_minor": 1998,
        })
    );
    assert_eq!(told[1].4["status"], "confirmed");
    let told = history(lost.uuid()).await.unwrap();
    assert_eq!(
        (told.len(), told[1].1.as_str(), &told[1].4["cancel_reason"]),
        (2, "order.shortfall", &serde_json::json!("shortfall"))
    );
}
