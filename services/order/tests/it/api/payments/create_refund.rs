//! `POST /payments/{id}/refunds`, and `POST /payments/refund/{id}` as its alias.

use std::sync::Arc;

use access::Role;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    payments::{authorised, pay, send, settle},
    shop::{Answer, Person, Shop},
};

async fn refund(shop: &Shop, person: &Person, payment: &Value, key: &str, body: &Value) -> Answer {
    let path = format!("/payments/{}/refunds", payment["id"].as_str().unwrap());
    send(shop, person, &path, Some(key), body).await
}

async fn read(shop: &Shop, person: &Person, payment: &Value) -> Value {
    let path = format!("/api/v1/payments/{}", payment["id"].as_str().unwrap());
    shop.get(person, &path).await.body
}

async fn refunded_at_the_mock(shop: &Shop) -> i64 {
    sqlx::query_scalar("SELECT sum(refunded_minor)::bigint FROM mock_provider_ledger")
        .fetch_one(&shop.pool)
        .await
        .unwrap()
}

#[sqlx::test]
async fn parts_go_back_and_never_more_than_was_paid(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let (order, payment) = pay(&shop, &customer, "mock_ok").await;
    let body = json!({ "amount": "4.00", "reason": "Arrived broken" });
    let first = refund(&shop, &admin, &payment, "a", &body).await;
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(
        first.body,
        json!({
            "id": first.id(), "payment_id": payment["id"],
            "amount": { "amount": "4.00", "minor": 400, "currency": "USD" }, "status": "pending", "cause": "requested",
            "reason": "Arrived broken", "created_at": first.body["created_at"], "updated_at": first.body["created_at"],
        })
    );
    assert!(first.id().starts_with("ref_"));
    assert_eq!(
        read(&shop, &customer, &payment).await["refund_pending"]["minor"],
        400
    );
    let second = refund(&shop, &admin, &payment, "b", &json!({ "amount": 2.5 })).await;
    assert_eq!(second.status, 201, "{second:?}");
    let third = refund(&shop, &admin, &payment, "c", &json!({ "amount": "3.50" })).await;
    assert_eq!(third.refusal(), (409, "refund_exceeds_payment"));
    assert_eq!(third.body["refundable"]["amount"], "3.49");
    settle(&shop).await;
    let part = read(&shop, &customer, &payment).await;
    assert_eq!(
        (&part["status"], &part["refunded"]["amount"]),
        (&json!("partially_refunded"), &json!("6.50"))
    );
    assert_eq!(refunded_at_the_mock(&shop).await, 650);

    let rest = refund(&shop, &admin, &payment, "d", &json!({})).await;
    assert_eq!(rest.body["amount"]["amount"], "3.49", "{rest:?}");
    settle(&shop).await;
    assert_eq!(read(&shop, &customer, &payment).await["status"], "refunded");
    let order = shop
        .get(&customer, &format!("/api/v1/orders/{}", order.id()))
        .await;
    assert_eq!(order.body["payment_status"], "refunded");
    assert_eq!(refunded_at_the_mock(&shop).await, 999);
    let more = refund(&shop, &admin, &payment, "e", &json!({})).await;
    assert_eq!(more.status, 409, "{more:?}");
}

#[sqlx::test]
async fn a_repeated_request_refunds_once_by_either_address(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let (_, payment) = pay(&shop, &customer, "mock_ok").await;
    let body = json!({ "amount": "1.00" });
    let first = refund(&shop, &admin, &payment, "a", &body).await;
    settle(&shop).await;
    let alias = format!("/payments/refund/{}", payment["id"].as_str().unwrap());
    let again = send(&shop, &admin, &alias, Some("a"), &body).await;
    assert_eq!(
        (again.status.as_u16(), again.replayed(), again.id()),
        (201, true, first.id())
    );
    assert_eq!(again.body["status"], "succeeded", "as it is now");
    let reused = refund(&shop, &admin, &payment, "a", &json!({ "amount": "1.01" })).await;
    assert_eq!(reused.refusal(), (422, "idempotency_key_reused"));
    settle(&shop).await;
    assert_eq!(shop.count("refunds").await, 1);
    assert_eq!(refunded_at_the_mock(&shop).await, 100);
}

