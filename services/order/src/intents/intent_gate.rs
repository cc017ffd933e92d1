//! How many changes of orders and payments may be in progress: few of one customer, few of one resource, and of these one
//! at a time, since the others would only wait for its locks and hold connections meanwhile. Counted per replica.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use crate::values::UserId;

#[derive(Clone, Copy, Debug)]
pub struct IntentLimits {
    /// Of one customer; administrators and vendors work on many orders and are not counted.
    pub per_customer: usize,
    /// Of one resource: an order, a payment, a return. One is executed, and the others wait.
    pub per_resource: usize,
    /// Of all customers and resources.
    pub total: usize,
}

impl Default for IntentLimits {
    fn default() -> Self {
        Self {
            per_customer: 16,
            per_resource: 20,
            total: 256,
        }
    }
}

#[derive(Clone)]
pub struct IntentGate {
    present: Arc<Mutex<Present>>,
    limits: IntentLimits,
}

#[derive(Default)]
struct Present {
    all: usize,
    customers: HashMap<UserId, usize>,
    resources: HashMap<Uuid, Queue>,
}

#[derive(Default)]
struct Queue {
    length: usize,
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Crowded {
    #[error("too many changes by this customer are in progress")]
    Customer,
    #[error("too many changes of this resource are in progress")]
    Resource,
    #[error("too many changes are in progress")]
    Total,
}

/// A place among the changes in progress, given back when dropped.
pub struct Pass {
    // Dropped first: the next request may begin.
    turn: Option<OwnedMutexGuard<()>>,
    gate: IntentGate,
    customer: Option<UserId>,
    resource: Uuid,
}

impl IntentGate {
    pub fn new(limits: IntentLimits) -> Self {
        Self {
            present: Arc::default(),
            limits,
        }
    }

    /// Returns when it is this change's turn. Without a customer only the resource and the total count.
    pub async fn enter(&self, customer: Option<UserId>, resource: Uuid) -> Result<Pass, Crowded> {
        let (mut pass, turn) = self.admit(customer, resource)?;
        pass.turn = Some(turn.lock_owned().await);
        Ok(pass)
    }

    fn admit(
        &self,
        customer: Option<UserId>,
        resource: Uuid,
    ) -> Result<(Pass, Arc<tokio::sync::Mutex<()>>), Crowded> {
        let mut present = self.present();
        let of_customer = customer.and_then(|customer| present.customers.get(&customer));
        if of_customer.is_some_and(|requests| *requests >= self.limits.per_customer) {
            return Err(Crowded::Customer);
        }
        let of_resource = present.resources.get(&resource);
        if of_resource.is_some_and(|queue| queue.length >= self.limits.per_resource) {
            return Err(Crowded::Resource);
        }
        if present.all >= self.limits.total {
            return Err(Crowded::Total);
        }
        present.all += 1;
        if let Some(customer) = customer {
            *present.customers.entry(customer).or_default() += 1;
        }
        let queue = present.resources.entry(resource).or_default();
        queue.length += 1;
        let pass = Pass {
            turn: None,
            gate: self.clone(),
            customer,
            resource,
        };
        Ok((pass, Arc::clone(&queue.turn)))
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.turn = None;
        let mut present = self.gate.present();
        present.all -= 1;
        if let Some(customer) = self.customer
            && let Some(places) = present.customers.get_mut(&customer)
        {
            *places -= 1;
            if *places == 0 {
                present.customers.remove(&customer);
            }
        }
        if let Some(queue) = present.resources.get_mut(&self.resource) {
            queue.length -= 1;
            if queue.length == 0 {
                present.resources.remove(&self.resource);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const CUSTOMER: Option<UserId> = Some(UserId(Uuid::nil()));

    fn gate(per_customer: usize, per_resource: usize, total: usize) -> IntentGate {
        IntentGate::new(IntentLimits {
            per_customer,
            per_resource,
            total,
        })
    }

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[tokio::test]
    async fn a_customer_a_resource_and_all_have_so_many_places() {
        let gate = gate(2, 2, 3);
        let first = gate.enter(CUSTOMER, id(1)).await.unwrap();
        let _second = gate.enter(CUSTOMER, id(2)).await.unwrap();
        let refused = gate.enter(CUSTOMER, id(3)).await.err();
        assert_eq!(refused, Some(Crowded::Customer));
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter(None, id(1)).await.map(drop) }
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        let refused = gate.enter(None, id(1)).await.err();
        assert_eq!(refused, Some(Crowded::Resource));
        let refused = gate.enter(None, id(4)).await.err();
        assert_eq!(refused, Some(Crowded::Total));
        assert!(!waiting.is_finished(), "one at a time");
        drop(first);
        assert_eq!(waiting.await.unwrap(), Ok(()));
        assert!(gate.enter(CUSTOMER, id(1)).await.is_ok());
    }

    #[tokio::test]
    async fn a_request_that_stops_waiting_leaves_no_trace() {
        let gate = gate(8, 2, 8);
        let first = gate.enter(CUSTOMER, id(1)).await.unwrap();
        let waiting = gate.enter(CUSTOMER, id(1));
        assert!(
            tokio::time::timeout(Duration::from_millis(10), waiting)
                .await
                .is_err()
        );
        drop(first);
        let present = gate.present();
        assert_eq!(
            (
                present.all,
                present.customers.len(),
                present.resources.len()
            ),
            (0, 0, 0)
        );
    }
}
