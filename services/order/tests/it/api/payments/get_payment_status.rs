//! `GET /payments/{id}/status`.

use access::Role;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{payments::pay, shop::Shop};

#[sqlx::test]
async fn the_status_says_how_far_and_why_not_further(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, stranger) = (shop.customer(), shop.customer());
    let (order, payment) = pay(&shop, &customer, "mock_declined").await;
    let path = format!(
        "/api/v1/payments/{}/status",
        payment["id"].as_str().unwrap()
    );
    for person in [&customer, &shop.admin()] {
        let status = shop.get(person, &path).await;
        assert_eq!(
            (status.status.as_u16(), status.body),
            (
                200,
                json!({
                    "id": payment["id"], "order_id": order.id(), "status": "failed",
                    "failure_reason": "card_declined", "updated_at": payment["updated_at"],
                })
            )
        );
    }
    assert_eq!(
        shop.get(&stranger, &path).await.refusal(),
        (404, "not_found")
    );
    let vendor = shop.person(&[Role::Vendor]);
    assert_eq!(shop.get(&vendor, &path).await.refusal(), (403, "forbidden"));
}
