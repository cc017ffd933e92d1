//! Measurements: `CROWD=100 MINUTES=10 tests/with-control-plane cargo test -p ecommercestack-operator --features
//! control-plane --test control-plane -- --ignored --nocapture figures`. `OPERATOR_BINARY` names the program whose memory
//! counts, which is one built for release.

use crate::{
    crowd::{apply, during, stuck, told},
    requests::Requests,
    scene::{Scene, until},
};
use ecommercestack_crds::EcommerceStack;
use kube::api::ListParams;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    net::TcpListener,
    process::{Child, Command, Stdio},
    str::FromStr as _,
    time::Duration,
};
use tokio::time::{Instant, sleep};

fn number(name: &str, default: usize) -> usize {
    let text = std::env::var_os(name).map(|text| text.into_string().unwrap());
    text.map_or(default, |text| usize::from_str(&text).unwrap())
}

/// A crowd of one kind, with its pods running where they can.
async fn crowd(name: &str, more: &Value, stacks: usize) -> Scene {
    let mut scene = Scene::empty(&format!("crowd-{name}")).await;
    if *more != stuck() {
        scene.start_nodes();
    }
    apply(&scene, stacks, more).await;
    scene
}

/// Waits until every stack is ready that can be; the nodes have no more work then.
async fn settled(scene: &mut Scene, more: &Value, stacks: usize) {
    told(scene, stacks).await;
    if *more == stuck() {
        return;
    }
    for number in 0..stacks {
        scene.ready(&format!("shop-{number}")).await;
    }
    scene.stop_nodes();
}

/// Seconds until a stack that is new has a status.
async fn newcomer(scene: &Scene, name: &str) -> Duration {
    let began = Instant::now();
    scene.apply(name, stuck()).await;
    until("the new stack has a status", async || {
        let found = scene.stacks().get(name).await;
        let found = found.map_err(|error| error.to_string())?;
        found.status.ok_or("none".to_owned())
    })
    .await;
    began.elapsed()
}

async fn print_minutes(what: &str, requests: &Requests) {
    for minute in 1..=number("MINUTES", 10) {
        let before = requests.count();
        let asked = during(requests, Duration::from_mins(1)).await;
        let passes = requests.after(before);
        let passes = passes.iter().filter(|made| is_pass(made)).count();
        println!("{what}: minute {minute}: {asked} requests, {passes} passes");
    }
}

/// Every pass reads its stack.
fn is_pass(request: &str) -> bool {
    let path = request.split('?').next().unwrap_or_default();
    let mut parts = path.rsplit('/').skip(1);
    path.starts_with("GET ") && parts.next() == Some("ecommercestacks")
}

async fn figures_of_requests(name: &str, more: Value) {
    let stacks = number("CROWD", 100);
    let what = format!("{stacks} {name}");
    let mut scene = crowd(name, &more, stacks).await;
    let began = Instant::now();
    let requests = scene.start_counted_operator(&["--resync", "10m"]).await;
    told(&scene, stacks).await;
    println!("{what}: all have a status after {:?}", began.elapsed());
    println!(
        "{what}: a new one at once: {:?}",
        newcomer(&scene, "new").await
    );
    settled(&mut scene, &more, stacks).await;
    println!("{what}: settled after {:?}", began.elapsed());
    print_minutes(&what, &requests).await;
    println!(
        "{what}: a new one later: {:?}",
        newcomer(&scene, "newer").await
    );
}

/// Requests a minute over one stack, while it starts and when it is idle.
#[tokio::test]
#[ignore = "takes ten minutes or more, and measures"]
async fn figures_of_one_stack() {
    let mut scene = Scene::empty("one-stack").await;
    scene.start_nodes();
    let requests = scene.start_counted_operator(&["--resync", "10m"]).await;
    let (before, began) = (requests.count(), Instant::now());
    scene.apply("shop", json!({})).await;
    scene.ready("shop").await;
    let (made, seconds) = (requests.count() - before, began.elapsed().as_secs());
    let per_minute = made * 60 / usize::try_from(seconds).unwrap().max(1);
    println!("one stack starts: {made} requests in {seconds} s, {per_minute} a minute");
    scene.stop_nodes();
    print_minutes("one idle stack", &requests).await;
}

