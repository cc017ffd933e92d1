//! The app of a user with a second factor, and what the user kept beside it.

use auth::mfa::model::TotpSecret;
use clock::Clock;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::fixture::{Answer, Auth, PASSWORD, request};

pub const TOTP: &str = "/api/v1/auth/mfa/totp";
pub const CONFIRM: &str = "/api/v1/auth/mfa/totp/confirm";
pub const DISABLE: &str = "/api/v1/auth/mfa/totp/disable";
pub const RECOVERY_CODES: &str = "/api/v1/auth/mfa/recovery-codes";
pub const MFA: &str = "/api/v1/auth/mfa";

pub struct Authenticator(TotpSecret);

impl Authenticator {
    /// The app after the secret of this response was typed in.
    pub fn with(enrollment: &Answer) -> Self {
        assert_eq!(enrollment.status, 200, "{}", enrollment.body);
        Self(decode(enrollment.text("/secret")).into())
    }

    pub fn secret(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The code of this many steps from now.
    pub fn code_in(&self, steps: i64) -> String {
        let now = TotpSecret::step_at(Clock::system().now());
        self.0.code_of(now + steps).reveal()
    }

    pub fn code(&self) -> String {
        self.code_in(0)
    }

    /// Six digits that are no code of these minutes.
    pub fn wrong_code(&self) -> String {
        let codes: Vec<_> = (-4..=4).map(|steps| self.code_in(steps)).collect();
        let mut wrong = (0..).map(|number| format!("{number:06}"));
        wrong.find(|code| !codes.contains(code)).unwrap()
    }
}

/// RFC 4648, section 6.
fn decode(text: &str) -> [u8; TotpSecret::BYTES] {
    let bits: Vec<u8> = text
        .bytes()
        .flat_map(|character| {
            let place = match character {
                b'A'..=b'Z' => character - b'A',
                b'2'..=b'7' => character - b'2' + 26,
                _ => panic!("{text} is not base32"),
            };
            (0..5).rev().map(move |bit| place >> bit & 1)
        })
        .collect();
    let bytes = bits.chunks(8);
    let bytes = bytes.map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | bit));
    bytes.collect::<Vec<_>>().try_into().unwrap()
}

impl Auth {
    pub async fn post_with(&self, token: &str, path: &str, body: Value) -> Answer {
        self.send(request("POST", path, Some(token), Some(&body)))
            .await
    }

    pub async fn begin_totp(&self, token: &str) -> Answer {
        self.post_with(token, TOTP, json!({ "password": PASSWORD }))
            .await
    }

    /// The app of a user who enrolled it, and the recovery codes.
    pub async fn enroll(&self, token: &str) -> (Authenticator, Vec<String>) {
        let app = Authenticator::with(&self.begin_totp(token).await);
        let confirmed = self
            .post_with(token, CONFIRM, json!({ "code": app.code() }))
            .await;
        assert_eq!(confirmed.status, 200, "{}", confirmed.body);
        (app, recovery_codes(&confirmed))
    }

    /// The tokens of a session whose access token ended with a change of the account.
    pub async fn renewed(&self, session: &Answer) -> Answer {
        let renewed = self.refresh(session.refresh()).await;
        assert_eq!(renewed.status, 200, "{}", renewed.body);
        renewed
    }

    /// A login with the right password and one more member of the body.
    pub async fn log_in_with(&self, name: &str, member: &str, value: &str) -> Answer {
        let body = json!({ "username": name, "password": PASSWORD, member: value });
        self.post("/api/v1/auth/login", body).await
    }
}

pub fn recovery_codes(answer: &Answer) -> Vec<String> {
    let codes = answer.body["recovery_codes"].as_array().unwrap().iter();
    codes
        .map(|code| code.as_str().unwrap().to_owned())
        .collect()
}

/// As if more than a minute had passed since the last code: the current one is accepted again.
pub async fn later(pool: &PgPool) {
    sqlx::query("UPDATE totp_factors SET last_step = last_step - 5")
        .execute(pool)
        .await
        .unwrap();
}
