//! Codes that stand in for a lost app, each once: 80 random bits in four groups of base32, `ABCD-EFGH-IJKL-MNOP`.

use aws_lc_rs::digest;
use serde::Deserialize;

use super::base32;
use crate::{accounts::model::UserId, tokens::model::Hash};

const CHARACTERS: usize = 16;
const GROUP: usize = 4;
/// With the hyphens between groups.
const MAX_LENGTH: usize = CHARACTERS + CHARACTERS / GROUP - 1;

/// Upper-case and without hyphens. It does not implement `Debug`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct RecoveryCode(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected a recovery code such as ABCD-EFGH-IJKL-MNOP")]
pub struct RecoveryCodeError;

impl RecoveryCode {
    /// The codes that a user has at a time.
    pub const COUNT: usize = 10;

    pub fn random() -> Self {
        Self(base32::encode(&rand::random::<[[u8; 5]; 2]>()))
    }

    /// The codes of a new set.
    pub fn random_set() -> [Self; Self::COUNT] {
        std::array::from_fn(|_| Self::random())
    }

    pub fn reveal(&self) -> String {
        let groups: Vec<&str> = (0..CHARACTERS)
            .step_by(GROUP)
            .map(|start| &self.0[start..start + GROUP])
            .collect();
        groups.join("-")
    }

    /// The hash that the database stores. The code is random and the user is its salt, so a plain SHA-256 suffices. It has
    /// no key: the codes work even if the server's key, and with it the secret of the app, was lost.
    pub fn hash(&self, user: UserId) -> Hash {
        let mut context = digest::Context::new(&digest::SHA256);
        for part in [
            b"recovery-code:",
            user.0.as_bytes().as_slice(),
            self.0.as_bytes(),
        ] {
            context.update(part);
        }
        let mut hash = Hash::default();
        hash.copy_from_slice(context.finish().as_ref());
        hash
    }
}

impl TryFrom<String> for RecoveryCode {
    type Error = RecoveryCodeError;

    /// In any letter case, with or without the hyphens between groups.
    fn try_from(text: String) -> Result<Self, RecoveryCodeError> {
        if text.len() > MAX_LENGTH {
            return Err(RecoveryCodeError);
        }
        let in_groups = text
            .split('-')
            .all(|part| !part.is_empty() && part.len() % GROUP == 0);
        let code = text.replace('-', "").to_ascii_uppercase();
        let in_alphabet = code.bytes().all(|byte| base32::ALPHABET.contains(&byte));
        if in_groups && in_alphabet && code.len() == CHARACTERS {
            Ok(Self(code))
        } else {
            Err(RecoveryCodeError)
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn parse(text: &str) -> Result<RecoveryCode, RecoveryCodeError> {
        text.to_owned().try_into()
    }

    #[test]
    fn a_code_is_read_as_it_was_shown_in_any_case_and_without_hyphens() {
        let code = RecoveryCode::random();
        let shown = code.reveal();
        assert_eq!(shown.len(), 19, "{shown}");
        for text in [&shown, &shown.to_lowercase(), &shown.replace('-', "")] {
            assert!(parse(text).as_ref() == Ok(&code), "{text}");
        }
    }

    #[test]
    fn another_form_is_refused() {
        for text in [
            "",
            "ABCD-EFGH-IJKL",
            "ABCD-EFGH-IJKL-MNOP-QRST",
            "ABCD-EFGH-IJKL-MNO1",
            "ABC-DEFG-HIJK-LMNOP",
            "-ABCD-EFGH-IJKL-MNOP",
            "ABCD--EFGH-IJKL-MNOP",
            " ABCDEFGHIJKLMNOP",
            "ÄBCD-EFGH-IJKL-MNO",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_hash_depends_on_code_and_user() {
        let (code, other) = (RecoveryCode::random(), RecoveryCode::random());
        let users = [1, 2].map(|number| UserId(Uuid::from_u128(number)));
        assert_eq!(code.hash(users[0]), code.clone().hash(users[0]));
        assert_ne!(code.hash(users[0]), code.hash(users[1]));
        assert_ne!(code.hash(users[0]), other.hash(users[0]));
    }
}
