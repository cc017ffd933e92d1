//! One order from one customer: a place in a bounded queue, and the answer of the batch that it became part of.
//! No timer: what queued while a batch was under way is the next one. Arrival order holds per replica.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use telemetry::TraceContext;
use tokio::sync::{Mutex, mpsc, oneshot};
use tracing::{Instrument, error, info_span};
use worker::Tasks;

use super::{
    Command, PlaceOrderError, PlaceOrders, Placed,
    admission::{Admission, Ticket},
    ports::{PlacedOrders, Reservations},
};
use crate::fail_point::{FailPoint, reach};

/// Orders a batch carries at most; product takes no more.
const BATCH: usize = 128;

#[derive(Clone, Copy, Debug)]
pub struct QueueLimits {
    /// Requests that may wait; more are turned away.
    pub capacity: usize,
    /// Requests of one customer that may wait or be under way.
    pub per_customer: usize,
    /// Batches under way at the same time, so that a slow one does not stop the shop.
    pub consumers: usize,
    /// What waited longer is not begun.
    pub wait: Duration,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self {
            capacity: 1_024,
            per_customer: 8,
            consumers: 2,
            wait: Duration::from_secs(2),
        }
    }
}

#[derive(Clone)]
pub struct PlaceOrder {
    queue: mpsc::Sender<Entry>,
    admission: Admission,
    limits: QueueLimits,
}

struct Entry {
    command: Command,
    ticket: Ticket,
    answer: oneshot::Sender<Result<Placed, PlaceOrderError>>,
    arrived: Instant,
    trace: Option<TraceContext>,
}

#[derive(Debug, thiserror::Error)]
#[error("the batch ended without a result")]
struct Unanswered;

impl PlaceOrder {
    /// Starts the consumers of the queue.
    pub fn start<R: Reservations + Clone, O: PlacedOrders>(
        batches: PlaceOrders<R, O>,
        limits: QueueLimits,
        tasks: &mut Tasks,
    ) -> Self {
        let (queue, entries) = mpsc::channel(limits.capacity);
        let admission = Admission::default();
        let shared = Arc::new(Shared {
            entries: Mutex::new(entries),
            batches,
            admission: admission.clone(),
            wait: limits.wait,
        });
        for _ in 0..limits.consumers {
            tasks.spawn_for_server("order_queue", Arc::clone(&shared).consume());
        }
        Self {
            queue,
            admission,
            limits,
        }
    }

    pub async fn run(&self, command: Command) -> Result<Placed, PlaceOrderError> {
        let (customer, arrived) = (command.identity.principal, Instant::now());
        let ticket = self.admission.admit(
            customer,
            command.request_key,
            self.limits.per_customer,
            arrived,
        )?;
        let (answer, outcome) = oneshot::channel();
        let entry = Entry {
            command,
            ticket,
            answer,
            arrived,
            trace: web::current_trace(),
        };
        self.queue
            .try_send(entry)
            .map_err(|_| PlaceOrderError::QueueFull)?;
        let outcome = outcome
            .await
            .unwrap_or_else(|_| Err(PlaceOrderError::Failed(Arc::new(Unanswered))));
        reach(FailPoint::BeforeAnswer)
            .await
            .map_err(PlaceOrderError::OutcomeUnknown)?;
        outcome
    }
}

/// What the consumers of the queue share.
struct Shared<R, O> {
    entries: Mutex<mpsc::Receiver<Entry>>,
    batches: PlaceOrders<R, O>,
    admission: Admission,
    wait: Duration,
}

impl<R: Reservations + Clone, O: PlacedOrders> Shared<R, O> {
    async fn consume(self: Arc<Self>) {
        loop {
            let mut entries = Vec::new();
            let mut queue = self.entries.lock().await;
            let taken = queue.recv_many(&mut entries, BATCH).await;
            drop(queue);
            if taken == 0 {
                return;
            }
            let trace = entries.iter().find_map(|entry| entry.trace);
            let span = info_span!(
                "order batch",
                trace_id = trace.map(|trace| trace.trace_id()),
                size = entries.len()
            );
            let batch = Arc::clone(&self).place(entries);
            // A task of its own: a panic ends this batch and not the consumer.
            if let Err(panicked) = tokio::spawn(web::in_trace(trace, batch).instrument(span)).await
            {
                error!(
                    error = &panicked as &dyn std::error::Error,
                    "a batch of orders panicked"
                );
            }
        }
    }

    async fn place(self: Arc<Self>, entries: Vec<Entry>) {
        let (mut commands, mut waiting) = (Vec::new(), Vec::new());
        for entry in entries {
            if entry.arrived.elapsed() > self.wait {
                drop(entry.ticket);
                // The customer may be gone.
                let _ = entry.answer.send(Err(PlaceOrderError::WaitedTooLong));
            } else {
                waiting.push((entry.command.identity.principal, entry.ticket, entry.answer));
                commands.push(entry.command);
            }
        }
        metrics::histogram!("ecommercestack_order_batch_orders")
            .record(f64::from(u32::try_from(commands.len()).unwrap_or(u32::MAX)));
        let outcomes = self.batches.run(&commands).await;
        for ((customer, ticket, answer), outcome) in waiting.into_iter().zip(outcomes) {
            if let Err(PlaceOrderError::Refused(_)) = &outcome {
                self.admission.suspend(customer, Instant::now());
            }
            drop(ticket);
            let _ = answer.send(outcome);
        }
    }
}
