//! The load generator, in a process of its own (`bench load`, a specification in, a report out), so that its CPU time is
//! known and it can be pinned. It has one thread. In a closed loop each connection sends as soon as it has the last response.
//! In an open loop requests are due at random times of a given rate, and latency is measured from the time that was due.

use std::{
    cell::RefCell,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use rand::{RngExt, SeedableRng, rngs::SmallRng};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Mutex, mpsc},
    task::LocalSet,
    time::{sleep, timeout},
};
use uuid::Uuid;

use crate::{
    catalogue::{PRODUCTS, product_id},
    cpu,
    http::{Answer, Connection},
    log::{Entry, Outcome, Report},
    stage::unix_micros,
    workload::{Mix, NewOrder, Workload},
};

/// The time that a client waits for a response; the services give up sooner.
const PATIENCE: Duration = Duration::from_secs(15);
/// The time before a request of unknown outcome is sent again.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Specification {
    /// The ports of the replicas, over which the connections are spread.
    pub ports: Vec<u16>,
    pub seconds: f64,
    pub connections: usize,
    /// Requests per second; without a rate the loop is closed.
    pub rate: Option<f64>,
    pub seed: u64,
    pub what: What,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// `POST /api/v1/orders`, with a token for each customer.
    Orders { mix: Mix, tokens: Vec<String> },
    /// `GET /api/v1/products/{id}` of random products.
    Products,
    /// `POST /api/v1/auth/login` of accounts that do not exist, from many addresses.
    Logins,
    /// These whole requests in random order; any response counts.
    Anything { requests: Vec<String> },
}

pub fn run(specification: Specification) -> Result<Report> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    LocalSet::new().block_on(&runtime, drive(specification))
}

struct Generator {
    what: What,
    workload: RefCell<Workload>,
    random: RefCell<SmallRng>,
    report: RefCell<Report>,
    /// Places of entries that were acknowledged, which may be sent again.
    acknowledged: RefCell<Vec<usize>>,
    key_prefix: String,
    end: Instant,
}

/// The times at which requests are due, in a queue that all connections share.
type Due = Rc<Mutex<mpsc::UnboundedReceiver<Instant>>>;

async fn drive(specification: Specification) -> Result<Report> {
    let Specification {
        ports,
        seconds,
        connections,
        rate,
        seed,
        what,
    } = specification;
    let mix = match &what {
        What::Orders { mix, .. } => *mix,
        What::Products | What::Logins | What::Anything { .. } => Mix::Uniform,
    };
    let (started, begin) = (unix_micros()?, Instant::now());
    let end = begin + Duration::from_secs_f64(seconds);
    let due = rate.map(|rate| Rc::new(Mutex::new(pace(rate, end, seed))));
    let generator = Rc::new(Generator {
        what,
        workload: RefCell::new(Workload::new(mix, seed)),
        random: RefCell::new(SmallRng::seed_from_u64(seed ^ 0x5eed)),
        report: RefCell::default(),
        acknowledged: RefCell::default(),
        key_prefix: format!("bench-{seed:x}"),
        end,
    });
    let clients: Vec<_> = ports
        .into_iter()
        .cycle()
        .take(connections)
        .map(|port| tokio::task::spawn_local(client(Rc::clone(&generator), port, due.clone())))
        .collect();
    for client in clients {
        client.await.context("a client panicked")?;
    }
    let mut report = generator.report.take();
    report.started = started;
    report.ended = unix_micros()?;
    report.cpu_seconds = cpu::of_process(std::process::id()).unwrap_or_default();
    Ok(report)
}

/// The times at which requests are due, as a Poisson process has them. They come from a thread of its own: the runtime's
/// timer counts in milliseconds, and a late generator would be mistaken for a slow service.
fn pace(rate: f64, end: Instant, seed: u64) -> mpsc::UnboundedReceiver<Instant> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        let mut random = SmallRng::seed_from_u64(seed ^ 0xace);
        let mut next = Instant::now();
        while next < end {
            next += Duration::from_secs_f64(-(1.0 - random.random::<f64>()).ln() / rate);
            if let Some(pause) = next.checked_duration_since(Instant::now()) {
                std::thread::sleep(pause);
            }
            if sender.send(next).is_err() {
                return;
            }
        }
    });
    receiver
}

