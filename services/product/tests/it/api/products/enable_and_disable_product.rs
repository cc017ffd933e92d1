//! `POST /products/{id}/enable` and `…/disable`

use sqlx::PgPool;

use crate::support::shop::Shop;

#[sqlx::test]
async fn a_product_is_hidden_and_shown_again(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 1).await;
    let path = format!("/products/{}", mug["id"].as_str().unwrap());
    for (verb, status, guest, tag) in [
        ("disable", "disabled", 404, "\"2\""),
        ("disable", "disabled", 404, "\"2\""),
        ("enable", "active", 200, "\"3\""),
        ("enable", "active", 200, "\"3\""),
    ] {
        let answer = shop
            .post(&format!("{path}/{verb}"))
            .by(&shop.vendor)
            .send()
            .await;
        assert_eq!(
            answer.etag(),
            tag,
            "a state that was there already is no new version"
        );
        assert_eq!(answer.ok(200)["status"], status);
        assert_eq!(shop.get(&path).send().await.status, guest);
    }
    shop.post(&format!("{path}/disable"))
        .by(&shop.admin)
        .send()
        .await
        .ok(200);
}

#[sqlx::test]
async fn it_takes_the_owner_or_an_admin(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 1).await;
    for verb in ["enable", "disable"] {
        let path = format!("/products/{}/{verb}", mug["id"].as_str().unwrap());
        shop.post(&path).send().await.refused(401, "token_missing");
        shop.post(&path)
            .by(&shop.customer)
            .send()
            .await
            .refused(403, "forbidden");
        shop.post(&path)
            .by(&shop.other_vendor)
            .send()
            .await
            .refused(404, "not_found");
        shop.post(&format!("/products/nothing/{verb}"))
            .by(&shop.admin)
            .send()
            .await
            .refused(404, "not_found");
    }
}
