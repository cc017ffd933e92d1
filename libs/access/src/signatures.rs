//! A cache of tokens with a valid signature, by their hash: a second verification would cost more than the rest of a
//! request. Only the signature is cached: expiry and revocation are checked each time.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use quick_cache::sync::Cache;
use uuid::Uuid;

use super::{Claims, Permissions, keys::Key};

/// Cached tokens of a process; each takes a quarter of a kilobyte.
pub(super) const CAPACITY: usize = 16_384;

pub(super) type Hash = [u8; 32];

/// Bounded: when it is full, tokens that are not in use are dropped first.
pub(super) struct Signatures(Cache<Hash, Verified>);

/// A token with a valid signature, and the key of that signature.
#[derive(Clone)]
pub(super) struct Verified {
    pub(super) key: Arc<Key>,
    pub(super) token: Token,
}

/// What requests need of the claims. Permissions are decoded here, once for each token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) user: Uuid,
    pub(super) session: Uuid,
    pub(super) epoch: i64,
    /// Seconds since 1970.
    pub(super) expires: i64,
    pub(super) permissions: Permissions,
}

impl From<&Claims> for Token {
    fn from(claims: &Claims) -> Self {
        Self {
            user: claims.sub,
            session: claims.sid,
            epoch: claims.epoch,
            expires: claims.exp,
            permissions: claims.permissions(),
        }
    }
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
