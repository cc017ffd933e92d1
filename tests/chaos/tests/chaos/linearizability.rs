//! Stock is linearizable: each history of a SKU, as clients of product's API saw it while processes were killed, is explained
//! by some order of its calls.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chaos::{
    Arena,
    arena::share,
    history::{Answer, Call, Operation, is_linearizable},
};
use local_shop::{Member, Workload};
use rand::{RngExt, SeedableRng, rngs::SmallRng, seq::IndexedRandom};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};
use uuid::Uuid;

const HISTORIES: usize = 40;
const CLIENTS: u32 = 6;
const CALLS: u32 = 12;
const UNITS: u32 = 5;
const PATIENCE: Duration = Duration::from_secs(4);

/// One client of one SKU.
struct Caller {
    client: Client,
    /// The internal URLs, and the token of calls to them.
    internal: Vec<String>,
    token: String,
    vendor: RequestBuilder,
    reader: RequestBuilder,
    sku: String,
    /// The id from which the ids of orders are derived.
    base: Uuid,
    begun: Instant,
}

impl Caller {
    fn order(&self, number: u32) -> Uuid {
        Uuid::from_u128(self.base.as_u128() ^ u128::from(number))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap()
    }

    fn request(&self, call: Call, random: &mut SmallRng) -> RequestBuilder {
        let url = self.internal.choose(random).unwrap().clone();
        let post = |path: &str, body: Value| {
            let request = self
                .client
                .post(format!("{url}/internal/reservations{path}"));
            request.bearer_auth(&self.token).json(&body)
        };
        match call {
            Call::Reserve { order, quantity } => {
                let id = self.order(order);
                let key = format!("{0}{0}", id.simple());
                let reservation = json!({
                    "request_key": key, "fingerprint": key, "order_id": id, "hold_seconds": 600,
                    "lines": [{ "sku": self.sku, "quantity": quantity }],
                });
                post("", json!({ "reservations": [reservation] }))
            }
            Call::Commit { order } => post("/commit", json!({ "order_ids": [self.order(order)] })),
            Call::Release { order } => {
                post("/release", json!({ "order_ids": [self.order(order)] }))
            }
            Call::Adjust { delta } => self
                .vendor
                .try_clone()
                .unwrap()
                .header(
                    "Idempotency-Key",
                    format!("{}-{}", self.base, random.random::<u64>()),
                )
                .json(&json!({ "delta": delta, "reason": "counted" })),
            Call::Read => self.reader.try_clone().unwrap(),
        }
    }

    async fn make(&self, call: Call, random: &mut SmallRng) -> Option<Operation> {
        let request = self.request(call, random).timeout(PATIENCE);
        let called = self.now();
        let answer = match request.send().await {
            Ok(response) => {
                let status = response.status().as_u16();
                let body = response.json::<Value>().await.unwrap_or_default();
                read(status, &body)?
            }
            // Without a connection, nothing happened.
            Err(error) if error.is_connect() => return None,
            Err(_) => Answer::Unknown,
        };
        // A read without a response has no information.
        (call != Call::Read || answer != Answer::Unknown).then(|| Operation {
            call,
            answer,
            called,
            answered: self.now(),
        })
    }
}

/// The answer in a response.
fn read(status: u16, body: &Value) -> Option<Answer> {
    let outcome = body
        .pointer("/verdicts/0/verdict")
        .or_else(|| body.pointer("/outcomes/0/outcome"))
        .and_then(Value::as_str);
    Some(match (status, outcome) {
        (200, Some("held")) => Answer::Held,
        (200, Some("out_of_stock")) => Answer::OutOfStock,
        (200, Some("committed")) => Answer::Committed,
        (200, Some("released")) => Answer::Released,
        (200, Some("gone")) => Answer::Gone,
        (200, None) if body["on_hand"].is_i64() => Answer::Counts {
            on_hand: body["on_hand"].as_i64()?,
            held: body["held"].as_i64()?,
            allocated: body["allocated"].as_i64()?,
        },
        (409, None) if body["code"] == "below_committed" => Answer::BelowCommitted,
        (500..=599, None) => Answer::Unknown,
        other => panic!("{other:?}: {body}"),
    })
}

fn any_call(random: &mut SmallRng) -> Call {
    // There are only a few orders, so that clients use the same ones.
    let order = random.random_range(0..8);
    match random.random_range(0..10) {
        0..=3 => Call::Reserve {
            order,
            // The quantity of an order is always the same.
            quantity: i64::from(order % 2 + 1),
        },
        4 | 5 => Call::Commit { order },
        6 => Call::Release { order },
        7 => Call::Adjust {
            delta: *[-2, -1, 1].choose(random).unwrap(),
        },
        _ => Call::Read,
    }
}

async fn record(arena: &Arena, sku: String, seed: u64) -> Vec<Operation> {
    let members = arena
        .shop
        .members()
        .filter(|member| member.0 == Workload::Product);
    let internal = members.map(|member| arena.shop.internal_url(member).unwrap());
    let path = format!("/api/v1/inventory/{sku}");
    let caller = Arc::new(Caller {
        client: arena.client.clone(),
        internal: internal.collect(),
        token: arena.shop.internal_token("order").unwrap(),
        vendor: arena.adjusts(&sku).unwrap(),
        reader: arena.vendor(Method::GET, &path).unwrap(),
        sku,
        base: Uuid::from_u128(arena.ids.uuid().as_u128() & !0xffff),
        begun: Instant::now(),
    });
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        let caller = Arc::clone(&caller);
        clients.spawn(async move {
            let mut random = SmallRng::seed_from_u64(seed * 100 + u64::from(client));
            let mut history = Vec::new();
            for _ in 0..CALLS {
                let call = any_call(&mut random);
                history.extend(caller.make(call, &mut random).await);
            }
            history
        });
    }
    clients.join_all().await.concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stock_is_linearizable() {
    let histories = share(HISTORIES);
    let arena = Arena::start(2, 1, &[]).unwrap();
    let (mut calls, mut unknown) = (0, 0);
    for number in 0..histories {
        let sku = arena.sells(UNITS).await.unwrap();
        let seed = u64::from(std::process::id()) * 1_000 + number as u64;
        let kills = async {
            // One of the replicas is killed in the middle of every other history.
            if number % 2 == 1 {
                sleep(Duration::from_millis(60)).await;
                arena.shop.restart(Member(Workload::Product, 1)).unwrap();
            }
        };
        let (history, ()) = tokio::join!(record(&arena, sku, seed), kills);
        calls += history.len();
        unknown += history
            .iter()
            .filter(|operation| operation.answer == Answer::Unknown)
            .count();
        assert!(
            is_linearizable(i64::from(UNITS), &history),
            "no order of events explains this (seed {seed}):\n{}",
            describe(&history)
        );
    }
    eprintln!(
        "linearizability: {histories} histories of {calls} calls ({unknown} without an answer), violations 0"
    );
}

/// A line for each call, by the time of the call.
fn describe(history: &[Operation]) -> String {
    let mut history = history.to_vec();
    history.sort_by_key(|operation| operation.called);
    let line = |operation: &Operation| {
        let (from, to) = (operation.called / 1_000, operation.answered / 1_000);
        format!(
            "{from:>9} to {to:>9} us  {:?} -> {:?}",
            operation.call, operation.answer
        )
    };
    history.iter().map(line).collect::<Vec<_>>().join("\n")
}
