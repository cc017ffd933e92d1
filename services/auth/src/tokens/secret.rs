//! The server's own secret (HMAC-SHA-256, RFC 2104; HKDF, RFC 5869), opaque refresh tokens and one-time tokens, and the
//! hashes that the database stores.

use std::path::{Path, PathBuf};

use aws_lc_rs::{constant_time, digest, error::Unspecified, hkdf, hmac};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::model::Hash;
use crate::{
    accounts::model::{Email, Identifier, SessionId, UserId},
    credentials::model::TokenId,
};

/// The length of an HMAC-SHA-256 output; a shorter key would weaken it.
const MIN_KEY_BYTES: usize = 32;
/// 32 bytes in base64url.
const TOKEN_CHARACTERS: usize = 43;

#[derive(Clone)]
pub struct ServerKey {
    tags: hmac::Key,
    /// What keys of other algorithms are derived from.
    keys: hkdf::Prk,
}

#[derive(Debug, thiserror::Error)]
pub enum ServerKeyError {
    #[error("cannot read the key file {path}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the key file is not hexadecimal")]
    Encoding(#[from] hex::FromHexError),
    #[error("the key file contains fewer than {MIN_KEY_BYTES} bytes")]
    Short,
}

/// 32 secret bytes; clients see them in base64url.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken([u8; 32]);

/// 32 secret bytes that a message takes to its reader, who sees them in base64url.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountToken([u8; 32]);

/// The subject whose attempts are counted; each scope is counted separately.
#[derive(Clone, Copy)]
pub enum Attempted<'a> {
    /// A login with an e-mail address or username that belongs to no account.
    UnknownLogIn(&'a Identifier),
    /// A login to an account, by e-mail address or username.
    LogIn(UserId),
    /// A login from a known device of the account.
    KnownDevice(&'a [u8; 16]),
    SignUp(&'a Email),
    Refresh(UserId),
    SessionRefresh(SessionId),
    /// A creation of an API key of this user.
    ApiKey(UserId),
    /// A logged-in user who presents the password again.
    OwnPassword(UserId),
    /// Someone who asks for a password reset, whether or not the address has an account.
    PasswordReset(&'a Email),
    EmailVerification(UserId),
    EmailChange(UserId),
    /// Changes of any account to this address.
    EmailChangeTo(&'a Email),
    /// An export of personal data, by who asks for it.
    Export(UserId),
    /// A password or code that a user who is logged in presents again.
    Proof(UserId),
}

impl ServerKey {
    /// Reads a file of hexadecimal digits.
    pub fn read(path: &Path) -> Result<Self, ServerKeyError> {
        let text = std::fs::read_to_string(path).map_err(|source| ServerKeyError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::try_from(hex::decode(text.trim())?.as_slice())
    }

    /// The token that follows this one: always the same, so that a lost response can be repeated (ORDERS 31).
    pub fn successor(&self, token: &RefreshToken) -> RefreshToken {
        RefreshToken(self.tag(&[b"refresh-token:", &token.0]))
    }

    pub fn attempted(&self, attempted: Attempted<'_>) -> Hash {
        match attempted {
            Attempted::UnknownLogIn(identifier) => {
                self.tag(&[b"log-in:", identifier.as_str().as_bytes()])
            }
            Attempted::LogIn(user) => self.tag(&[b"account:", user.0.as_bytes()]),
            Attempted::KnownDevice(device) => self.tag(&[b"known-device:", device]),
            Attempted::SignUp(email) => self.tag(&[b"sign-up:", email.as_str().as_bytes()]),
            Attempted::Refresh(user) => self.tag(&[b"refresh:", user.0.as_bytes()]),
            Attempted::SessionRefresh(session) => self.tag(&[b"session:", session.0.as_bytes()]),
            Attempted::ApiKey(user) => self.tag(&[b"api-key:", user.0.as_bytes()]),
            Attempted::OwnPassword(user) => self.tag(&[b"own-password:", user.0.as_bytes()]),
            Attempted::PasswordReset(email) => {
                self.tag(&[b"password-reset:", email.as_str().as_bytes()])
            }
            Attempted::EmailVerification(user) => {
                self.tag(&[b"email-verification:", user.0.as_bytes()])
            }
            Attempted::EmailChange(user) => self.tag(&[b"email-change:", user.0.as_bytes()]),
            Attempted::EmailChangeTo(email) => {
                self.tag(&[b"email-change-to:", email.as_str().as_bytes()])
            }
            Attempted::Export(user) => self.tag(&[b"export:", user.0.as_bytes()]),
            Attempted::Proof(user) => self.tag(&[b"proof:", user.0.as_bytes()]),
        }
    }

    /// The one-time token of a row: the sender of its message derives it, and no table and no event holds it.
    pub fn account_token(&self, id: TokenId) -> AccountToken {
        AccountToken(self.tag(&[b"account-token:", id.0.as_bytes()]))
    }

    /// The authentication tag of a device token.
    pub fn device_tag(&self, signed: &[u8]) -> Hash {
        self.tag(&[b"device-token:", signed])
    }

    pub fn is_device_tag(&self, signed: &[u8], tag: &[u8]) -> bool {
        constant_time::verify_slices_are_equal(&self.device_tag(signed), tag).is_ok()
    }

    /// A key for one purpose, which reveals nothing of this one and of keys for others.
    pub fn derive(&self, purpose: &[u8]) -> Result<[u8; 32], Unspecified> {
        let mut key = [0; 32];
        self.keys
            .expand(&[purpose], hkdf::HKDF_SHA256)?
            .fill(&mut key)?;
        Ok(key)
    }

    fn tag(&self, parts: &[&[u8]]) -> Hash {
        let mut context = hmac::Context::with_key(&self.tags);
        for part in parts {
            context.update(part);
        }
        bytes(context.sign().as_ref())
    }
}

impl TryFrom<&[u8]> for ServerKey {
    type Error = ServerKeyError;

    fn try_from(key: &[u8]) -> Result<Self, ServerKeyError> {
        if key.len() < MIN_KEY_BYTES {
            return Err(ServerKeyError::Short);
        }
        Ok(Self {
            tags: hmac::Key::new(hmac::HMAC_SHA256, key),
            keys: hkdf::Salt::none(hkdf::HKDF_SHA256).extract(key),
        })
    }
}

impl RefreshToken {
    /// The first token of a session.
    pub fn random() -> Self {
        Self(rand::random())
    }

    /// Parses a token that a client presents; `None` if it does not have the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        decode(text).map(Self)
    }

    pub fn reveal(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The hash that the database stores. The token is random, so a plain SHA-256 suffices.
    pub fn hash(&self) -> Hash {
        sha256(&self.0)
    }
}

impl AccountToken {
    /// Parses a token that a client presents; `None` if it does not have the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        decode(text).map(Self)
    }

    pub fn reveal(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The hash that the database stores. Without the server's key the token is as good as random.
    pub fn hash(&self) -> Hash {
        sha256(&self.0)
    }
}

fn decode(text: &str) -> Option<[u8; 32]> {
    // Only a text of the right length is decoded: a body may be as long as a megabyte.
    if text.len() != TOKEN_CHARACTERS {
        return None;
    }
    let token = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
    token.try_into().ok()
}

fn sha256(secret: &[u8]) -> Hash {
    bytes(digest::digest(&digest::SHA256, secret).as_ref())
}

/// SHA-256 is 32 bytes long.
fn bytes(output: &[u8]) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(output);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> ServerKey {
        ServerKey::try_from([byte; 32].as_slice()).unwrap()
    }

    #[test]
    fn a_successor_depends_on_token_and_key_alone() {
        let token = RefreshToken::random();
        assert!(key(1).successor(&token) == key(1).successor(&token));
        assert!(key(1).successor(&token) != key(2).successor(&token));
        assert!(key(1).successor(&token) != key(1).successor(&RefreshToken::random()));
    }

    #[test]
    fn a_token_is_read_as_it_was_shown() {
        let token = RefreshToken::random();
        assert!(RefreshToken::parse(&token.reveal()) == Some(token));
        assert!(RefreshToken::parse("").is_none());
        assert!(RefreshToken::parse("bm90IGEgdG9rZW4").is_none());
    }

    #[test]
    fn a_one_time_token_depends_on_the_row_and_the_key_alone() {
        let row = |number| TokenId(uuid::Uuid::from_u128(number));
        let token = key(1).account_token(row(1));
        assert!(token == key(1).account_token(row(1)));
        assert!(token != key(1).account_token(row(2)));
        assert!(token != key(2).account_token(row(1)));
        assert!(AccountToken::parse(&token.reveal()) == Some(token));
        for text in ["", "A", &"A".repeat(42), &"A".repeat(44), &"!".repeat(43)] {
            assert!(AccountToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn scopes_count_apart() {
        let identifier = Identifier::try_from("ann@example.com".to_owned()).unwrap();
        let email = "ann@example.com".parse().unwrap();
        assert_ne!(
            key(1).attempted(Attempted::UnknownLogIn(&identifier)),
            key(1).attempted(Attempted::SignUp(&email))
        );
    }

    #[test]
    fn a_derived_key_depends_on_key_and_purpose() {
        let derived = |byte, purpose: &[u8]| key(byte).derive(purpose).unwrap();
        assert_eq!(derived(1, b"one"), derived(1, b"one"));
        assert_ne!(derived(1, b"one"), derived(1, b"other"));
        assert_ne!(derived(1, b"one"), derived(2, b"one"));
        assert_ne!(derived(1, b"one"), [1; 32]);
    }

    #[test]
    fn a_short_key_is_refused() {
        assert!(matches!(
            ServerKey::try_from([0; 31].as_slice()),
            Err(ServerKeyError::Short)
        ));
    }
}
