//! The limit of lists for guests of one address.

use sqlx::PgPool;

use crate::support::shop::{Answer, Shop};

const PATH: &str = "/api/v1/products?limit=1";

async fn guest(shop: &Shop, client: &str, path: &str) -> Answer {
    shop.request("GET", path)
        .header("x-forwarded-for", client)
        .send()
        .await
}

#[sqlx::test]
async fn guests_of_one_address_do_not_read_for_ever(pool: PgPool) {
    let shop = Shop::open_to_guests(pool, 2);
    let first = guest(&shop, "203.0.113.1", PATH).await;
    assert_eq!(first.status, 200);
    assert_eq!(first.headers["ratelimit-policy"], "\"guest\";q=2;w=60");
    assert_eq!(first.headers["ratelimit"], "\"guest\";r=1;t=60");
    // The aliases are the same list, and addresses that the client adds do not change its own.
    let alias = guest(&shop, "198.51.100.1, 203.0.113.1", "/products?q=blue").await;
    assert_eq!(alias.status, 200);
    for path in [PATH, "/api/products", "/products"] {
        let refused = guest(&shop, "203.0.113.1", path).await;
        assert!(refused.headers.contains_key("retry-after"));
        assert_eq!(refused.headers["ratelimit-policy"], "\"guest\";q=2;w=60");
        refused.refused(429, "too_many_requests");
    }
    assert_eq!(guest(&shop, "203.0.113.2", PATH).await.status, 200);
}

#[sqlx::test]
async fn callers_with_a_token_and_reads_of_one_product_are_not_counted(pool: PgPool) {
    let shop = Shop::open_to_guests(pool, 1);
    let product = shop.product("A", 1).await;
    let path = format!("/api/v1/products/{}", product["id"].as_str().unwrap());
    for _ in 0..3 {
        let answer = shop.request("GET", PATH).by(&shop.customer).send().await;
        assert_eq!(answer.status, 200);
        assert!(!answer.headers.contains_key("ratelimit"));
        assert_eq!(guest(&shop, "203.0.113.1", &path).await.status, 200);
    }
    assert_eq!(guest(&shop, "203.0.113.1", PATH).await.status, 200);
    // An invalid token is refused before anything is read, and does not avoid the limit.
    let forged = shop
        .request("GET", PATH)
        .header("authorization", "Bearer none")
        .header("x-forwarded-for", "203.0.113.1")
        .send()
        .await;
    assert_eq!(forged.status, 401);
    guest(&shop, "203.0.113.1", PATH)
        .await
        .refused(429, "too_many_requests");
}
