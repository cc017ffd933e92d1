//! The source of passwords, tokens and keys. It is an argument, so that rendering and tests are repeatable.

use aws_lc_rs::{
    digest, rand,
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// A source of new secrets.
pub trait Randomness {
    /// `bytes` random bytes as letters and digits that need no quoting anywhere.
    fn secret(&mut self, bytes: usize) -> Result<String, RandomnessError>;
    /// A new key that signs access tokens.
    fn signing_key(&mut self) -> Result<SigningKey, RandomnessError>;
}

/// A P-256 key and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// The `kid` in token headers: the beginning of the public key's SHA-256.
    pub kid: String,
    /// PKCS#8 in PEM.
    pub pem: String,
}

#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("the operating system's random number generator failed")]
pub struct RandomnessError;

/// The operating system's generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct OperatingSystem;

impl Randomness for OperatingSystem {
    fn secret(&mut self, bytes: usize) -> Result<String, RandomnessError> {
        let mut buffer = vec![0; bytes];
        rand::fill(&mut buffer).map_err(|_| RandomnessError)?;
        Ok(hex::encode(&buffer))
    }

    fn signing_key(&mut self) -> Result<SigningKey, RandomnessError> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())
            .map_err(|_| RandomnessError)?;
        let pair =
            EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref()).map_err(|_| RandomnessError)?;
        let name = digest::digest(&digest::SHA256, pair.public_key().as_ref());
        Ok(SigningKey {
            kid: hex::encode(&name.as_ref()[..8]),
            pem: pem(document.as_ref()),
        })
    }
}

/// PEM after RFC 7468: 64 characters a line.
fn pem(document: &[u8]) -> String {
    let body = STANDARD.encode(document);
    let lines: Vec<_> = body
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    let body = lines.join("\n");
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
}

/// Placeholders for secrets in rendered manifests and snapshots.
#[derive(Clone, Copy, Debug, Default)]
pub struct Placeholders;

impl Randomness for Placeholders {
    fn secret(&mut self, bytes: usize) -> Result<String, RandomnessError> {
        Ok("0".repeat(bytes * 2))
    }

    fn signing_key(&mut self) -> Result<SigningKey, RandomnessError> {
        Ok(SigningKey {
            kid: "placeholder".to_owned(),
            pem: "placeholder\n".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_pkcs8_and_named_after_themselves() {
        let first = OperatingSystem.signing_key().unwrap();
        let second = OperatingSystem.signing_key().unwrap();
        assert_ne!(first.kid, second.kid);
        assert_eq!(first.kid.len(), 16);
        let body: String = first
            .pem
            .lines()
            .filter(|line| !line.starts_with('-'))
            .collect();
        let document = STANDARD.decode(body).unwrap();
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &document).unwrap();
    }

    #[test]
    fn secrets_differ_and_have_the_length_asked_for() {
        let first = OperatingSystem.secret(24).unwrap();
        assert_eq!(first.len(), 48);
        assert_ne!(first, OperatingSystem.secret(24).unwrap());
    }
}
