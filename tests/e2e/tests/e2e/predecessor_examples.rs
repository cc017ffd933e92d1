//! The examples in the documents of this shop's predecessors, unchanged.

use e2e::Answer;
use reqwest::Method;
use serde_json::json;

use crate::stacks::calm;

#[tokio::test]
async fn predecessor_examples() {
    let calm = calm().await;
    let shop = calm.stack.shop().unwrap();
    let vendor = shop.register("vendor").await.unwrap();
    let first = vendor.sells("Teapot", "24.00", 5).await.unwrap();
    let second = vendor.sells("Strainer", "4.50", 5).await.unwrap();

    let email = format!("{}@example.com", e2e::cluster::unique("predecessor"));
    let password = "correct horse battery staple 7";
    let account = json!({ "email": email, "password": password, "full_name": "Ann Example" });
    let registered = shop.post("/api/auth/register", &account).await.unwrap();
    registered.expect(201).unwrap();
    let login = json!({ "email": email, "password": password });
    let answer = shop.post("/api/auth/login", &login).await.unwrap();
    let answer = answer.expect(200).unwrap().json().unwrap();
    let token = answer["access_token"].as_str().unwrap().to_owned();

    let products = shop.get("/api/products?page=1&limit=10").await.unwrap();
    let products = products.expect(200).unwrap().json().unwrap();
    let listed = products["data"].as_array().unwrap().len();
    assert!((2..=10).contains(&listed), "{products}");

    let order = json!({ "items": [
        { "product_id": first.id, "quantity": 2 },
        { "product_id": second.id, "quantity": 1 },
    ] });
    let request = shop
        .request(Method::POST, "/api/orders")
        .bearer_auth(&token)
        .json(&order);
    let order = Answer::of(request).await.unwrap().expect(201).unwrap();
    let order = order.json().unwrap();
    assert_eq!(order["totals"]["total"]["amount"], "52.50", "{order}");

    for subject in ["auth", "products", "orders", "notifications"] {
        let path = format!("/api/{subject}/health");
        let health = shop.get(&path).await.unwrap().expect(200).unwrap();
        assert_eq!(health.json().unwrap()["status"], "up", "{path}");
    }
}
