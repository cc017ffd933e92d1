//! `GET /payments/{id}`.

use access::Role;
use sqlx::PgPool;

use crate::support::{
    payments::{pay, payment_of},
    shop::Shop,
};

#[sqlx::test]
async fn a_payment_is_seen_by_its_customer_and_by_admins(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, stranger) = (shop.customer(), shop.customer());
    let (order, payment) = pay(&shop, &customer, "mock_ok").await;
    let id = payment["id"].as_str().unwrap();
    let path = format!("/api/v1/payments/{id}");
    for person in [&customer, &shop.admin()] {
        let read = shop.get(person, &path).await;
        assert_eq!((read.status.as_u16(), &read.body), (200, &payment));
        assert!(read.headers.contains_key("etag"));
    }
    assert_eq!(payment, payment_of(&shop, &customer, &order).await);
    assert_eq!(payment["status"], "captured");
    assert_eq!(payment["captured"]["amount"], "9.99");
    assert!(
        payment["provider_reference"]
            .as_str()
            .unwrap()
            .starts_with("mock_")
    );
    let bare = id.strip_prefix("pay_").unwrap();
    assert_eq!(
        shop.get(&customer, &format!("/payments/{bare}")).await.body,
        payment,
        "the bare UUID and the alias at the root too"
    );
    assert_eq!(
        shop.get(&stranger, &path).await.refusal(),
        (404, "not_found")
    );
    let vendor = shop.person(&[Role::Vendor]);
    assert_eq!(shop.get(&vendor, &path).await.refusal(), (403, "forbidden"));
    for other in ["ord_01932c5e-7d2a-7c3e-9f00-0242ac120002", "1", "%00"] {
        let path = format!("/api/v1/payments/{other}");
        assert_eq!(
            shop.get(&customer, &path).await.refusal(),
            (404, "not_found"),
            "{other}"
        );
    }
}
