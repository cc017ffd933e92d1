//! Signed webhooks, as Standard Webhooks 1.0 has them: HMAC-SHA256 over id, time and body, in three headers.
//! For senders and receivers, which define the content of a webhook.

use std::{path::Path, str::FromStr};

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, TimeDelta, Utc};

pub const WEBHOOK_ID: &str = "webhook-id";
pub const WEBHOOK_TIMESTAMP: &str = "webhook-timestamp";
pub const WEBHOOK_SIGNATURE: &str = "webhook-signature";

/// Largest difference between the clocks of sender and receiver: an older message may be a replay.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// What sender and receiver share: the current secret and, while it is being changed, the next one.
/// As text: a secret a line, `whsec_` and the base64 of 24 to 64 bytes. The first signs, all are accepted.
#[derive(Clone)]
pub struct Secrets(Vec<hmac::Key>);

#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    #[error("cannot read the file of webhook secrets")]
    Unreadable(#[source] std::io::Error),
    #[error("no webhook secret is configured")]
    Empty,
    #[error("a webhook secret must be whsec_ followed by the base64 of 24 to 64 bytes")]
    Form,
}

/// Why a webhook is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("the headers webhook-id, webhook-timestamp and webhook-signature are required")]
    Missing,
    #[error("webhook-timestamp differs from the current time by more than five minutes")]
    Stale,
    #[error("no signature is valid")]
    Wrong,
}

impl Secrets {
    /// Reads the file each time, so that a rotation needs no restart.
    pub async fn read(path: &Path) -> Result<Self, SecretsError> {
        let text = tokio::fs::read_to_string(path)
            .await
            .map_err(SecretsError::Unreadable)?;
        text.parse()
    }

    /// The three headers of a webhook. The id is the same whenever it is delivered again.
    pub fn sign(&self, id: &str, now: DateTime<Utc>, body: &[u8]) -> [(&'static str, String); 3] {
        let time = now.timestamp().to_string();
        let message = signed(id, &time, body);
        // Never empty, as it was parsed.
        let signatures = self.0.iter().take(1).map(|key| {
            let tag = hmac::sign(key, &message);
            format!("v1,{}", BASE64_STANDARD.encode(tag))
        });
        [
            (WEBHOOK_SIGNATURE, signatures.collect()),
            (WEBHOOK_ID, id.to_owned()),
            (WEBHOOK_TIMESTAMP, time),
        ]
    }

    /// Whether a holder of a secret has sent this recently. Compares in constant time.
    /// `header` finds a header by its name in lower case.
    pub fn verify<'a>(
        &self,
        header: impl Fn(&str) -> Option<&'a str>,
        now: DateTime<Utc>,
        body: &[u8],
    ) -> Result<(), SignatureError> {
        let (Some(id), Some(time), Some(signatures)) = (
            header(WEBHOOK_ID),
            header(WEBHOOK_TIMESTAMP),
            header(WEBHOOK_SIGNATURE),
        ) else {
            return Err(SignatureError::Missing);
        };
        let sent = time
            .parse()
            .ok()
            .and_then(|seconds| DateTime::from_timestamp(seconds, 0))
            .ok_or(SignatureError::Missing)?;
        if (now - sent).abs() > TOLERANCE {
            return Err(SignatureError::Stale);
        }
        let message = signed(id, time, body);
        let tags = signatures
            .split(' ')
            .filter_map(|signature| signature.strip_prefix("v1,"))
            .filter_map(|tag| BASE64_STANDARD.decode(tag).ok());
        for tag in tags {
            if self
                .0
                .iter()
                .any(|key| hmac::verify(key, &message, &tag).is_ok())
            {
                return Ok(());
            }
        }
        Err(SignatureError::Wrong)
    }
}

impl FromStr for Secrets {
    type Err = SecretsError;

    fn from_str(text: &str) -> Result<Self, SecretsError> {
        let keys: Vec<hmac::Key> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .map(key)
            .collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(SecretsError::Empty);
        }
        Ok(Self(keys))
    }
}

fn key(line: &str) -> Result<hmac::Key, SecretsError> {
    line.strip_prefix("whsec_")
        .and_then(|secret| BASE64_STANDARD.decode(secret).ok())
        .filter(|secret| (24..=64).contains(&secret.len()))
        .map(|secret| hmac::Key::new(hmac::HMAC_SHA256, &secret))
        .ok_or(SecretsError::Form)
}

