//! A logout at auth revokes the token at the other services. Without auth, administrators are refused, and customers are
//! served as before.

use std::time::{Duration, Instant};

use access::Role;
use chaos::{Arena, arena::expect};
use local_shop::{Member, Workload};
use rand::{SeedableRng, rngs::SmallRng};
use reqwest::Method;
use serde_json::json;
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_logout_reaches_every_service_and_a_stopped_auth_stops_only_administration() {
    let arena = Arena::start(1, 1, &[]).unwrap();
    let url = |workload| arena.shop.url(Member(workload, 0)).unwrap();
    let body = json!({ "email": "ann@example.com", "password": "correct horse battery", "full_name": "Ann Example" });
    let registered = arena
        .client
        .post(format!("{}/api/v1/auth/register", url(Workload::Auth)))
        .json(&body);
    let token = expect(registered, 201).await.unwrap()["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let status = async |method: Method, url: String, token: &str| {
        let request = arena.client.request(method, url).bearer_auth(token);
        let request = request.header("Idempotency-Key", arena.ids.uuid().to_string());
        request.send().await.unwrap().status().as_u16()
    };
    let orders = format!("{}/api/v1/orders", url(Workload::Order));
    assert_eq!(status(Method::GET, orders.clone(), &token).await, 200);
    assert_eq!(
        status(
            Method::POST,
            format!("{}/api/v1/auth/logout", url(Workload::Auth)),
            &token
        )
        .await,
        204
    );
    let begun = Instant::now();
    while status(Method::GET, orders.clone(), &token).await != 401 {
        assert!(
            begun.elapsed() < Duration::from_secs(3),
            "the token is still accepted"
        );
        sleep(Duration::from_millis(20)).await;
    }
    eprintln!("revocation: refused after {:?}", begun.elapsed());

    let sku = arena.sells(5).await.unwrap();
    let adjustments = format!(
        "{}/api/v1/inventory/{sku}/adjustments",
        url(Workload::Product)
    );
    let admin = arena
        .shop
        .tokens()
        .sign(arena.ids.uuid(), &[Role::Admin])
        .unwrap();
    let customer = arena
        .shop
        .tokens()
        .sign(arena.ids.uuid(), &[Role::Customer])
        .unwrap();
    assert_eq!(
        status(Method::POST, adjustments.clone(), &admin).await,
        415,
        "the request must be admitted, without a body"
    );
    arena.shop.kill(Member(Workload::Auth, 0)).unwrap();
    sleep(Duration::from_secs(32)).await;
    assert_eq!(status(Method::POST, adjustments.clone(), &admin).await, 503);
    assert_eq!(status(Method::GET, orders.clone(), &customer).await, 200);
    let buyers = arena.buyers(1).unwrap();
    let orders = arena.orders(&mut SmallRng::seed_from_u64(1), &[sku], 1, &[]);
    let journal = arena
        .crowd(&buyers, orders, Duration::from_secs(10))
        .join_all()
        .await;
    assert!(
        matches!(journal[0].outcome, chaos::Outcome::Placed(_)),
        "orders must still be placed: {journal:?}"
    );
    arena.shop.start_one(Member(Workload::Auth, 0)).unwrap();
    let begun = Instant::now();
    while status(Method::POST, adjustments.clone(), &admin).await != 415 {
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "administrators are still refused"
        );
        sleep(Duration::from_millis(50)).await;
    }
}
