//! A cache of tokens with a valid signature, by their hash: a second verification would cost more than the rest of a
//! request. Only the signature is cached: expiry and revocation are checked each time.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use quick_cache::sync::Cache;

use super::{Claims, keys::Key};

/// Cached tokens of a process; each takes half a kilobyte.
pub(super) const CAPACITY: usize = 16_384;

pub(super) type Hash = [u8; 32];

/// Bounded: when it is full, tokens that are not in use are dropped first.
pub(super) struct Signatures(Cache<Hash, Verified>);

/// The claims under a valid signature, and the key of that signature.
#[derive(Clone)]
pub(super) struct Verified {
    pub(super) key: Arc<Key>,
    pub(super) claims: Arc<Claims>,
}

impl Signatures {
    pub(super) fn new(capacity: usize) -> Self {
        Self(Cache::new(capacity))
    }

    pub(super) fn find(&self, token: &str) -> Option<Verified> {
        self.0.get(&hash(token))
    }

    pub(super) fn remember(&self, token: &str, verified: Verified) {
        self.0.insert(hash(token), verified);
    }

    /// Drops all tokens that this key signed.
    pub(super) fn forget(&self, gone: &Arc<Key>) {
        self.0
            .retain(|_, verified| !Arc::ptr_eq(gone, &verified.key));
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// SHA-256.
pub(super) fn hash(token: &str) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}
