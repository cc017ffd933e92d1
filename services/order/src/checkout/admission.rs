//! Who may queue: one request a key at a time, a few per customer, and for a while none of a customer whose order
//! made a whole batch fail (ORDERS 12, 15, 18). Counted per replica.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use idempotency::{Flight, InFlight};

use super::PlaceOrderError;
use crate::values::{RequestKey, UserId};

/// How long a customer waits whose order had to be taken out of a batch.
const SUSPENSION: Duration = Duration::from_secs(30);

#[derive(Clone, Default)]
pub(super) struct Admission {
    keys: InFlight,
    present: Arc<Mutex<Present>>,
}

#[derive(Default)]
struct Present {
    per_customer: HashMap<UserId, usize>,
    suspended: HashMap<UserId, Instant>,
}

/// A place in the queue, given back when dropped.
pub(super) struct Ticket {
    admission: Admission,
    customer: UserId,
    _flight: Flight,
}

impl Admission {
    pub(super) fn admit(
        &self,
        customer: UserId,
        key: RequestKey,
        most: usize,
        now: Instant,
    ) -> Result<Ticket, PlaceOrderError> {
        let mut present = self.present();
        present.suspended.retain(|_, until| *until > now);
        if present.suspended.contains_key(&customer) {
            return Err(PlaceOrderError::Suspended);
        }
        let flight = self
            .keys
            .enter(key.0)
            .map_err(|_| PlaceOrderError::KeyInUse)?;
        let queued = present.per_customer.entry(customer).or_default();
        if *queued >= most {
            return Err(PlaceOrderError::TooManyOfCustomer);
        }
        *queued += 1;
        Ok(Ticket {
            admission: self.clone(),
            customer,
            _flight: flight,
        })
    }

    pub(super) fn suspend(&self, customer: UserId, now: Instant) {
        self.present().suspended.insert(customer, now + SUSPENSION);
    }

    fn present(&self) -> MutexGuard<'_, Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut present = self.admission.present();
        if let Some(queued) = present.per_customer.get_mut(&self.customer) {
            *queued -= 1;
            if *queued == 0 {
                present.per_customer.remove(&self.customer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const CUSTOMER: UserId = UserId(Uuid::nil());

    #[test]
    fn a_key_is_admitted_once_at_a_time() {
        let (admission, now) = (Admission::default(), Instant::now());
        let ticket = admission
            .admit(CUSTOMER, RequestKey([1; 32]), 8, now)
            .ok()
            .unwrap();
        assert!(matches!(
            admission.admit(CUSTOMER, RequestKey([1; 32]), 8, now),
            Err(PlaceOrderError::KeyInUse)
        ));
        drop(ticket);
        assert!(
            admission
                .admit(CUSTOMER, RequestKey([1; 32]), 8, now)
                .is_ok()
        );
    }

    #[test]
    fn a_customer_has_a_few_places_and_none_while_suspended() {
        let (admission, now) = (Admission::default(), Instant::now());
        let first = admission
            .admit(CUSTOMER, RequestKey([1; 32]), 1, now)
            .ok()
            .unwrap();
        assert!(matches!(
            admission.admit(CUSTOMER, RequestKey([2; 32]), 1, now),
            Err(PlaceOrderError::TooManyOfCustomer)
        ));
        assert!(
            admission
                .admit(UserId(Uuid::max()), RequestKey([2; 32]), 1, now)
                .is_ok()
        );
        drop(first);
        admission.suspend(CUSTOMER, now);
        assert!(matches!(
            admission.admit(CUSTOMER, RequestKey([3; 32]), 8, now),
            Err(PlaceOrderError::Suspended)
        ));
        assert!(
            admission
                .admit(CUSTOMER, RequestKey([3; 32]), 8, now + SUSPENSION)
                .is_ok()
        );
    }
}
