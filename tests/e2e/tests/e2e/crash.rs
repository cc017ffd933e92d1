//! `kill -9` of the order service's processes, between steps and under load: no unit is lost, and no order is placed twice.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use e2e::{
    Answer, Namespace, Person, Stack,
    audit::Units,
    cluster::unique,
    process,
    shop::Product,
    sql::Database,
    wait::{self, seconds},
};
use futures::future::join_all;
use serde_json::json;
use tokio::{
    sync::{Mutex, MutexGuard},
    time::sleep,
};

/// Makes the commit of a hold last longer than its caller waits.
const SLOW_COMMITS: &str = "CREATE FUNCTION wait_on_commit() RETURNS trigger LANGUAGE plpgsql AS \
    'BEGIN PERFORM pg_sleep(3); RETURN NEW; END'; \
    CREATE TRIGGER wait_on_commit BEFORE UPDATE ON holds FOR EACH ROW WHEN (NEW.state = 'committed') \
    EXECUTE FUNCTION wait_on_commit()";
const QUICK_COMMITS: &str = "DROP FUNCTION IF EXISTS wait_on_commit CASCADE";

/// A stack whose processes are killed, for one scenario at a time.
struct Fragile {
    _namespace: Namespace,
    stack: Stack,
    database: Database,
    vendor: Person,
    _turn: MutexGuard<'static, ()>,
}

async fn fragile() -> Fragile {
    static TURN: Mutex<()> = Mutex::const_new(());
    let turn = TURN.lock().await;
    let namespace = crate::stacks::own("fragile").await;
    let stack = namespace.stack("fragile");
    stack
        .apply(&json!({ "components": { "order": { "replicas": 2 } } }))
        .await
        .unwrap();
    stack.ready().await.unwrap();
    stack
        .database()
        .run("product", QUICK_COMMITS)
        .await
        .unwrap();
    // The kubelet increases the delay before each restart of a container; new pods start with the shortest.
    for component in ["order", "order-worker"] {
        stack.replace_restarted_pods(component).await.unwrap();
    }
    stack.serving().await.unwrap();
    let vendor = stack.shop().unwrap().register("vendor").await.unwrap();
    Fragile {
        database: stack.database(),
        _namespace: namespace,
        stack,
        vendor,
        _turn: turn,
    }
}

impl Fragile {
    async fn product(&self, units: u32) -> Product {
        self.vendor
            .sells("Glass bowl", "30.00", units)
            .await
            .unwrap()
    }

    async fn customer(&self) -> Person {
        self.stack
            .shop()
            .unwrap()
            .register("customer")
            .await
            .unwrap()
    }

    /// Kills every process of a component.
    async fn kill(&self, component: &str) {
        let pods = self.stack.pods(component).await.unwrap();
        assert!(!pods.is_empty(), "{component} has no pods");
        for pod in &pods {
            process::kill(pod).unwrap();
        }
        eprintln!(
            "        killed the processes of {} pods of {component}",
            pods.len()
        );
    }

    /// Waits until holds have expired and sagas have ended, and checks that every unit is accounted for.
    async fn settles(&self, product: &Product, units: u32) -> Units {
        let settled = wait::until(
            "every hold has ended and every order is confirmed",
            seconds(150),
            async || {
                let found = Units::of(&self.database, &product.sku).await?;
                found.at_rest()?;
                Ok(found)
            },
        );
        let found = settled.await.unwrap();
        found.balance(units.into()).unwrap();
        found
    }
}

/// Orders one unit, and repeats the request with the same key until the outcome is definite.
async fn orders_until_definite(customer: &Person, product: &Product, key: &str) -> Result<Answer> {
    wait::until(format!("{key} is answered"), seconds(90), async || {
        let answer = customer.tries_to_order(&product.sku, 1, key).await?;
        let definite = match answer.status {
            201 => true,
            409 => answer.problem_code()? == "out_of_stock",
            _ => false,
        };
        ensure!(definite, "{}: {}", answer.status, answer.body);
        Ok(answer)
    })
    .await
}

