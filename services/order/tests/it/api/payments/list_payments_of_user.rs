//! `GET /payments/user/{id}`.

use access::Role;
use sqlx::PgPool;

use crate::support::{payments::pay, shop::Shop};

#[sqlx::test]
async fn the_payments_of_a_user_are_for_the_user_and_for_admins(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (one, two) = (shop.customer(), shop.customer());
    let (_, paid) = pay(&shop, &one, "mock_ok").await;
    pay(&shop, &two, "mock_ok").await;
    let path = format!("/api/v1/payments/user/usr_{}", one.id);
    for person in [&one, &shop.admin()] {
        let list = shop
            .get(person, &format!("{path}?include_total=true"))
            .await;
        assert_eq!(
            (
                list.status.as_u16(),
                &list.body["data"][0],
                &list.body["page"]["total"]["value"]
            ),
            (200, &paid, &1.into())
        );
    }
    assert_eq!(shop.get(&two, &path).await.refusal(), (404, "not_found"));
    let vendor = shop.person(&[Role::Vendor]);
    assert_eq!(shop.get(&vendor, &path).await.refusal(), (403, "forbidden"));
}
