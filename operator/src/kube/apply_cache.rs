//! The last apply of each object: an object whose desired content and live version are those of our last write is not
//! written again (OPERATOR 5).

use crate::kube::per_stack::{PerStack, StackKey};
use std::collections::HashMap;

/// The last write of every object of a stack, by kind and name: the fingerprint of its content, and the version that it
/// resulted in.
type Writes = HashMap<(String, String), (String, String)>;

#[derive(Debug, Default)]
pub struct ApplyCache(PerStack<Writes>);

impl ApplyCache {
    /// Whether the object is unchanged since our last write, and that write had the desired content.
    pub fn is_current(
        &self,
        stack: &StackKey,
        kind: &str,
        name: &str,
        fingerprint: &str,
        resource_version: Option<&str>,
    ) -> bool {
        let object = (kind.to_owned(), name.to_owned());
        self.0.with(|writes| {
            let write = writes.get(stack).and_then(|of_stack| of_stack.get(&object));
            write.is_some_and(|(content, version)| {
                content == fingerprint && Some(version.as_str()) == resource_version
            })
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
        let object = (kind.to_owned(), name.to_owned());
        self.0.with(|writes| {
            let of_stack = writes.entry(stack.clone()).or_default();
            of_stack.insert(object, (fingerprint, resource_version));
        });
    }

    pub fn forget(&self, stack: &StackKey) {
        self.0.remove(stack);
    }
}
