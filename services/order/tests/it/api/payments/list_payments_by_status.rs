//! `GET /payments/status/{status}`.

use access::Role;
use sqlx::PgPool;

use crate::support::{payments::pay, shop::Shop};

#[sqlx::test]
async fn payments_in_one_state(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (one, two) = (shop.customer(), shop.customer());
    let (_, paid) = pay(&shop, &one, "mock_ok").await;
    pay(&shop, &one, "mock_declined").await;
    pay(&shop, &two, "mock_ok").await;
    let path = "/api/v1/payments/status/captured?include_total=true";
    let own = shop.get(&one, path).await;
    assert_eq!(
        (
            own.status.as_u16(),
            &own.body["data"][0],
            &own.body["page"]["total"]["value"]
        ),
        (200, &paid, &1.into())
    );
    let all = shop.get(&shop.admin(), path).await;
    assert_eq!(all.body["page"]["total"]["value"], 2);
    assert_eq!(
        shop.get(&one, "/api/v1/payments/status/paid")
            .await
            .refusal(),
        (404, "not_found"),
        "a state of orders"
    );
    let vendor = shop.person(&[Role::Vendor]);
    assert_eq!(shop.get(&vendor, path).await.refusal(), (403, "forbidden"));
    let twice = "/api/v1/payments/status/captured?status=failed";
    assert_eq!(
        shop.get(&one, twice).await.status,
        422,
        "the path has the filter"
    );
}
