//! Verifies access tokens: signature, type, issuer, audience and time.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Validation, decode, decode_header, jwk::JwkSet};

use super::{Caller, Claims, JwksError, TOKEN_TYPE, TokenScope, keys::Keys};
use crate::Problem;

/// Seconds that the clocks of two machines may differ.
const LEEWAY_SECONDS: u64 = 5;

#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    keys: Keys,
    validation: Validation,
}

impl Verifier {
    /// For auth: the keys it signs with.
    pub fn local(scope: &TokenScope, keys: &JwkSet) -> Result<Self, JwksError> {
        Ok(Self::with_keys(scope, Keys::fixed(keys)?))
    }

    /// For everyone else: auth's JWKS at `url`.
    pub fn remote(scope: &TokenScope, url: String, client: reqwest::Client) -> Self {
        Self::with_keys(scope, Keys::remote(url, client))
    }

    fn with_keys(scope: &TokenScope, keys: Keys) -> Self {
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[&scope.issuer]);
        validation.set_audience(&[&scope.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = LEEWAY_SECONDS;
        Self(Arc::new(Inner { keys, validation }))
    }

    /// Fetches keys before the first request and renews them; run it as a task.
    pub async fn keep_keys_fresh(self) {
        self.0.keys.keep_fresh().await;
    }

    /// The caller that this token stands for, or the 401 (503 where auth's keys cannot be had) that says why not.
    pub async fn verify(&self, token: &str) -> Result<Caller, Problem> {
        let invalid = || {
            Problem::unauthorized(
                "token_invalid",
                "The access token is not valid; log in again.",
            )
        };
        let header = decode_header(token).map_err(|_| invalid())?;
        let typed = header
            .typ
            .as_deref()
            .is_some_and(|kind| kind.eq_ignore_ascii_case(TOKEN_TYPE));
        let kid = header.kid.filter(|_| typed).ok_or_else(invalid)?;
        let key = self
            .0
            .keys
            .find(&kid)
            .await
            .map_err(|error| Problem::unavailable(1).with_cause(&error))?;
        let key = key.ok_or_else(invalid)?;
        let token =
            decode::<Claims>(token, &key, &self.0.validation).map_err(|error| {
                match error.kind() {
                    jsonwebtoken::errors::ErrorKind::ExpiredSignature => Problem::unauthorized(
                        "token_expired",
                        "The access token has expired; refresh it.",
                    ),
                    _ => invalid(),
                }
            })?;
        Ok(Caller::from(token.claims))
    }
}
