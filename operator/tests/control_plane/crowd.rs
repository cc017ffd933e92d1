//! Many stacks at a time: the requests of the operator to the API server, and the time until a new stack has its
//! status. Measurements with more stacks are in `figures.rs`.

use crate::{
    requests::Requests,
    scene::{Scene, until},
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// A stack without pods.
pub fn stuck() -> Value {
    json!({ "database": { "managed": { "storage": { "size": "1Gi", "className": "none-such" } } } })
}

pub async fn apply(scene: &Scene, stacks: usize, more: &Value) {
    for number in 0..stacks {
        scene.apply(&format!("shop-{number}"), more.clone()).await;
    }
}

/// Waits until this many stacks have a status.
pub async fn told(scene: &Scene, stacks: usize) {
    until("the stacks have a status", async || {
        let all = scene.stacks().list(&kube::api::ListParams::default()).await;
        let all = all.map_err(|error| error.to_string())?;
        let told = all.iter().filter(|stack| stack.status.is_some()).count();
        if told >= stacks {
            Ok(())
        } else {
            Err(format!("{told} of {stacks}"))
        }
    })
    .await;
}

pub async fn during(requests: &Requests, length: Duration) -> usize {
    let before = requests.count();
    sleep(length).await;
    requests.count() - before
}

/// It used to be every five seconds: 280 requests a minute for each stack without progress.
#[tokio::test]
async fn stacks_that_stand_still_are_looked_at_less_and_less() {
    let mut scene = Scene::empty("stands-still").await;
    apply(&scene, 3, &stuck()).await;
    let requests = scene.start_counted_operator(&["--resync", "10m"]).await;
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

#[tokio::test]
async fn a_new_stack_has_its_status_while_passes_over_others_take_all_they_may() {
    let mut scene = Scene::empty("newcomer").await;
    apply(&scene, 6, &stuck()).await;
    let requests = scene.start_counted_operator(&["--resync", "2s"]).await;
    told(&scene, 6).await;
    requests.hold("/ecommercestacks/shop-");
    // By then all of them were due.
    sleep(Duration::from_secs(8)).await;
    scene.apply("newcomer", stuck()).await;
    let has_status = until("the new stack has a status", async || {
        let found = scene.stacks().get("newcomer").await;
        let found = found.map_err(|error| error.to_string())?;
        found.status.ok_or("none".to_owned())
    });
    let in_time = timeout(Duration::from_mins(1), has_status).await;
    in_time.expect("the new stack waits for those before it");
}
