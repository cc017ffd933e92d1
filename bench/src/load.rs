//! The generator, in a process of its own (`bench load`, a specification in, a report out), so that its CPU time is
//! known and it can be pinned. One thread. Closed loop: each connection sends as soon as it was answered.
//! Open loop: requests are due at random moments of a given rate, and latency counts from the moment that was due.

use std::{
    cell::RefCell,
    collections::BTreeMap,
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
    workload::{Mix, Wish, Workload},
};

/// A client waits no longer for an answer; the services give up sooner.
const PATIENCE: Duration = Duration::from_secs(15);
/// Before something whose outcome is unknown is sent again.
const PAUSE: Duration = Duration::from_secs(1);

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Specification {
    /// Of the replicas; connections are spread over them.
    pub ports: Vec<u16>,
    pub seconds: f64,
    pub connections: usize,
    /// Requests a second; without it the loop is closed.
    pub rate: Option<f64>,
    pub seed: u64,
    pub what: What,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// `POST /api/v1/orders`, a token for each customer.
    Orders { mix: Mix, tokens: Vec<String> },
    /// `GET /api/v1/products/{id}` of any product.
    Products,
    /// `POST /api/v1/auth/login` of nobody in particular, from many addresses.
    Logins,
    /// These whole requests in turn, whatever they are answered.
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
    /// Places of entries that were acknowledged: what may be sent again.
    acknowledged: RefCell<Vec<usize>>,
    statuses: RefCell<BTreeMap<u16, u64>>,
    key_prefix: String,
    end: Instant,
}

/// When requests are due: a list that all connections share.
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
        statuses: RefCell::default(),
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
    report.statuses = generator.statuses.take().into_iter().collect();
    report.cpu_seconds = cpu::of_process(std::process::id())
        .map_or(0.0, |times| times.own)
        .max(0.0);
    Ok(report)
}

/// The moments at which requests are due, as a Poisson process has them. A thread of its own: the runtime's timer
/// counts in milliseconds, and a late generator would be taken for a slow service.
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
                let turn = generator
                    .random
                    .borrow_mut()
                    .random_range(0..requests.len());
                generator
                    .ask(&mut connection, requests[turn].as_bytes(), intended, None)
                    .await;
            }
        }
    }
}

impl Generator {
    /// A fresh order, or one that was acknowledged before once more.
    async fn order(&self, connection: &mut Connection, tokens: &[String], due: Option<Instant>) {
        if let Some(place) = self.repeated() {
            self.repeat(connection, tokens, place).await;
            return;
        }
        let wish = self.workload.borrow_mut().wish();
        let key = self.reserve_entry(&wish);
        let request = order_request(tokens, &wish, &key.1);
        let (outcome, took) = self.until_known(connection, &request, due).await;
        let mut report = self.report.borrow_mut();
        if let Outcome::Acknowledged(_) = outcome {
            report.answered += 1;
            report.latency.record(took);
            self.acknowledged.borrow_mut().push(key.0);
        }
        report.entries[key.0].outcome = outcome;
    }

    /// The place of an entry to send once more, where the mix says so.
    fn repeated(&self) -> Option<usize> {
        let earlier = self.acknowledged.borrow();
        let place = self.workload.borrow_mut().replay(earlier.len())?;
        earlier.get(place).copied()
    }

    /// The place of a new entry, and its key; unknown until it is answered.
    fn reserve_entry(&self, wish: &Wish) -> (usize, String) {
        let mut report = self.report.borrow_mut();
        let place = report.entries.len();
        let key = format!("{}-{place}", self.key_prefix);
        report.entries.push(Entry {
            key: key.clone(),
            wish: wish.clone(),
            outcome: Outcome::Unknown,
        });
        (place, key)
    }

