//! What the operator remembers of each stack between passes.

use kube::ResourceExt;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// A stack, by namespace and name.
pub type StackKey = (String, String);

/// The key of an object that is a stack.
pub fn key_of(stack: &impl ResourceExt) -> StackKey {
    (stack.namespace().unwrap_or_default(), stack.name_any())
}

/// A value for each stack.
#[derive(Debug)]
pub struct PerStack<T>(Mutex<HashMap<StackKey, T>>);

impl<T> Default for PerStack<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> PerStack<T> {
    pub fn with<R>(&self, work: impl FnOnce(&mut HashMap<StackKey, T>) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn insert(&self, stack: &StackKey, value: T) {
        self.with(|values| values.insert(stack.clone(), value));
    }

    pub fn remove(&self, stack: &StackKey) -> Option<T> {
        self.with(|values| values.remove(stack))
    }
}

impl<T: Clone> PerStack<(Instant, T)> {
    /// A value that was inserted less than `age` ago.
    pub fn fresh(&self, stack: &StackKey, age: Duration) -> Option<T> {
        self.with(|values| {
            let (at, value) = values.get(stack)?;
            (at.elapsed() < age).then(|| value.clone())
        })
    }
}