/// Twenty refunds of a dollar at once, of a payment of 9.99.
#[sqlx::test]
async fn many_at_once_refund_no_more_than_was_paid(pool: PgPool) {
    let shop = Arc::new(Shop::with_payments(pool).await);
    let (customer, admin) = (shop.customer(), shop.admin());
    let (_, payment) = pay(&shop, &customer, "mock_ok").await;
    let tries: Vec<_> = (0..20)
        .map(|index| {
            let (shop, admin, payment) = (shop.clone(), admin.clone(), payment.clone());
            tokio::spawn(async move {
                let body = json!({ "amount": "1.00" });
                // As a client does: it repeats the request until the outcome is known.
                loop {
                    let answer = refund(&shop, &admin, &payment, &index.to_string(), &body).await;
                    if answer.status != 503 {
                        return answer;
                    }
                }
            })
        })
        .collect();
    let mut made = 0;
    for answer in tries {
        let answer = answer.await.unwrap();
        match answer.refusal() {
            (201, _) => made += 1,
            (409, "refund_exceeds_payment") => {}
            _ => panic!("{answer:?}"),
        }
    }
    assert_eq!(made, 9);
    settle(&shop).await;
    assert_eq!(refunded_at_the_mock(&shop).await, 900);
    let after = read(&shop, &customer, &payment).await;
    assert_eq!(
        (
            &after["refunded"]["minor"],
            &after["refund_pending"]["minor"]
        ),
        (&json!(900), &json!(0))
    );
}

#[sqlx::test]
async fn a_refused_refund_leaves_the_money_where_it_is(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let (_, payment) = pay(&shop, &customer, "mock_refund_refused").await;
    let path = format!(
        "/api/v1/payments/{}/refunds",
        payment["id"].as_str().unwrap()
    );
    refund(&shop, &admin, &payment, "a", &json!({})).await;
    settle(&shop).await;
    let refused = &shop.get(&customer, &path).await.body["data"][0];
    assert_eq!(
        (&refused["status"], &refused["failure_reason"]),
        (&json!("failed"), &json!("account_closed"))
    );
    let payment = read(&shop, &customer, &payment).await;
    assert_eq!(
        (&payment["status"], &payment["refund_pending"]["minor"]),
        (&json!("captured"), &json!(0))
    );
}

#[sqlx::test]
async fn only_admins_refund_and_only_what_is_captured(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let payment = authorised(&shop, &customer).await;
    assert_eq!(
        refund(&shop, &admin, &payment, "a", &json!({}))
            .await
            .refusal(),
        (409, "payment_not_refundable")
    );
    for person in [&customer, &shop.person(&[Role::Vendor])] {
        assert_eq!(
            refund(&shop, person, &payment, "a", &json!({}))
                .await
                .refusal(),
            (403, "forbidden")
        );
    }
    let unknown = json!({ "id": "pay_01932c5e-7d2a-7c3e-9f00-0242ac120002" });
    assert_eq!(
        refund(&shop, &admin, &unknown, "a", &json!({}))
            .await
            .refusal(),
        (404, "not_found")
    );
}

#[sqlx::test]
async fn what_breaks_a_rule_is_refused(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, admin) = (shop.customer(), shop.admin());
    let (_, payment) = pay(&shop, &customer, "mock_ok").await;
    for (body, pointer) in [
        (json!({ "amount": "0" }), "/amount"),
        (json!({ "amount": "-1.00" }), "/amount"),
        (json!({ "amount": "1.001" }), "/amount"),
        (json!({ "amount": "1e2" }), "/amount"),
        (json!({ "amount": "99999999999999999999" }), "/amount"),
        (json!({ "reason": "" }), "/reason"),
        (json!({ "reason": "x".repeat(201) }), "/reason"),
        (json!({ "reason": "a\u{0}b" }), "/reason"),
    ] {
        let refused = refund(&shop, &admin, &payment, "a", &body).await;
        assert_eq!(refused.status, 422, "{body}");
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
    let unknown = refund(&shop, &admin, &payment, "a", &json!({ "total": 1 })).await;
    assert_eq!(unknown.status, 422);
    let path = format!("/payments/{}/refunds", payment["id"].as_str().unwrap());
    let no_key = send(&shop.strict(), &admin, &path, None, &json!({})).await;
    assert_eq!(no_key.refusal(), (400, "idempotency_key_required"));
    assert_eq!(shop.count("refunds").await, 0);
}
