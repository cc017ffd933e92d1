//! The in-flight rule: of requests with the same key one is executed at a time, and the others are refused at once. Counted
//! in this process; across replicas the row of the key makes a request wait.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use crate::KeyInUse;

/// The keyed requests that this process is executing, by their [`request_hash`](crate::request_hash).
#[derive(Clone, Default)]
pub struct InFlight(Arc<Mutex<HashSet<[u8; 32]>>>);

/// Ends the flight of its request when dropped.
#[must_use]
pub struct Flight {
    requests: InFlight,
    request: [u8; 32],
}

impl InFlight {
    pub fn enter(&self, request: [u8; 32]) -> Result<Flight, KeyInUse> {
        if !self.requests().insert(request) {
            return Err(KeyInUse);
        }
        Ok(Flight {
            requests: self.clone(),
            request,
        })
    }

    fn requests(&self) -> MutexGuard<'_, HashSet<[u8; 32]>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.requests.requests().remove(&self.request);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twin_is_refused_until_the_first_has_landed() {
        let requests = InFlight::default();
        let first = requests.enter([1; 32]).unwrap();
        let refused = web::Problem::from(requests.enter([1; 32]).err().unwrap());
        assert_eq!(refused.code(), "idempotency_key_in_use");
        let other = requests.enter([2; 32]).unwrap();
        drop((first, other));
        assert!(requests.enter([1; 32]).is_ok());
    }
}