#[tokio::test]
#[ignore = "takes ten minutes or more, and measures"]
async fn figures_of_an_unready_crowd() {
    figures_of_requests("unready", stuck()).await;
}

#[tokio::test]
#[ignore = "takes ten minutes or more, and measures"]
async fn figures_of_a_ready_crowd() {
    figures_of_requests("ready", json!({})).await;
}

/// The operator as a process of its own; it ends with the test.
struct Process {
    child: Child,
    metrics: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Process {
    fn start(namespace: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = port.local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let built = || OsString::from(env!("CARGO_BIN_EXE_ecommercestack-operator"));
        let binary = std::env::var_os("OPERATOR_BINARY").unwrap_or_else(built);
        let child = Command::new(binary)
            .args(["--namespace", namespace, "--resync", "10m"])
            .args(["--metrics-address", &address])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let metrics = format!("http://{address}/metrics");
        Self { child, metrics }
    }

    /// As `kill -9` does.
    fn kill(&mut self) {
        // It may have ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }

    /// The sum of a counter.
    async fn counted(&self, counter: &str) -> usize {
        let Ok(answer) = reqwest::get(&self.metrics).await else {
            return 0;
        };
        let text = answer.text().await.unwrap_or_default();
        let lines = text.lines().filter(|line| line.starts_with(counter));
        lines
            .filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok())
            .sum()
    }

    /// Waits until every stack had a pass and ten seconds passed without a write; returns when the last one was.
    async fn settled(&self, stacks: usize) -> Duration {
        let began = Instant::now();
        let (mut last, mut writes) = (began, 0);
        loop {
            let now = self.counted("ecommercestack_operator_applies_total").await;
            if now != writes {
                (last, writes) = (Instant::now(), now);
            }
            let passes = self.counted("ecommercestack_operator_passes_total").await;
            if passes >= stacks && last.elapsed() > Duration::from_secs(10) {
                return last - began;
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Resident memory, all of it and without files.
    fn memory(&self) -> String {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let wanted = ["VmHWM:", "VmRSS:", "RssAnon:"];
        let lines = status
            .lines()
            .filter(|line| wanted.iter().any(|name| line.starts_with(name)));
        lines
            .flat_map(str::split_whitespace)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// The status of each stack, without times.
async fn said(scene: &Scene) -> BTreeMap<String, Vec<(String, String, String)>> {
    let all = scene.stacks().list(&ListParams::default()).await.unwrap();
    let said = |stack: EcommerceStack| {
        let conditions = stack.status.unwrap().conditions.into_iter();
        let conditions = conditions
            .map(|condition| (condition.type_, condition.status, condition.reason))
            .collect();
        (stack.metadata.name.unwrap(), conditions)
    };
    all.items.into_iter().map(said).collect()
}

async fn figures_of_a_process(name: &str, more: Value) {
    let stacks = number("CROWD", 100);
    let what = format!("{stacks} {name}");
    let mut scene = crowd(&format!("{name}-process"), &more, stacks).await;
    let mut process = Process::start(&scene.namespace);
    settled(&mut scene, &more, stacks).await;
    process.settled(stacks).await;
    println!("{what}: memory when all are settled: {}", process.memory());
    let before = said(&scene).await;
    process.kill();
    let mut process = Process::start(&scene.namespace);
    let settled = process.settled(stacks).await;
    println!("{what}: settled {settled:?} after kill -9");
    println!("{what}: memory after that: {}", process.memory());
    assert_eq!(said(&scene).await, before);
    sleep(Duration::from_mins(2)).await;
    println!("{what}: memory two minutes later: {}", process.memory());
    process.kill();
}

#[tokio::test]
#[ignore = "takes ten minutes or more, and measures"]
async fn figures_of_a_process_with_an_unready_crowd() {
    figures_of_a_process("unready", stuck()).await;
}

#[tokio::test]
#[ignore = "takes ten minutes or more, and measures"]
async fn figures_of_a_process_with_a_ready_crowd() {
    figures_of_a_process("ready", json!({})).await;
}
