//! Many stacks at a time: what the operator asks of the API server, and how soon a new stack has its status.

use crate::scene::{Scene, until};
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// A stack that gets no pods.
fn stuck() -> Value {
    json!({ "database": { "managed": { "storage": { "size": "1Gi", "className": "none-such" } } } })
}

async fn apply(scene: &Scene, stacks: usize, more: &Value) {
    for number in 0..stacks {
        scene.apply(&format!("shop-{number}"), more.clone()).await;
    }
}

/// Until every stack has a status.
async fn told(scene: &Scene, stacks: usize) {
    until("every stack has a status", async || {
        let all = scene.stacks().list(&kube::api::ListParams::default()).await;
        let all = all.map_err(|error| error.to_string())?;
        let told = all.iter().filter(|stack| stack.status.is_some()).count();
        if told == stacks {
            Ok(())
        } else {
            Err(format!("{told} of {stacks}"))
        }
    })
    .await;
}

async fn during(requests: &AtomicUsize, length: Duration) -> usize {
    let before = requests.load(Ordering::Relaxed);
    sleep(length).await;
    requests.load(Ordering::Relaxed) - before
}

/// It was every five seconds, for ever: 280 requests a minute for each stack that stood still.
#[tokio::test]
async fn stacks_that_stand_still_are_looked_at_less_and_less() {
    let mut scene = Scene::empty("stands-still").await;
    apply(&scene, 3, &stuck()).await;
    let requests = scene.start_counted_operator().await;
    told(&scene, 3).await;
    let first = during(&requests, Duration::from_secs(12)).await;
    sleep(Duration::from_secs(26)).await;
    let later = during(&requests, Duration::from_secs(12)).await;
    assert!(first > 0);
    assert!(
        later * 2 <= first,
        "{first} requests at first, {later} later"
    );
}

/// Figures, for a person: `CROWD=100 tests/with-control-plane cargo test … --test control-plane -- --ignored figures`.
#[tokio::test]
#[ignore = "takes ten minutes or more, and measures"]
async fn figures_of_a_crowd() {
    let stacks = std::env::var_os("CROWD").map_or(100, |crowd| {
        let crowd = crowd.into_string().unwrap();
        crowd.parse().unwrap()
    });
    for (name, more) in [("unready", stuck()), ("ready", json!({}))] {
        let mut scene = Scene::empty(&format!("crowd-{name}")).await;
        if name == "ready" {
            scene.start_nodes();
        }
        apply(&scene, stacks, &more).await;
        let began = Instant::now();
        let requests = scene.start_counted_operator().await;
        told(&scene, stacks).await;
        println!(
            "{stacks} {name}: all have a status after {:?}",
            began.elapsed()
        );
        for minute in 1..=10 {
            let asked = during(&requests, Duration::from_mins(1)).await;
            println!("{stacks} {name}: minute {minute}: {asked} requests");
        }
        let began = Instant::now();
        scene.apply("newcomer", more).await;
        told(&scene, stacks + 1).await;
        println!(
            "beside {stacks} {name}, a new stack has a status after {:?}",
            began.elapsed()
        );
    }
}
