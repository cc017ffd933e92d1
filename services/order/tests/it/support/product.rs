//! A stand-in for product's internal API: a real HTTP server with holds by request key, and faults on demand.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use uuid::Uuid;
use web::clock::Clock;

mod holds;
mod parcels;
mod shortfalls;

pub use holds::every_order_is_held;

pub const TOKEN: &str = "the-token-of-order";

#[derive(Clone)]
pub struct Product {
    shelf: Arc<Mutex<Shelf>>,
    pub url: String,
    server: Arc<JoinHandle<()>>,
}

#[derive(Default)]
struct Shelf {
    items: Vec<Item>,
    holds: HashMap<String, Hold>,
    faults: VecDeque<Fault>,
    always: Option<Fault>,
    calls: Vec<Call>,
    extended: Vec<u32>,
    parcels: parcels::Parcels,
    shortfalls: shortfalls::Shortfalls,
    /// Holds of orders that do not exist, as the audit is told of them.
    orphans: Vec<Value>,
    /// What entries about a SKU or an id say instead.
    bent: HashMap<String, Bend>,
}

/// How an entry of an answer is bent.
pub type Bend = fn(&mut Value);

struct Item {
    id: Uuid,
    vendor: Uuid,
    sku: String,
    price: i64,
    available: u32,
}

#[derive(Clone)]
pub struct Hold {
    pub fingerprint: String,
    pub order_id: Uuid,
    pub state: &'static str,
    verdict: Value,
}

#[derive(Clone)]
pub enum Fault {
    /// Does nothing and answers this.
    Answer(StatusCode),
    /// Does the work, and the connection breaks before the answer.
    LoseAnswer,
    /// Does the work, and answers late.
    Late(Duration),
    /// Does the work, and answers what cannot be read.
    Garbage,
    /// Refuses every batch that has this SKU in it.
    Poison(&'static str),
}

#[derive(Clone, Debug)]
pub struct Call {
    pub path: &'static str,
    pub size: usize,
    pub traceparent: Option<String>,
}

#[derive(Deserialize)]
struct Reservations {
    reservations: Vec<Reservation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reservation {
    request_key: String,
    fingerprint: String,
    order_id: Uuid,
    hold_seconds: u32,
    expected_total_minor: Option<i64>,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    product_id: Option<Uuid>,
    sku: Option<String>,
    quantity: u32,
}

#[derive(Deserialize)]
struct OrderIds {
    order_ids: Vec<Uuid>,
}

#[derive(Deserialize)]
struct Releases {
    order_ids: Vec<Uuid>,
    committed: bool,
}

#[derive(Deserialize)]
struct Extensions {
    extensions: Vec<Extension>,
}

#[derive(Deserialize)]
struct Extension {
    order_id: Uuid,
    hold_seconds: u32,
}

impl Product {
    pub async fn open() -> Self {
        let shelf = Arc::<Mutex<Shelf>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new()
            .route("/internal/reservations", get(holds::list).post(reserve))
            .route("/internal/reservations/commit", post(commit))
            .route("/internal/reservations/extend", post(extend))
            .route("/internal/reservations/release", post(release))
            .route("/internal/reservations/ship", post(parcels::ship))
            .route("/internal/reservations/return", post(parcels::take_back))
            .route("/internal/shortfalls", get(shortfalls::open))
            .route("/internal/shortfalls/settle", post(shortfalls::settle))
            .with_state(Arc::clone(&shelf));
        let server = tokio::spawn(async { axum::serve(listener, routes).await.unwrap() });
        let product = Self {
            shelf,
            url,
            server: Arc::new(server),
        };
        product.stock("MUG-1", 999, 100);
        product.stock("CUP-1", 250, 100);
        product.stock("LAST-1", 5_000, 1);
        product
    }

    pub fn stock(&self, sku: &str, price: i64, available: u32) -> Uuid {
        let (id, vendor) = (Clock::system().uuid(), Clock::system().uuid());
        self.shelf().items.push(Item {
            id,
            vendor,
            sku: sku.to_owned(),
            price,
            available,
        });
        id
    }