#[tokio::test]
async fn units_held_for_an_order_that_was_never_written_are_released_or_used_by_the_retry() {
    let fragile = fragile().await;
    let (product, customer) = (fragile.product(20).await, fragile.customer().await);
    let keys = [unique("held"), unique("held"), unique("held")];

    // While this lock is held, orders can be read and not written: the process stops between two steps.
    let mut lock = fragile
        .database
        .hold("order", "LOCK TABLE orders IN SHARE MODE", 8)
        .await
        .unwrap();
    let attempts = join_all(
        keys.iter()
            .map(|key| customer.tries_to_order(&product.sku, 1, key)),
    );
    let kill = async {
        let held = wait::until(
            "stock is held and no order written",
            seconds(8),
            async || {
                let found = Units::of(&fragile.database, &product.sku).await?;
                ensure!((found.stock.held, found.sold.orders) == (3, 0), "{found:?}");
                Ok(())
            },
        );
        held.await.unwrap();
        fragile.kill("order").await;
    };
    let (answers, ()) = tokio::join!(attempts, kill);
    assert!(
        answers
            .iter()
            .all(|answer| answer.as_ref().map_or(true, |answer| answer.status != 201)),
        "{answers:?}"
    );
    lock.wait().await.unwrap();

    let retried = orders_until_definite(&customer, &product, &keys[0]);
    let retried = retried.await.unwrap();
    assert_eq!(retried.status, 201, "{}", retried.body);
    let found = fragile.settles(&product, 20).await;
    assert_eq!(
        (found.sold.orders, found.stock.allocated, found.stock.held),
        (1, 1, 0)
    );
    assert_eq!(customer.available(&product).await.unwrap(), 19);
}

#[tokio::test]
async fn a_killed_workers_order_is_confirmed_by_the_next_worker() {
    let fragile = fragile().await;
    let (product, customer) = (fragile.product(20).await, fragile.customer().await);
    fragile.database.run("product", SLOW_COMMITS).await.unwrap();
    let placed = customer
        .tries_to_order(&product.sku, 2, &unique("key"))
        .await
        .unwrap();
    let placed = placed.expect(201).unwrap().json().unwrap();
    let order = placed["id"].as_str().unwrap();
    let uuid = order.trim_start_matches("ord_");
    let turns =
        format!("SELECT max(fence) FROM sagas WHERE finished_at IS NULL AND order_id = '{uuid}'");
    let taken = wait::until(
        "the order is pending and its saga taken",
        seconds(20),
        async || {
            ensure!(
                fragile.database.number("order", &turns).await? > 0,
                "no process has taken it"
            );
            Ok(())
        },
    );
    taken.await.unwrap();
    fragile.kill("order-worker").await;
    fragile.kill("order").await;
    fragile
        .database
        .run("product", QUICK_COMMITS)
        .await
        .unwrap();

    customer.confirmed(order).await.unwrap();
    let found = fragile.settles(&product, 20).await;
    assert_eq!((found.sold.orders, found.stock.allocated), (1, 2));
}

#[tokio::test]
async fn a_stream_of_orders_survives_kills_of_every_order_process() {
    const UNITS: u32 = 400;
    const STREAM: Duration = Duration::from_secs(25);
    let fragile = fragile().await;
    let product = fragile.product(UNITS).await;
    let mut customers = Vec::new();
    for _ in 0..8 {
        customers.push(fragile.customer().await);
    }

    let began = Instant::now();
    let buying = join_all(customers.iter().map(async |customer| {
        let mut orders = Vec::new();
        while began.elapsed() < STREAM {
            let key = unique("stream");
            let answer = orders_until_definite(customer, &product, &key);
            let answer = answer.await.unwrap();
            if answer.status == 201 {
                orders.push(answer.json().unwrap()["id"].as_str().unwrap().to_owned());
            }
        }
        orders
    }));
    let killing = async {
        for component in ["order", "order-worker", "order"] {
            sleep(Duration::from_secs(6)).await;
            fragile.kill(component).await;
        }
    };
    let (ordered, ()) = tokio::join!(buying, killing);

    let answered = ordered.iter().flatten().count();
    let distinct: HashSet<_> = ordered.iter().flatten().collect();
    assert_eq!(
        distinct.len(),
        answered,
        "two requests were answered with the same order"
    );
    assert!(answered > 20, "only {answered} orders were placed");
    let found = fragile.settles(&product, UNITS).await;
    println!("{answered} orders during three kills; {found:?}");
    assert_eq!(
        found.sold.orders,
        i64::try_from(answered).unwrap(),
        "as many orders as were answered with 201"
    );
    assert_eq!(found.stock.allocated, found.sold.units);
}
