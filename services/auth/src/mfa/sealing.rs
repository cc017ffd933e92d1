//! Secrets of apps at rest: AES-256-GCM under a key that is derived from the server's own, bound to the id of their user. A
//! copy of the database alone reveals no code, and a secret that was moved to another account cannot be opened.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    error::Unspecified,
};

use super::model::TotpSecret;
use crate::{accounts::model::UserId, tokens::secret::ServerKey};

const PURPOSE: &[u8] = b"totp-secrets";

#[derive(Debug, thiserror::Error)]
#[error("cannot encrypt the secret of a second factor")]
pub struct SealError(#[from] Unspecified);

/// Nonce, encrypted secret and tag.
pub(super) fn seal(
    key: &ServerKey,
    user: UserId,
    secret: &TotpSecret,
) -> Result<Vec<u8>, SealError> {
    let mut encrypted = secret.as_bytes().to_vec();
    let nonce = cipher(key)?.seal_in_place_append_tag(aad(user), &mut encrypted)?;
    Ok([nonce.as_ref().as_slice(), &encrypted].concat())
}

/// `None` if it was not sealed with this key for this user.
pub(super) fn open(key: &ServerKey, user: UserId, sealed: &[u8]) -> Option<TotpSecret> {
    let (nonce, encrypted) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let mut encrypted = encrypted.to_vec();
    let opened = cipher(key)
        .ok()?
        .open_in_place(nonce, aad(user), &mut encrypted);
    let secret: [u8; TotpSecret::BYTES] = opened.ok()?.try_into().ok()?;
    Some(secret.into())
}

fn cipher(key: &ServerKey) -> Result<RandomizedNonceKey, Unspecified> {
    RandomizedNonceKey::new(&AES_256_GCM, &key.derive(PURPOSE)?)
}

fn aad(user: UserId) -> Aad<[u8; 16]> {
    Aad::from(user.0.into_bytes())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn key(byte: u8) -> ServerKey {
        ServerKey::try_from([byte; 32].as_slice()).unwrap()
    }

    fn user(number: u128) -> UserId {
        UserId(Uuid::from_u128(number))
    }

    #[test]
    fn a_secret_is_opened_by_the_same_key_for_the_same_user() {
        let secret = TotpSecret::random();
        let sealed = seal(&key(1), user(1), &secret).unwrap();
        assert!(open(&key(1), user(1), &sealed) == Some(secret));
        assert!(open(&key(2), user(1), &sealed).is_none(), "another key");
        assert!(open(&key(1), user(2), &sealed).is_none(), "another user");
    }

    #[test]
    fn a_changed_or_shortened_secret_is_not_opened() {
        let sealed = seal(&key(1), user(1), &TotpSecret::random()).unwrap();
        assert_eq!(sealed.len(), 48, "as the table's rule says");
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(open(&key(1), user(1), &changed).is_none(), "{place}");
            assert!(
                open(&key(1), user(1), &sealed[..place]).is_none(),
                "{place}"
            );
        }
    }

    #[test]
    fn a_secret_is_never_sealed_the_same_way_twice() {
        let secret = TotpSecret::random();
        let sealed = [0; 2].map(|_| seal(&key(1), user(1), &secret).unwrap());
        assert_ne!(sealed[0], sealed[1]);
        assert!(
            !sealed[0]
                .windows(20)
                .any(|bytes| bytes == secret.as_bytes())
        );
    }
}