    pub fn restock(&self, sku: &str, available: u32) {
        self.shelf()
            .items
            .iter_mut()
            .find(|item| item.sku == sku)
            .unwrap()
            .available = available;
    }

    pub fn available(&self, sku: &str) -> u32 {
        self.shelf()
            .items
            .iter()
            .find(|item| item.sku == sku)
            .unwrap()
            .available
    }

    pub fn id_of(&self, sku: &str) -> Uuid {
        self.shelf()
            .items
            .iter()
            .find(|item| item.sku == sku)
            .unwrap()
            .id
    }

    pub fn vendor_of(&self, sku: &str) -> Uuid {
        self.shelf()
            .items
            .iter()
            .find(|item| item.sku == sku)
            .unwrap()
            .vendor
    }

    pub fn holds(&self) -> Vec<Hold> {
        self.shelf().holds.values().cloned().collect()
    }

    /// Ends every hold this way: `lost`, `gone`.
    pub fn end_holds(&self, state: &'static str) {
        self.shelf()
            .holds
            .values_mut()
            .for_each(|hold| hold.state = state);
    }

    pub fn calls(&self, path: &str) -> Vec<Call> {
        self.shelf()
            .calls
            .iter()
            .filter(|call| call.path == path)
            .cloned()
            .collect()
    }

    /// For how many seconds holds were extended.
    pub fn extended(&self) -> Vec<u32> {
        self.shelf().extended.clone()
    }