    async fn repeat(&self, connection: &mut Connection, tokens: &[String], place: usize) {
        let Entry { key, wish, outcome } = self.report.borrow().entries[place].clone();
        let request = order_request(tokens, &wish, &key);
        let answer = timeout(PATIENCE, connection.exchange(&request)).await;
        let mut report = self.report.borrow_mut();
        if let Ok(Ok(answer)) = answer {
            match answer.status {
                201 if answer.replayed => {
                    report.replays += 1;
                    if order_id(&answer).map(Outcome::Acknowledged) != Some(outcome) {
                        let text = format!("{key} was answered with another order when repeated");
                        report.violations.push(text);
                    }
                }
                201 => report
                    .violations
                    .push(format!("{key} was carried out again when repeated")),
                429 | 503 => report.turned_away += 1,
                other => {
                    let code = problem_code(&answer.body);
                    // Somebody else repeats it at this moment.
                    if code != "idempotency_key_in_use" {
                        let text = format!("{key} was answered {other} {code} when repeated");
                        report.violations.push(text);
                    }
                }
            }
        }
    }

    /// Sends a request until its outcome is known or the time is over; how long the last attempt took, or, where it
    /// was due at a moment, since then.
    async fn until_known(
        &self,
        connection: &mut Connection,
        request: &[u8],
        due: Option<Instant>,
    ) -> (Outcome, Duration) {
        let mut unknown = false;
        loop {
            let sent = Instant::now();
            let answer = timeout(PATIENCE, connection.exchange(request)).await;
            let took = due.unwrap_or(sent).elapsed();
            let pause = if let Ok(Ok(answer)) = answer {
                if let Some(outcome) = self.understood(&answer) {
                    return (outcome, took);
                }
                unknown |= !nothing_done(&answer);
                // Not before the service says, and not all at the same moment.
                let seconds = Duration::from_secs(answer.retry_after.unwrap_or(1).into());
                seconds.mul_f64(1.0 + 0.5 * self.random.borrow_mut().random::<f64>())
            } else {
                connection.forget();
                unknown = true;
                PAUSE
            };
            // To the end too: nobody hurries on with something else.
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

    /// The outcome, where the answer is one.
    fn understood(&self, answer: &Answer) -> Option<Outcome> {
        match answer.status {
            201 => Some(order_id(answer).map_or_else(
                || {
                    let text = format!("201 without an order's address: {answer:?}");
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
                *self.statuses.borrow_mut().entry(other).or_default() += 1;
                self.report.borrow_mut().turned_away += u64::from(matches!(other, 429 | 503));
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
        let somebody: u64 = self.random.borrow_mut().random();
        let [a, b, c, ..] = somebody.to_be_bytes();
        let body = format!(
            r#"{{"email":"somebody-{somebody:x}@example.com","password":"correct horse battery"}}"#
        );
        let request = format!(
            "POST /api/v1/auth/login HTTP/1.1\r\nhost: shop.localhost\r\nx-forwarded-for: 10.{a}.{b}.{c}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.ask(connection, request.as_bytes(), due, Some(401))
            .await;
    }

    /// `wanted` is the status that counts; without one, any answer.
    async fn ask(
        &self,
        connection: &mut Connection,
        request: &[u8],
        due: Instant,
        wanted: Option<u16>,
    ) {
        let answer = timeout(PATIENCE, connection.exchange(request)).await;
        let status = if let Ok(Ok(answer)) = answer {
            answer.status
        } else {
            connection.forget();
            0
        };
        *self.statuses.borrow_mut().entry(status).or_default() += 1;
        if status > 0 && wanted.is_none_or(|wanted| status == wanted) {
            let mut report = self.report.borrow_mut();
            report.answered += 1;
            report.latency.record(due.elapsed());
        } else {
            // A service that answers nothing at once must not be asked in a busy loop.
            sleep(Duration::from_millis(5)).await;
        }
    }
}

fn order_request(tokens: &[String], wish: &Wish, key: &str) -> Vec<u8> {
    let body = wish.body();
    let token = &tokens[wish.customer as usize % tokens.len()];
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

/// Whether a refusal says that nothing was done, and nothing will be.
fn nothing_done(answer: &Answer) -> bool {
    matches!(answer.status, 429 | 503) && problem_code(&answer.body) != "outcome_unknown"
}
