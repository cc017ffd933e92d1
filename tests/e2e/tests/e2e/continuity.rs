//! Orders while the shop changes, and how long they are interrupted where that is unavoidable. The figures are for a reader:
//! `cargo test --locked --features e2e/cluster --test e2e -- --ignored --nocapture figures`, with `cluster/env`.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use e2e::{
    Person, Stack,
    cluster::unique,
    shop::Product,
    wait::{self, seconds},
};
use ecommercestack_crds::{ConditionType, Reason};
use futures::future::{join, join_all};
use k8s_openapi::api::core::v1::Pod;
use kube::api::DeleteParams;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::stacks::{own, rough};

const CUSTOMERS: usize = 3;
/// A customer may request 120 changes per minute.
const PAUSE: Duration = Duration::from_millis(600);

/// The outcomes of orders, each of which was sent once.
#[derive(Debug, Default)]
struct Orders {
    taken: Vec<Instant>,
    failed: Vec<String>,
}

impl Orders {
    async fn place(&mut self, customer: &Person, product: &Product) {
        let key = unique("key");
        match customer.tries_to_order(&product.sku, 1, &key).await {
            Ok(answer) if answer.status == 201 => self.taken.push(Instant::now()),
            Ok(answer) => self
                .failed
                .push(format!("{}: {}", answer.status, answer.body)),
            Err(error) => self.failed.push(format!("{error:#}")),
        }
    }

    /// The longest time without an order.
    fn gap(&self) -> Duration {
        let pairs = self.taken.iter().zip(self.taken.iter().skip(1));
        pairs
            .map(|(one, next)| next.duration_since(*one))
            .max()
            .unwrap_or_default()
    }
}

/// Lets customers order from shortly before the work until shortly after it.
async fn during(stack: &Stack, work: impl Future<Output = ()>) -> Orders {
    let shop = stack.shop().unwrap();
    let vendor = shop.register("vendor").await.unwrap();
    let product = vendor.sells("Sugar bowl", "11.00", 5000).await.unwrap();
    let mut customers = Vec::new();
    for _ in 0..CUSTOMERS {
        customers.push(shop.register("customer").await.unwrap());
    }
    let is_done = AtomicBool::new(false);
    let buying = customers.iter().map(async |customer| {
        let mut orders = Orders::default();
        while !is_done.load(Ordering::Relaxed) {
            orders.place(customer, &product).await;
            sleep(PAUSE).await;
        }
        orders
    });
    let work = async {
        sleep(PAUSE * 5).await;
        work.await;
        sleep(PAUSE * 5).await;
        is_done.store(true, Ordering::Relaxed);
    };
    let (orders, ()) = join(join_all(buying), work).await;
    let mut all = Orders::default();
    for orders in orders {
        all.taken.extend(orders.taken);
        all.failed.extend(orders.failed);
    }
    all.taken.sort();
    println!(
        "{} orders taken, {} failed, longest gap {:?}",
        all.taken.len(),
        all.failed.len(),
        all.gap()
    );
    all
}

/// A change for which every pod of a service is replaced.
fn rolled() -> Value {
    let component = json!({ "resources": { "requests": { "memory": "72Mi" } } });
    json!({ "components": { "auth": component, "product": component, "order": component } })
}

#[tokio::test]
async fn no_order_fails_in_a_rollout_through_a_version_that_does_not_exist() {
    let rough = rough().await;
    let stack = &rough.stack;
    let orders = during(stack, async {
        let missing = json!({ "version": "does-not-exist" });
        stack.apply(&missing).await.unwrap();
        let unavailable = Reason::ImageUnavailable;
        stack
            .reports(ConditionType::Ready, "False", unavailable, 120)
            .await
            .unwrap();
        stack.apply(&rolled()).await.unwrap();
        stack.ready().await.unwrap();
    })
    .await;
    assert_eq!(orders.failed, Vec::<String>::new());
    assert!(orders.taken.len() > 30, "{orders:?}");
    stack.apply(&json!({})).await.unwrap();
    stack.ready().await.unwrap();
}

#[tokio::test]
#[ignore = "measures"]
async fn figures_of_a_lost_database_pod() {
    let rough = rough().await;
    let pods = rough.namespace.api::<Pod>();
    let name = rough.stack.object("postgres-0");
    for parameters in [
        DeleteParams::default(),
        DeleteParams::default().grace_period(0),
    ] {
        let orders = during(&rough.stack, async {
            pods.delete(&name, &parameters).await.unwrap();
            sleep(seconds(20)).await;
            rough.stack.ready().await.unwrap();
        })
        .await;
        println!(
            "the database's pod deleted with {parameters:?}: no order for {:?}",
            orders.gap()
        );
    }
}

#[tokio::test]
#[ignore = "measures"]
async fn figures_of_a_stack_deleted_and_recreated() {
    let namespace = own("again").await;
    let stack = namespace.stack("shop");
    let delete = json!({ "deletionPolicy": "Delete" });
    stack.apply(&delete).await.unwrap();
    stack.ready().await.unwrap();
    for round in 1..=5 {
        let began = Instant::now();
        stack.delete().await.unwrap();
        wait::until("the stack is gone", seconds(60), async || {
            anyhow::ensure!(stack.api().get_opt("shop").await?.is_none());
            Ok(())
        })
        .await
        .unwrap();
        stack.apply(&delete).await.unwrap();
        stack.ready().await.unwrap();
        println!("round {round}: ready again after {:?}", began.elapsed());
    }
    namespace.delete().await.unwrap();
}
