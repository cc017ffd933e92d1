//! Hashes of inputs, as names and annotations carry them.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// The first ten hexadecimal digits of SHA-256: enough for the few objects of one stack.
pub fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        // The length first, so that ("ab", "c") and ("a", "bc") differ.
        hasher.update(part.len().to_be_bytes());
        hasher.update(part);
    }
    hex::encode(&hasher.finalize()[..5])
}

/// The fingerprint of an object as it would be sent.
pub fn fingerprint_of<T: Serialize>(object: &T) -> String {
    // Kubernetes types and our own always serialize; a failure would only cost a skipped write.
    let bytes = serde_json::to_vec(object).unwrap_or_default();
    fingerprint([bytes.as_slice()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        assert_ne!(
            fingerprint([b"ab".as_slice(), b"c"]),
            fingerprint([b"a".as_slice(), b"bc"])
        );
        assert_eq!(fingerprint([b"ab".as_slice()]).len(), 10);
    }
}
