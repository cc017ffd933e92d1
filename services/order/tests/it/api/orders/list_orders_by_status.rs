//! `GET /orders/status/{status}`.

use access::Role;
use sqlx::PgPool;

use crate::support::shop::{Shop, order_of};

#[sqlx::test]
async fn orders_in_a_state_are_listed_for_whom_they_belong_to(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (one, two, admin) = (shop.customer(), shop.customer(), shop.admin());
    for customer in [&one, &two] {
        shop.place(customer, "a", &order_of(&[("MUG-1", 1)])).await;
    }
    shop.drive().await;
    let count = async |person, status| {
        let list = shop
            .get(person, &format!("/api/v1/orders/status/{status}"))
            .await;
        list.body["data"].as_array().map(Vec::len)
    };
    assert_eq!(count(&one, "confirmed").await, Some(1));
    assert_eq!(count(&admin, "confirmed").await, Some(2));
    assert_eq!(count(&admin, "pending").await, Some(0));
    assert_eq!(count(&one, "lost").await, None);
    assert_eq!(
        shop.get(&one, "/api/v1/orders/status/lost").await.refusal(),
        (404, "not_found")
    );
    let vendor = shop.person(&[Role::Vendor]);
    assert_eq!(
        shop.get(&vendor, "/api/v1/orders/status/pending")
            .await
            .refusal(),
        (403, "forbidden")
    );
}
