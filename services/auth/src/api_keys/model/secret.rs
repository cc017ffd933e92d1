//! The text of a key: `esk_`, 43 random letters and digits, and 6 that are their checksum. Scanners of secrets recognize the
//! prefix and can verify the checksum; a typing error is refused without a question to the database.

use aws_lc_rs::digest::{SHA256, digest};
use rand::distr::{Alphanumeric, SampleString};

use crate::tokens::model::Hash;

const PREFIX: &str = "esk_";
/// 62^43 is more than 2^256.
const RANDOM: usize = 43;
/// 62^6 is more than 2^32.
const CHECKSUM: usize = 6;
const LENGTH: usize = PREFIX.len() + RANDOM + CHECKSUM;
const HINT: usize = 4;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The secret of a key. It has no `Debug`, so that no log shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn random() -> Self {
        let mut text = PREFIX.to_owned();
        Alphanumeric.append_string(&mut rand::rng(), &mut text, RANDOM);
        let checksum = checksum(&text);
        Self(text + &checksum)
    }

    /// Parses a key that a client presents; `None` if it does not have the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != LENGTH {
            return None;
        }
        let (signed, presented) = text.split_at_checked(LENGTH - CHECKSUM)?;
        let random = signed.strip_prefix(PREFIX)?;
        let is_key = random.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && checksum(signed) == presented;
        is_key.then(|| Self(text.to_owned()))
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Its last characters, by which its owner recognizes it.
    pub fn hint(&self) -> &str {
        &self.0[LENGTH - HINT..]
    }

    /// The hash that the database stores. The key is random, so a plain SHA-256 suffices.
    pub fn hash(&self) -> Hash {
        sha256(&self.0)
    }
}

/// The first four bytes of the SHA-256 as a number of six digits in base 62.
fn checksum(signed: &str) -> String {
    let [first, second, third, fourth, ..] = sha256(signed);
    let mut number = u32::from_be_bytes([first, second, third, fourth]) as usize;
    let mut digits = [0; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[number % DIGITS.len()];
        number /= DIGITS.len();
    }
    digits.map(char::from).iter().collect()
}

fn sha256(text: &str) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_shown() {
        let secret = Secret::random();
        let shown = secret.reveal();
        assert!(shown.ends_with(secret.hint()) && secret.hint().len() == 4);
        assert!(shown.starts_with("esk_") && shown.len() == 53, "{shown}");
        assert!(Secret::parse(shown) == Some(secret.clone()));
        assert!(Secret::random() != secret);
    }

    #[test]
    fn the_form_of_a_key_stays_the_same() {
        // The first four bytes of the SHA-256 of `esk_` and 43 zeros, in base 62.
        let key = "esk_000000000000000000000000000000000000000000049KGrS";
        assert!(Secret::parse(key).is_some());
    }

    #[test]
    fn any_wrong_character_is_refused() {
        let secret = Secret::random();
        let shown = secret.reveal();
        for place in 0..shown.len() {
            let mut wrong = shown.to_owned().into_bytes();
            wrong[place] = if wrong[place] == b'A' { b'B' } else { b'A' };
            let wrong = String::from_utf8(wrong).unwrap();
            assert!(Secret::parse(&wrong).is_none(), "{place}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let shown = Secret::random().reveal().to_owned();
        let beyond_ascii = format!("esk_{}", "é".repeat(24) + "a");
        assert_eq!(beyond_ascii.len(), shown.len());
        let signed = format!("esk_{}", "-".repeat(43));
        let with_hyphens = format!("{signed}{}", checksum(&signed));
        for text in [
            "",
            "esk_",
            &shown[1..],
            &format!("{shown}A"),
            &format!(" {shown}"),
            &beyond_ascii,
            &with_hyphens,
            &"A".repeat(100_000),
        ] {
            assert!(Secret::parse(text).is_none(), "{text:.60}");
        }
    }
}
