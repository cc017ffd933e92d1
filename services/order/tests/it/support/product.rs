//! A stand-in for product's internal API: a real HTTP server with holds by request key, and faults on demand.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Json, Router,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use clock::Ids;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};
use uuid::Uuid;

mod holds;
mod parcels;
mod reservations;
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
    /// Holds of orders that do not exist, as the audit reads them.
    orphans: Vec<Value>,
    /// Changes of the entries about a SKU or an id.
    bent: HashMap<String, Bend>,
}

/// How an entry of a response is changed.
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
    /// Does nothing and responds with this.
    Answer(StatusCode),
    /// Does the work, and the connection breaks before the response.
    LoseAnswer,
    /// Does the work, and responds late.
    Late(Duration),
    /// Does the work, and sends an unreadable response.
    Garbage,
    /// Refuses every batch with this SKU.
    Poison(&'static str),
}

#[derive(Clone, Debug)]
pub struct Call {
    pub path: &'static str,
    pub size: usize,
    pub traceparent: Option<String>,
}

impl Product {
    pub async fn open() -> Self {
        let shelf = Arc::<Mutex<Shelf>>::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new()
            .route(
                "/internal/reservations",
                get(holds::list).post(reservations::reserve),
            )
            .route("/internal/reservations/commit", post(reservations::commit))
            .route("/internal/reservations/extend", post(reservations::extend))
            .route(
                "/internal/reservations/release",
                post(reservations::release),
            )
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
        let (id, vendor) = (Ids::system().uuid(), Ids::system().uuid());
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

    /// Waits until a reservation is requested.
    pub async fn reached(&self) {
        while self.calls("reserve").is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// The next call has this fault.
    pub fn next(&self, fault: Fault) {
        self.shelf().faults.push_back(fault);
    }

    /// Every call has this fault, from now on.
    pub fn always(&self, fault: impl Into<Option<Fault>>) {
        self.shelf().always = fault.into();
    }

    /// Entries about orders of this SKU, or about this order or shipment, are changed from now on.
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
        // Unwinding a handler makes the server drop the connection, without a message on standard error.
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
}
