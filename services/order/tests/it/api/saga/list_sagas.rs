//! `GET /sagas`, `POST /sagas/{id}/retry` and `/compensate`.

use access::Role;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::shop::{Answer, Person, Shop, order_of};

async fn prod(shop: &Shop, person: &Person, order: &Answer, verb: &str, key: &str) -> Answer {
    let path = format!("/api/v1/sagas/sag_{}/{verb}", order.uuid());
    shop.ask(
        person,
        "POST",
        &path,
        &[("idempotency-key", key)],
        &Value::Null,
    )
    .await
}

fn ids(answer: &Answer) -> Vec<String> {
    let sagas = answer.body["data"].as_array().unwrap();
    sagas
        .iter()
        .map(|saga| saga["order_id"].as_str().unwrap().to_owned())
        .collect()
}

#[sqlx::test]
async fn admins_see_sagas_and_which_are_stuck(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let mut orders = Vec::new();
    for key in ["a", "b", "c"] {
        let order = shop.place(&customer, key, &order_of(&[("MUG-1", 1)])).await;
        orders.insert(0, order.id().to_owned());
    }
    shop.execute("UPDATE sagas SET deadline = now() - interval '1 second', last_error = 'no' WHERE order_id = (SELECT id FROM orders WHERE number = 1002)").await;
    let all = shop.get(&admin, "/api/v1/sagas").await;
    assert_eq!(ids(&all), orders);
    let stuck = shop.get(&admin, "/api/v1/sagas?stuck=true").await;
    assert_eq!(ids(&stuck), orders[1..2]);
    let saga = &stuck.body["data"][0];
    assert_eq!(
        (
            &saga["stuck"],
            &saga["step"],
            &saga["attempts"],
            &saga["last_error"]
        ),
        (&json!(true), &json!("commit_hold"), &json!(1), &json!("no"))
    );
    assert_eq!(saga["id"], orders[1].replace("ord_", "sag_"));
    let first = shop.get(&admin, "/api/v1/sagas?limit=2").await;
    let cursor = first.body["page"]["next_cursor"].as_str().unwrap();
    let rest = shop
        .get(&admin, &format!("/api/v1/sagas?limit=2&cursor={cursor}"))
        .await;
    assert_eq!(ids(&rest), orders[2..]);
    assert_eq!(
        ids(&shop.get(&admin, "/api/v1/sagas?limit=1&page=3").await),
        orders[2..]
    );
    shop.drive().await;
    let done = shop.get(&admin, "/api/v1/sagas?stuck=true").await;
    assert_eq!(ids(&done).len(), 0, "done late is done");
    for query in ["stuck=yes", "limit=0", "status=open", "cursor=x"] {
        assert_eq!(
            shop.get(&admin, &format!("/api/v1/sagas?{query}"))
                .await
                .status,
            422,
            "{query}"
        );
    }
    for roles in [&[Role::Customer][..], &[Role::Vendor], &[]] {
        let refused = shop.get(&shop.person(roles), "/api/v1/sagas").await;
        assert_eq!(refused.refusal(), (403, "forbidden"));
    }
}

#[sqlx::test]
async fn a_saga_is_made_due_again(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let admin = shop.admin();
    let order = shop
        .place(&shop.customer(), "a", &order_of(&[("MUG-1", 1)]))
        .await;
    shop.execute("UPDATE sagas SET due_at = now() + interval '1 hour', attempts = 7")
        .await;
    assert_eq!(shop.work().await.taken, 0);
    let due = prod(&shop, &admin, &order, "retry", "k").await;
    assert_eq!(
        (due.status.as_u16(), &due.body["attempts"], due.replayed()),
        (202, &json!(0), false),
        "{due:?}"
    );
    assert!(prod(&shop, &admin, &order, "retry", "k").await.replayed());
    assert_eq!(shop.drive().await.settled, 1);
    assert!(
        prod(&shop, &admin, &order, "retry", "k").await.replayed(),
        "also when it has ended"
    );
    let ended = prod(&shop, &admin, &order, "retry", "l").await;
    assert_eq!(ended.refusal(), (409, "saga_finished"));
    let other = shop
        .place(&shop.customer(), "a", &order_of(&[("MUG-1", 1)]))
        .await;
    let reused = prod(&shop, &admin, &other, "retry", "k").await;
    assert_eq!(reused.refusal(), (422, "idempotency_key_reused"));
}

#[sqlx::test]
async fn a_saga_is_compensated_by_cancelling_its_order(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let admin = shop.admin();
    let order = shop.confirmed(&[("MUG-1", 1)]).await;
    let wanted = prod(&shop, &admin, &order, "compensate", "k").await;
    assert_eq!(
        (wanted.status.as_u16(), wanted.replayed()),
        (202, false),
        "{wanted:?}"
    );
    assert!(
        prod(&shop, &admin, &order, "compensate", "k")
            .await
            .replayed()
    );
    shop.drive_out().await;
    let cancelled = shop.order(&order).await;
    assert_eq!(
        (&cancelled["status"], &cancelled["cancel_reason"]),
        (&json!("cancelled"), &json!("requested"))
    );
    let shipped = shop.confirmed(&[("MUG-1", 1)]).await;
    shop.ship_all(&admin, &shipped).await;
    shop.shipper().run_once().await.unwrap();
    let refused = prod(&shop, &admin, &shipped, "compensate", "l").await;
    assert_eq!(refused.refusal(), (409, "order_shipped"));
    assert_eq!(shop.order(&shipped).await["status"], "confirmed");
}

#[sqlx::test]
async fn only_admins_prod_sagas_and_only_such_as_there_are(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let customer = shop.customer();
    let order = shop.place(&customer, "a", &order_of(&[("MUG-1", 1)])).await;
    for verb in ["retry", "compensate"] {
        for person in [&customer, &shop.person(&[Role::Vendor]), &shop.person(&[])] {
            assert_eq!(
                prod(&shop, person, &order, verb, "k").await.refusal(),
                (403, "forbidden")
            );
        }
        let path = format!("/api/v1/sagas/sag_{}/{verb}", order.uuid());
        let keyless = shop
            .strict()
            .ask(&shop.admin(), "POST", &path, &[], &Value::Null)
            .await;
        assert_eq!(keyless.refusal(), (400, "idempotency_key_required"));
        let path = format!("/api/v1/sagas/sag_01932c5e-7d2a-7c3e-9f00-0242ac120002/{verb}");
        let absent = shop
            .ask(
                &shop.admin(),
                "POST",
                &path,
                &[("idempotency-key", "k")],
                &Value::Null,
            )
            .await;
        assert_eq!(absent.refusal(), (404, "not_found"));
    }
}