    /// Waits until somebody asks for a reservation.
    pub async fn reached(&self) {
        while self.calls("reserve").is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The next call meets this.
    pub fn next(&self, fault: Fault) {
        self.shelf().faults.push_back(fault);
    }

    /// Every call meets this, from now on.
    pub fn always(&self, fault: impl Into<Option<Fault>>) {
        self.shelf().always = fault.into();
    }

    /// Entries about orders of this SKU, or about this order or parcel, are bent from now on.
    pub fn bend(&self, name: &impl ToString, bend: Bend) {
        self.shelf().bent.insert(name.to_string(), bend);
    }

    pub fn unbend(&self) {
        self.shelf().bent.clear();
    }

    /// Connections are refused from now on.
    pub async fn close(&self) {
        self.server.abort();
        while !self.server.is_finished() {
            tokio::task::yield_now().await;
        }
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap()
    }
}

async fn reserve(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    headers: HeaderMap,
    Json(asked): Json<Reservations>,
) -> Response {
    let skus: Vec<String> = asked
        .reservations
        .iter()
        .flat_map(|one| &one.lines)
        .filter_map(|line| line.sku.clone())
        .collect();
    let fault = match meet(&shelf, "reserve", &headers, asked.reservations.len()) {
        Ok(fault) => fault,
        Err(refused) => return refused.into_response(),
    };
    if let Some(Fault::Poison(poison)) = fault
        && skus.iter().any(|sku| sku == poison)
    {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    let verdicts: Vec<Value> = {
        let mut shelf = shelf.lock().unwrap();
        asked
            .reservations
            .iter()
            .map(|one| {
                let verdict = shelf.verdict(one);
                let names = one.lines.iter().filter_map(|line| line.sku.as_deref());
                shelf.bent(names, verdict)
            })
            .collect()
    };
    answer(fault, json!({ "verdicts": verdicts })).await
}

async fn commit(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    headers: HeaderMap,
    Json(asked): Json<OrderIds>,
) -> Response {
    let fault = match meet(&shelf, "commit", &headers, asked.order_ids.len()) {
        Ok(fault) => fault,
        Err(refused) => return refused.into_response(),
    };
    let mut outcomes: Vec<Value> = {
        let mut shelf = shelf.lock().unwrap();
        asked
            .order_ids
            .iter()
            .map(|id| {
                let entry = json!({ "order_id": id, "outcome": shelf.commit(*id) });
                shelf.bent([id.to_string().as_str()], entry)
            })
            .collect()
    };
    // The contract names the order with each outcome: their order is not promised.
    outcomes.reverse();
    answer(fault, json!({ "outcomes": outcomes })).await
}

async fn extend(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    headers: HeaderMap,
    Json(asked): Json<Extensions>,
) -> Response {
    let fault = match meet(&shelf, "extend", &headers, asked.extensions.len()) {
        Ok(fault) => fault,
        Err(refused) => return refused.into_response(),
    };
    let outcomes: Vec<Value> = {
        let mut shelf = shelf.lock().unwrap();
        asked
            .extensions
            .iter()
            .map(|one| {
                assert!(one.hold_seconds > 0);
                shelf.extended.push(one.hold_seconds);
                let outcome = shelf.extend(one.order_id);
                let entry = json!({ "order_id": one.order_id, "outcome": outcome });
                shelf.bent([one.order_id.to_string().as_str()], entry)
            })
            .collect()
    };
    answer(fault, json!({ "outcomes": outcomes })).await
}

async fn release(
    State(shelf): State<Arc<Mutex<Shelf>>>,
    headers: HeaderMap,
    Json(asked): Json<Releases>,
) -> Response {
    let fault = match meet(&shelf, "release", &headers, asked.order_ids.len()) {
        Ok(fault) => fault,
        Err(refused) => return refused.into_response(),
    };
    let outcomes: Vec<Value> = {
        let mut shelf = shelf.lock().unwrap();
        asked
            .order_ids
            .iter()
            .map(|id| {
                let outcome = shelf.release(*id, asked.committed);
                let entry = json!({ "order_id": id, "outcome": outcome });
                shelf.bent([id.to_string().as_str()], entry)
            })
            .collect()
    };
    answer(fault, json!({ "outcomes": outcomes })).await
}

fn meet(
    shelf: &Mutex<Shelf>,
    path: &'static str,
    headers: &HeaderMap,
    size: usize,
) -> Result<Option<Fault>, StatusCode> {
    if headers
        .get("authorization")
        .is_none_or(|value| value != &format!("Bearer {TOKEN}"))
    {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let mut shelf = shelf.lock().unwrap();
    let traceparent = headers
        .get("traceparent")
        .map(|value| value.to_str().unwrap().to_owned());
    shelf.calls.push(Call {
        path,
        size,
        traceparent,
    });
    assert!(size <= 128, "product takes 128 a batch");
    match shelf.faults.pop_front().or_else(|| shelf.always.clone()) {
        Some(Fault::Answer(status)) => Err(status),
        fault => Ok(fault),
    }
}

async fn answer(fault: Option<Fault>, body: Value) -> Response {
    match fault {
        // Unwinding a handler makes the server drop the connection; this way it says nothing on standard error.
        Some(Fault::LoseAnswer) => std::panic::resume_unwind(Box::new("lost answer")),
        Some(Fault::Late(delay)) => tokio::time::sleep(delay).await,
        Some(Fault::Garbage) => return Json(json!({ "verdicts": 7 })).into_response(),
        Some(Fault::Answer(_) | Fault::Poison(_)) | None => {}
    }
    Json(body).into_response()
}

impl Shelf {
    fn bent<'a>(&self, names: impl IntoIterator<Item = &'a str>, mut entry: Value) -> Value {
        for bend in names.into_iter().filter_map(|name| self.bent.get(name)) {
            bend(&mut entry);
        }
        entry
    }

    fn verdict(&mut self, asked: &Reservation) -> Value {
        assert_eq!(asked.hold_seconds, 60);
        if let Some(hold) = self.holds.get(&asked.request_key) {
            return match hold.state {
                _ if hold.fingerprint != asked.fingerprint => {
                    json!({ "verdict": "fingerprint_mismatch" })
                }
                "held" | "committed" => hold.verdict.clone(),
                _ => json!({ "verdict": "gone" }),
            };
        }
        let found: Vec<Option<usize>> = asked.lines.iter().map(|line| self.find(line)).collect();
        let unknown: Vec<Value> = found
            .iter()
            .enumerate()
            .filter(|(_, item)| item.is_none())
            .map(|(index, _)| json!({ "index": index, "sku": asked.lines[index].sku }))
            .collect();
        if !unknown.is_empty() {
            return json!({ "verdict": "unknown_product", "lines": unknown });
        }
        // What names the same product is one line, as in product.
        let mut lines: Vec<(usize, u32)> = Vec::new();
        for (item, line) in found.into_iter().flatten().zip(&asked.lines) {
            match lines.iter_mut().find(|(known, _)| *known == item) {
                Some((_, units)) => *units += line.quantity,
                None => lines.push((item, line.quantity)),
            }
        }
        // What does not fit wraps here: refusing it is the order's business too.
        let price =
            |(item, units): &(usize, u32)| self.items[*item].price.wrapping_mul(i64::from(*units));
        let total = lines.iter().map(price).fold(0_i64, i64::wrapping_add);
        if asked
            .expected_total_minor
            .is_some_and(|expected| expected != total)
        {
            return json!({ "verdict": "price_changed", "total_minor": total });
        }
        let missing: Vec<Value> = lines
            .iter()
            .map(|(item, units)| (&self.items[*item], units))
            .filter(|(item, units)| item.available < **units)
            .map(|(item, units)| json!({ "sku": item.sku, "requested": units, "available": item.available }))
            .collect();
        if !missing.is_empty() {
            return json!({ "verdict": "out_of_stock", "lines": missing });
        }
        self.hold(asked, &lines, total)
    }

    fn hold(&mut self, asked: &Reservation, lines: &[(usize, u32)], total: i64) -> Value {
        let mut taken = Vec::new();
        for (index, units) in lines {
            let item = &mut self.items[*index];
            item.available -= units;
            taken.push(json!({
                "product_id": item.id, "vendor_id": item.vendor, "sku": item.sku, "name": format!("A {}", item.sku),
                "unit_price_minor": item.price, "quantity": units,
            }));
        }
        let verdict = json!({
            "verdict": "held", "order_id": asked.order_id, "expires_at": "2026-11-21T12:00:00Z", "currency": "USD",
            "total_minor": total, "lines": taken, "a_member_of_a_newer_version": true,
        });
        let hold = Hold {
            fingerprint: asked.fingerprint.clone(),
            order_id: asked.order_id,
            state: "held",
            verdict: verdict.clone(),
        };
        self.holds.insert(asked.request_key.clone(), hold);
        verdict
    }

    fn find(&self, line: &Line) -> Option<usize> {
        assert!(line.sku.is_some() != line.product_id.is_some());
        self.items.iter().position(|item| {
            line.product_id == Some(item.id) || line.sku.as_ref() == Some(&item.sku)
        })
    }

    fn commit(&mut self, order: Uuid) -> &'static str {
        let Some(hold) = self.holds.values_mut().find(|hold| hold.order_id == order) else {
            return "gone";
        };
        if hold.state == "held" {
            hold.state = "committed";
        }
        hold.state
    }

    fn extend(&self, order: Uuid) -> &'static str {
        match self.holds.values().find(|hold| hold.order_id == order) {
            Some(hold) if hold.state == "held" => "extended",
            Some(hold) => hold.state,
            None => "gone",
        }
    }

    /// The double gives the units back as well: tests look at `available`.
    fn release(&mut self, order: Uuid, committed: bool) -> &'static str {
        let Some(hold) = self.holds.values_mut().find(|hold| hold.order_id == order) else {
            return "released";
        };
        match hold.state {
            "committed" if !committed => return "committed",
            "held" | "committed" => {}
            _ => return "released",
        }
        hold.state = "gone";
        let lines = hold.verdict["lines"].as_array().unwrap().clone();
        for line in lines {
            let item = |item: &&mut Item| line["sku"] == item.sku.as_str();
            let units = u32::try_from(line["quantity"].as_u64().unwrap()).unwrap();
            self.items.iter_mut().find(item).unwrap().available += units;
        }
        "released"
    }
}
