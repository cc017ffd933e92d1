//! A lock for each stack: it serializes passes and work on the data of a deleted stack of that name.

use crate::kube::per_stack::StackKey;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::sync::OwnedMutexGuard;

#[derive(Debug, Default)]
pub struct Locks(Mutex<HashMap<StackKey, Arc<tokio::sync::Mutex<()>>>>);

impl Locks {
    /// Waits for the lock of a stack.
    pub async fn lock(&self, key: &StackKey) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Only the map holds a lock without waiters.
            locks.retain(|_, lock| Arc::strong_count(lock) > 1);
            locks.entry(key.clone()).or_default().clone()
        };
        lock.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[tokio::test]
    async fn one_stack_at_a_time_and_different_stacks_at_once() {
        let locks = Locks::default();
        let key = |name: &str| ("shops".to_owned(), name.to_owned());
        let short = Duration::from_millis(20);
        let first = locks.lock(&key("a")).await;
        assert!(timeout(short, locks.lock(&key("b"))).await.is_ok());
        assert!(timeout(short, locks.lock(&key("a"))).await.is_err());
        drop(first);
        assert!(timeout(short, locks.lock(&key("a"))).await.is_ok());
    }
}