async fn client(generator: Rc<Generator>, port: u16, due: Option<Due>) {
    let mut connection = Connection::new(port);
    loop {
        let intended = match &due {
            Some(due) => match due.lock().await.recv().await {
                Some(intended) => intended,
                None => return,
            },
            None => Instant::now(),
        };
        if due.is_none() && intended >= generator.end {
            return;
        }
        match &generator.what {
            What::Orders { tokens, .. } => {
                generator
                    .order(&mut connection, tokens, due.as_ref().map(|_| intended))
                    .await;
            }
            What::Products => generator.product(&mut connection, intended).await,
            What::Logins => generator.log_in(&mut connection, intended).await,
            What::Anything { requests } => {
                let place = generator
                    .random
                    .borrow_mut()
                    .random_range(0..requests.len());
                let request = requests[place].as_bytes();
                generator
                    .ask(&mut connection, request, intended, None)
                    .await;
            }
        }
    }
}

impl Generator {
    /// Sends a new order, or repeats one that was acknowledged.
    async fn order(&self, connection: &mut Connection, tokens: &[String], due: Option<Instant>) {
        if let Some(place) = self.repeated() {
            self.repeat(connection, tokens, place).await;
            return;
        }
        let order = self.workload.borrow_mut().order();
        let place = self.report.borrow().entries.len();
        let key = format!("{}-{place}", self.key_prefix);
        let request = order_request(tokens, &order, &key);
        self.report.borrow_mut().entries.push(Entry {
            key,
            order,
            outcome: Outcome::Unknown,
        });
        let (outcome, took) = self.until_known(connection, &request, due).await;
        let mut report = self.report.borrow_mut();
        if let Outcome::Acknowledged(_) = outcome {
            report.answered += 1;
            report.latency.record(took);
            self.acknowledged.borrow_mut().push(place);
        }
        report.entries[place].outcome = outcome;
    }

    /// The place of an entry to repeat, if the mix says so.
    fn repeated(&self) -> Option<usize> {
        let earlier = self.acknowledged.borrow();
        let place = self.workload.borrow_mut().replay(earlier.len())?;
        earlier.get(place).copied()
    }

    async fn repeat(&self, connection: &mut Connection, tokens: &[String], place: usize) {
        let Entry {
            key,
            order,
            outcome,
        } = self.report.borrow().entries[place].clone();
        let request = order_request(tokens, &order, &key);
        let Some(answer) = exchange(connection, &request).await else {
            return;
        };
        let mut report = self.report.borrow_mut();
        let violation = match answer.status {
            201 if !answer.replayed => Some("was carried out again".to_owned()),
            201 => {
                report.replays += 1;
                let is_same = order_id(&answer).map(Outcome::Acknowledged) == Some(outcome);
                (!is_same).then(|| "was answered with another order".to_owned())
            }
            429 | 503 => {
                report.turned_away += 1;
                None
            }
            other => {
                let code = problem_code(&answer.body);
                // The key is in use if another connection repeats the request at this moment.
                (code != "idempotency_key_in_use").then(|| format!("was answered {other} {code}"))
            }
        };
        let violation = violation.map(|what| format!("{key} {what} when repeated"));
        report.violations.extend(violation);
    }

    /// Sends a request until its outcome is known or the time is over. The duration is that of the last attempt or, for a
    /// request that was due at a time, since then.
    async fn until_known(
        &self,
        connection: &mut Connection,
        request: &[u8],
        due: Option<Instant>,
    ) -> (Outcome, Duration) {
        let mut unknown = false;
        loop {
            let sent = Instant::now();
            let answer = exchange(connection, request).await;
            let took = due.unwrap_or(sent).elapsed();
            let pause = if let Some(answer) = answer {
                if let Some(outcome) = self.understood(&answer) {
                    return (outcome, took);
                }
                unknown |= !nothing_done(&answer);
                // Clients wait as long as the service says, with jitter.
                let seconds = Duration::from_secs(answer.retry_after.unwrap_or(1).into());
                seconds.mul_f64(1.0 + 0.5 * self.random.borrow_mut().random::<f64>())
            } else {
                unknown = true;
                PAUSE
            };
            // The client waits until the end of the leg, too, and sends nothing else before.
            let left = self.end.saturating_duration_since(Instant::now());
            sleep(pause.min(left)).await;
            if pause >= left {
                let outcome = if unknown {
                    Outcome::Unknown
                } else {
                    Outcome::TurnedAway
                };
                return (outcome, took);
            }
        }
    }

