//! A cache of tokens with a valid signature, by their hash: a second verification would cost more than the rest of a
//! request. Only the signature is cached: expiry and revocation are checked each time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::digest::{SHA256, digest};

use super::{Claims, keys::Key};

/// Cached tokens of a process; each takes half a kilobyte.
pub(super) const CAPACITY: usize = 16_384;

type Hash = [u8; 32];

/// Two generations of half the capacity. When the young one is full, the old one is dropped and the young one becomes
/// the old one: tokens in use are moved to the young one before that.
pub(super) struct Signatures {
    half: usize,
    generations: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<Hash, Verified>,
    old: HashMap<Hash, Verified>,
}

/// The claims under a valid signature, and the key of that signature.
#[derive(Clone)]
pub(super) struct Verified {
    pub(super) key: Arc<Key>,
    pub(super) claims: Arc<Claims>,
}

impl Signatures {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            half: (capacity / 2).max(1),
            generations: Mutex::default(),
        }
    }

    pub(super) fn find(&self, token: &str) -> Option<Verified> {
        let hash = hash(token);
        let mut generations = self.lock();
        if let Some(verified) = generations.young.get(&hash) {
            return Some(verified.clone());
        }
        let verified = generations.old.remove(&hash)?;
        generations.remember(self.half, hash, verified.clone());
        Some(verified)
    }

    pub(super) fn remember(&self, token: &str, verified: Verified) {
        let hash = hash(token);
        self.lock().remember(self.half, hash, verified);
    }

    /// Drops all tokens that this key signed.
    pub(super) fn forget(&self, gone: &Arc<Key>) {
        let stays = |_: &Hash, verified: &mut Verified| !Arc::ptr_eq(gone, &verified.key);
        let mut generations = self.lock();
        generations.young.retain(stays);
        generations.old.retain(stays);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let generations = self.lock();
        generations.young.len() + generations.old.len()
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    fn remember(&mut self, half: usize, hash: Hash, verified: Verified) {
        if self.young.len() >= half {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(hash, verified);
    }
}

fn hash(token: &str) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    hash
}
