//! One-time codes from a shared secret and the time (RFC 6238), with the values that all apps assume: HMAC-SHA-1, six digits,
//! steps of 30 seconds. The weaknesses of SHA-1 do not concern its use in an HMAC.

use aws_lc_rs::{constant_time, hmac};
use chrono::{DateTime, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::base32;

const STEP_SECONDS: i64 = 30;
/// Steps by which the clock of a device may differ from the server's, to each side.
const DRIFT: i64 = 1;
const DIGITS: usize = 6;

/// The shared secret, as long as the output of SHA-1.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; Self::BYTES]);

/// Six digits. It does not implement `Debug`.
#[derive(PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TotpCode([u8; DIGITS]);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected a code of six digits")]
pub struct TotpCodeError;

impl TotpSecret {
    pub const BYTES: usize = 20;

    pub fn random() -> Self {
        Self(rand::random())
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As an app accepts it when it is typed.
    pub fn base32(&self) -> String {
        base32::encode(self.0.as_chunks().0)
    }

    /// As an app reads it from a QR code. The names are shown in the app.
    pub fn uri(&self, shop: &str, account: &str) -> String {
        let shop = utf8_percent_encode(shop, NON_ALPHANUMERIC);
        let account = utf8_percent_encode(account, NON_ALPHANUMERIC);
        let secret = self.base32();
        format!(
            "otpauth://totp/{shop}:{account}?secret={secret}&issuer={shop}&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
        )
    }

    /// The step of a time.
    pub fn step_at(time: DateTime<Utc>) -> i64 {
        time.timestamp().div_euclid(STEP_SECONDS)
    }

    /// The code of a step: HOTP (RFC 4226, section 5.3) of its number.
    pub fn code_of(&self, step: i64) -> TotpCode {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        // The last four bits name the first of the four bytes that are taken.
        let offset = usize::from(tag[tag.len() - 1] & 0x0f);
        let taken = tag[offset..offset + 4].iter();
        let number = taken.fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) & 0x7fff_ffff;
        TotpCode::from_number(number)
    }

    /// The step that this code is accepted for: one of the current ones, later than the last that was.
    pub fn accepted_step(
        &self,
        code: &TotpCode,
        now: DateTime<Utc>,
        last_step: i64,
    ) -> Option<i64> {
        let current = Self::step_at(now);
        let steps = current - DRIFT..=current + DRIFT;
        // All of them are compared, so that the time does not depend on which one fits.
        steps
            .filter(|step| self.code_of(*step).is(code))
            .filter(|step| *step > last_step)
            .max()
    }
}

impl From<[u8; Self::BYTES]> for TotpSecret {
    fn from(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }
}

impl TotpCode {
    /// The last six digits of a number.
    fn from_number(mut number: u32) -> Self {
        let mut digits = [b'0'; DIGITS];
        for digit in digits.iter_mut().rev() {
            let [.., last] = (number % 10).to_be_bytes();
            *digit += last;
            number /= 10;
        }
        Self(digits)
    }

    pub fn reveal(&self) -> String {
        self.0.iter().copied().map(char::from).collect()
    }

    fn is(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl TryFrom<String> for TotpCode {
    type Error = TotpCodeError;

    fn try_from(text: String) -> Result<Self, TotpCodeError> {
        let digits: [u8; DIGITS] = text.as_bytes().try_into().map_err(|_| TotpCodeError)?;
        if digits.iter().all(u8::is_ascii_digit) {
            Ok(Self(digits))
        } else {
            Err(TotpCodeError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B.
    const SECRET: TotpSecret = TotpSecret(*b"12345678901234567890");

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn the_codes_are_those_of_the_standard() {
        // Appendix B lists eight digits; six of them are the last six.
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            let made = SECRET.code_of(TotpSecret::step_at(at(seconds)));
            assert_eq!(made.reveal(), code[2..], "{seconds}");
        }
    }

    #[test]
    fn a_clock_may_differ_by_one_step_to_each_side() {
        let now = at(1_111_111_111);
        let current = TotpSecret::step_at(now);
        for (drift, accepted) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let step = current + drift;
            let found = SECRET.accepted_step(&SECRET.code_of(step), now, 0);
            assert_eq!(found, accepted.then_some(step), "{drift}");
        }
    }

    #[test]
    fn a_step_is_accepted_once_and_none_before_it_afterwards() {
        let now = at(1_111_111_111);
        let current = TotpSecret::step_at(now);
        let accepted = |step, last| SECRET.accepted_step(&SECRET.code_of(step), now, last);
        assert_eq!(accepted(current, current - 1), Some(current));
        assert_eq!(accepted(current, current), None);
        assert_eq!(accepted(current - 1, current), None);
        assert_eq!(accepted(current + 1, current), Some(current + 1));
    }

    #[test]
    fn another_secret_has_other_codes() {
        let (step, other) = (1_000_000, TotpSecret([7; 20]));
        assert!(SECRET.code_of(step) != other.code_of(step));
    }

    #[test]
    fn a_code_is_six_digits() {
        for text in [
            "",
            "12345",
            "1234567",
            "12345a",
            "１２３４５６",
            " 12345",
            "-12345",
        ] {
            assert!(TotpCode::try_from(text.to_owned()).is_err(), "{text}");
        }
        let zeros = TotpCode::try_from("000042".to_owned());
        assert!(zeros == Ok(TotpCode::from_number(42)));
    }

    #[test]
    fn an_app_reads_names_and_secret_from_the_address() {
        assert_eq!(
            SECRET.uri("my shop", "ann+1@example.com"),
            "otpauth://totp/my%20shop:ann%2B1%40example%2Ecom?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=my%20shop&algorithm=SHA1&digits=6&period=30"
        );
    }
}