    /// The outcome, if the response has one.
    fn understood(&self, answer: &Answer) -> Option<Outcome> {
        match answer.status {
            201 => Some(order_id(answer).map_or_else(
                || {
                    let text = format!("201 without the order's Location: {answer:?}");
                    self.report.borrow_mut().violations.push(text);
                    Outcome::Unknown
                },
                Outcome::Acknowledged,
            )),
            400..=499 if answer.status != 429 => {
                let code = problem_code(&answer.body);
                (code != "idempotency_key_in_use").then_some(Outcome::Refused(code))
            }
            other => {
                let mut report = self.report.borrow_mut();
                *report.statuses.entry(other).or_default() += 1;
                report.turned_away += u64::from(matches!(other, 429 | 503));
                None
            }
        }
    }

    async fn product(&self, connection: &mut Connection, due: Instant) {
        let product = self.random.borrow_mut().random_range(1..=PRODUCTS);
        let request = format!(
            "GET /api/v1/products/{} HTTP/1.1\r\nhost: shop.localhost\r\n\r\n",
            product_id(product)
        );
        self.ask(connection, request.as_bytes(), due, Some(200))
            .await;
    }

    async fn log_in(&self, connection: &mut Connection, due: Instant) {
        let number: u64 = self.random.borrow_mut().random();
        let [a, b, c, ..] = number.to_be_bytes();
        let body = format!(
            r#"{{"email":"user-{number:x}@example.com","password":"correct horse battery"}}"#
        );
        let request = format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nhost: shop.localhost\r\nx-forwarded-for: 10.{a}.{b}.{c}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.ask(connection, request.as_bytes(), due, Some(401))
            .await;
    }

    /// Sends a request once. `expected` is the status that counts as answered; without it, any does.
    async fn ask(
        &self,
        connection: &mut Connection,
        request: &[u8],
        due: Instant,
        expected: Option<u16>,
    ) {
        let answer = exchange(connection, request).await;
        let status = answer.map_or(0, |answer| answer.status);
        let is_answered = status > 0 && expected.is_none_or(|expected| status == expected);
        {
            let mut report = self.report.borrow_mut();
            *report.statuses.entry(status).or_default() += 1;
            if is_answered {
                report.answered += 1;
                report.latency.record(due.elapsed());
            }
        }
        if !is_answered {
            // A service that fails at once must not be called in a busy loop.
            sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The response; `None` if it did not come in time, or the connection failed.
async fn exchange(connection: &mut Connection, request: &[u8]) -> Option<Answer> {
    let answer = timeout(PATIENCE, connection.exchange(request)).await;
    answer.ok()?.ok()
}

fn order_request(tokens: &[String], order: &NewOrder, key: &str) -> Vec<u8> {
    let body = order.body();
    let token = &tokens[order.customer as usize % tokens.len()];
    format!(
        "POST /api/v1/orders HTTP/1.1\r\nhost: shop.localhost\r\nauthorization: Bearer {token}\r\nidempotency-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// From `Location: /api/v1/orders/ord_{uuid}`; the peer has no prefix.
fn order_id(answer: &Answer) -> Option<Uuid> {
    let id = answer.location.as_ref()?.rsplit('/').next()?;
    id.strip_prefix("ord_").unwrap_or(id).parse().ok()
}

fn problem_code(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Problem {
        code: String,
    }
    serde_json::from_slice(body)
        .map_or_else(|_| "unreadable".to_owned(), |problem: Problem| problem.code)
}

/// Whether a refusal says that nothing was done and nothing will be done.
fn nothing_done(answer: &Answer) -> bool {
    matches!(answer.status, 429 | 503) && problem_code(&answer.body) != "outcome_unknown"
}
