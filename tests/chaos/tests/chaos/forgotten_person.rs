//! A person who wants to be forgotten: a deletion at auth reaches order (ORDERS 28). An order that is still to be delivered
//! keeps its address until it has ended. Sums and states stay.

use std::time::{Duration, Instant};

use access::Role;
use chaos::{
    Arena,
    accounts::{Auth, Login, PASSWORD},
    arena::expect,
};
use local_shop::{Member, Workload};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::time::sleep;

/// Order asks every ten seconds; debug builds on a busy machine take longer.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(200);
const STREET: &str = "12 Quagmire Crossing";

struct Scene {
    arena: Arena,
    ann: Login,
    sku: String,
}

impl Scene {
    fn order(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        let url = self.arena.shop.url(Member(Workload::Order, 0)).unwrap();
        let request = self
            .arena
            .client
            .request(method, format!("{url}/api/v1/{path}"));
        request.bearer_auth(token)
    }

    /// An order of Ann's that is confirmed.
    async fn buys(&self) -> String {
        let body = json!({
            "items": [{ "sku": self.sku, "quantity": 2 }],
            "note": "Leave it with Ann's neighbour.",
            "shipping_address": {
                "name": "Ann Quagmire", "line1": STREET, "city": "London", "postal_code": "SW1Y 5AJ", "country": "GB",
            },
        });
        let request = self.order(Method::POST, "orders", &self.ann.access);
        let placed = expect(request.json(&body), 201).await.unwrap();
        self.arena.rest().await.unwrap();
        placed["id"].as_str().unwrap().to_owned()
    }

    async fn cancel(&self, order: &str, token: &str) {
        let request = self.order(Method::POST, &format!("orders/{order}/cancel"), token);
        let status = request.send().await.unwrap().status();
        assert!(status.is_success(), "{status}");
        self.arena.rest().await.unwrap();
    }

    async fn read(&self, order: &str, token: &str) -> Value {
        let request = self.order(Method::GET, &format!("orders/{order}"), token);
        expect(request, 200).await.unwrap()
    }

    /// The order once it has no address any more.
    async fn forgotten(&self, order: &str, token: &str) -> Value {
        let begun = Instant::now();
        loop {
            let read = self.read(order, token).await;
            if read["shipping_address"].is_null() {
                return read;
            }
            assert!(begun.elapsed() < PATIENCE, "{read}");
            sleep(PAUSE).await;
        }
    }

    /// The orders that say where Ann lives.
    fn traces(&self) -> i64 {
        let statement = format!("SELECT count(*) FROM orders WHERE orders::text LIKE '%{STREET}%'");
        self.arena.count("order", &statement).unwrap()
    }
}

#[tokio::test]
async fn a_person_who_wants_to_be_forgotten_is_forgotten_by_every_service() {
    let arena = Arena::start(1, 2, &[]).unwrap();
    let sku = arena.sells(100).await.unwrap();
    let auth = Auth::of(&arena.shop, &arena.client, 0).unwrap();
    let ann = auth.register("ann.quagmire").await.unwrap();
    let admin = [Role::Admin];
    let admin = arena.shop.tokens().sign(arena.ids.uuid(), &admin).unwrap();
    let scene = Scene { arena, ann, sku };
    let ended = scene.buys().await;
    let open = scene.buys().await;
    scene.cancel(&ended, &scene.ann.access).await;
    let before = scene.read(&ended, &admin).await;
    assert_eq!(before["shipping_address"]["line1"], STREET);
    assert_eq!(scene.traces(), 2);

    let delete = auth.call(Method::POST, "auth/account/delete", &scene.ann.access);
    expect(delete.json(&json!({ "password": PASSWORD })), 204)
        .await
        .unwrap();

    let after = scene.forgotten(&ended, &admin).await;
    assert!(after["note"].is_null(), "{after}");
    for kept in [
        "id",
        "number",
        "status",
        "payment_status",
        "items",
        "totals",
    ] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    let read = scene.read(&open, &admin).await;
    assert_eq!(
        read["shipping_address"]["line1"], STREET,
        "it is still owed"
    );
    assert_eq!(scene.traces(), 1);

    // The rest is due in ten minutes, which the test does not wait for.
    scene.cancel(&open, &admin).await;
    let due = "UPDATE erasures SET due_at = now() WHERE completed_at IS NULL RETURNING 1";
    assert_eq!(scene.arena.shop.sql("auth", due).unwrap().len(), 1);
    scene.forgotten(&open, &admin).await;
    assert_eq!(scene.traces(), 0);
    let people = "SELECT count(*) FROM users WHERE users::text ILIKE '%quagmire%'";
    assert_eq!(scene.arena.count("auth", people).unwrap(), 0);

    // Ann may come back as a new person.
    let again = auth.register("ann.quagmire").await.unwrap();
    assert_ne!(again.user, scene.ann.user);
    let gaps = "SELECT count(*) FROM order_event_gaps";
    assert_eq!(scene.arena.count("order", gaps).unwrap(), 0);
}
