//! What was applied last: an object whose desired content and live version are those of our last write
//! needs no other (OPERATOR 5).

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// A stack, by namespace and name.
pub type StackKey = (String, String);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Write {
    fingerprint: String,
    resource_version: String,
}

/// The last writes of one stack, by kind and name.
type Writes = HashMap<(String, String), Write>;

/// The last write of every object.
#[derive(Debug, Default)]
pub struct ApplyCache(Mutex<HashMap<StackKey, Writes>>);

impl ApplyCache {
    /// Whether the object is as we left it and as we want it.
    pub fn is_current(
        &self,
        stack: &StackKey,
        kind: &str,
        name: &str,
        fingerprint: &str,
        resource_version: Option<&str>,
    ) -> bool {
        let writes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let write = writes
            .get(stack)
            .and_then(|of| of.get(&(kind.to_owned(), name.to_owned())));
        write.is_some_and(|write| {
            write.fingerprint == fingerprint
                && Some(write.resource_version.as_str()) == resource_version
        })
    }

    pub fn record(
        &self,
        stack: &StackKey,
        kind: &str,
        name: &str,
        fingerprint: String,
        resource_version: Option<String>,
    ) {
        let Some(resource_version) = resource_version else {
            return;
        };
        let mut writes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        writes.entry(stack.clone()).or_default().insert(
            (kind.to_owned(), name.to_owned()),
            Write {
                fingerprint,
                resource_version,
            },
        );
    }

    pub fn forget(&self, stack: &StackKey) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(stack);
    }
}
