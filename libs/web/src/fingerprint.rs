//! Hashes that tell one request, or one question, from another (ORDERS 1).

use serde::Serialize;
use sha2::{Digest, Sha256};

/// SHA-256 over the parts, each with its length in front, so that no two lists of parts run together.
pub fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// A fingerprint of what a request asks for: the same key with another one is a mistake of the client.
pub fn fingerprint(request: &impl Serialize) -> Result<[u8; 32], serde_json::Error> {
    Ok(hash(&[&serde_json::to_vec(request)?]))
}
