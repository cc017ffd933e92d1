//! `GET /orders/user/{id}`.

use access::Role;
use sqlx::PgPool;

use crate::support::shop::{Shop, order_of};

#[sqlx::test]
async fn the_orders_of_a_user_are_for_the_user_and_for_admins(pool: PgPool) {
    let shop = Shop::open(pool).await;
    let (one, two) = (shop.customer(), shop.customer());
    let placed = shop.place(&one, "a", &order_of(&[("MUG-1", 1)])).await;
    shop.place(&two, "a", &order_of(&[("MUG-1", 1)])).await;
    let path = format!("/api/v1/orders/user/usr_{}", one.id);
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
            (200, &placed.body, &1.into())
        );
    }
    assert_eq!(shop.get(&two, &path).await.refusal(), (404, "not_found"));
    assert_eq!(
        shop.get(&one, "/api/v1/orders/user/me").await.refusal(),
        (404, "not_found")
    );
    assert_eq!(
        shop.get(&shop.person(&[Role::Vendor]), &path)
            .await
            .refusal(),
        (403, "forbidden")
    );
    assert_eq!(
        shop.get(&one, &format!("{path}?status=pending"))
            .await
            .status,
        422,
        "the path has the filter"
    );
}