fn signed(id: &str, time: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", time.as_bytes(), b".", body].concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    // The vector of the standard's reference implementations; checked with `openssl dgst -sha256 -mac HMAC`.
    const CURRENT: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIME: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNED_BY_CURRENT: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    // The same message under the bytes 0 to 31, by Python's hmac.
    const NEXT: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const SIGNED_BY_NEXT: &str = "v1,O4Gjv1HqPqsMrjmczoggs/sWA8gZD0VyHG+fLh4+ktI=";

    fn secrets(text: &str) -> Secrets {
        text.parse().unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(TIME + seconds, 0).unwrap()
    }

    type Headers = BTreeMap<&'static str, String>;

    fn headers(signature: &str) -> Headers {
        BTreeMap::from([
            (WEBHOOK_ID, ID.to_owned()),
            (WEBHOOK_TIMESTAMP, TIME.to_string()),
            (WEBHOOK_SIGNATURE, signature.to_owned()),
        ])
    }

    fn verified(
        secrets: &Secrets,
        headers: &Headers,
        seconds: i64,
        body: &[u8],
    ) -> Result<(), SignatureError> {
        secrets.verify(
            |name| headers.get(name).map(String::as_str),
            at(seconds),
            body,
        )
    }

    #[test]
    fn signs_as_the_standard_does_and_with_the_first_secret() {
        let [signature, id, time] = secrets(&format!("{CURRENT}\n{NEXT}\n")).sign(ID, at(0), BODY);
        assert_eq!(signature, (WEBHOOK_SIGNATURE, SIGNED_BY_CURRENT.to_owned()));
        assert_eq!(id, (WEBHOOK_ID, ID.to_owned()));
        assert_eq!(time, (WEBHOOK_TIMESTAMP, TIME.to_string()));
    }

    #[test]
    fn current_and_next_secret_are_accepted_and_no_other() {
        let both = secrets(&format!("{CURRENT}\n{NEXT}"));
        for signature in [
            SIGNED_BY_CURRENT,
            SIGNED_BY_NEXT,
            &format!("v1a,xyz v1,AAAA {SIGNED_BY_NEXT}"),
        ] {
            assert_eq!(verified(&both, &headers(signature), 0, BODY), Ok(()));
        }
        let current = secrets(CURRENT);
        for signature in [
            SIGNED_BY_NEXT,
            "v1,",
            "v1,####",
            "",
            &SIGNED_BY_CURRENT[3..],
        ] {
            assert_eq!(
                verified(&current, &headers(signature), 0, BODY),
                Err(SignatureError::Wrong),
                "{signature}"
            );
        }
    }

    #[test]
    fn what_was_changed_on_the_way_is_refused() {
        let current = secrets(CURRENT);
        let good = headers(SIGNED_BY_CURRENT);
        assert_eq!(
            verified(&current, &good, 0, br#"{"test": 2432232315}"#),
            Err(SignatureError::Wrong)
        );
        for (name, other) in [(WEBHOOK_ID, "msg_other"), (WEBHOOK_TIMESTAMP, "1614265331")] {
            let mut changed = good.clone();
            changed.insert(name, other.to_owned());
            assert_eq!(
                verified(&current, &changed, 0, BODY),
                Err(SignatureError::Wrong)
            );
        }
        for name in [WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE] {
            let mut without = good.clone();
            without.remove(name);
            assert_eq!(
                verified(&current, &without, 0, BODY),
                Err(SignatureError::Missing)
            );
        }
    }

    #[test]
    fn five_minutes_away_is_too_old_or_too_early() {
        let current = secrets(CURRENT);
        let good = headers(SIGNED_BY_CURRENT);
        for (seconds, expected) in [
            (300, Ok(())),
            (-300, Ok(())),
            (301, Err(SignatureError::Stale)),
            (-301, Err(SignatureError::Stale)),
        ] {
            assert_eq!(
                verified(&current, &good, seconds, BODY),
                expected,
                "{seconds}"
            );
        }
        let mut far = good;
        far.insert(WEBHOOK_TIMESTAMP, i64::MAX.to_string());
        assert_eq!(
            verified(&current, &far, 0, BODY),
            Err(SignatureError::Missing)
        );
    }

    #[test]
    fn secrets_have_one_form() {
        for text in ["", "\n \n"] {
            assert!(matches!(text.parse::<Secrets>(), Err(SecretsError::Empty)));
        }
        for text in [
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_c2hvcnQ=",
            "whsec_?",
            "whsec_",
        ] {
            assert!(matches!(text.parse::<Secrets>(), Err(SecretsError::Form)));
        }
    }
}
