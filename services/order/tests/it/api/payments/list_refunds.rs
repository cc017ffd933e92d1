//! `GET /payments/{id}/refunds`.

use access::Role;
use serde_json::json;
use sqlx::PgPool;

use crate::support::{
    payments::{pay, send},
    shop::Shop,
};

#[sqlx::test]
async fn refunds_are_seen_by_those_who_see_the_payment(pool: PgPool) {
    let shop = Shop::with_payments(pool).await;
    let (customer, stranger, admin) = (shop.customer(), shop.customer(), shop.admin());
    let (_, payment) = pay(&shop, &customer, "mock_ok").await;
    let path = format!("/payments/{}/refunds", payment["id"].as_str().unwrap());
    for (key, amount) in [("a", "1.00"), ("b", "2.00")] {
        send(
            &shop,
            &admin,
            &path,
            Some(key),
            &json!({ "amount": amount }),
        )
        .await;
    }
    let path = format!("/api/v1{path}");
    for person in [&customer, &admin] {
        let list = shop.get(person, &path).await;
        let amounts: Vec<_> = list.body["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|refund| refund["amount"]["amount"].as_str().unwrap())
            .collect();
        assert_eq!(amounts, ["1.00", "2.00"], "oldest first");
    }
    assert_eq!(
        shop.get(&stranger, &path).await.refusal(),
        (404, "not_found")
    );
    let vendor = shop.person(&[Role::Vendor]);
    assert_eq!(shop.get(&vendor, &path).await.refusal(), (403, "forbidden"));
}
