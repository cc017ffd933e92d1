//! Verifies access tokens: signature, type, issuer, audience and time, and that they have not been revoked.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, Header, Validation, decode, decode_header, errors::ErrorKind, jwk::JwkSet,
};

use super::{
    Caller, Claims, JwksError, TOKEN_TYPE, TokenScope,
    internal::AuthClient,
    keys::Keys,
    revocations::{Freshness, Revocation, Revocations},
    signatures::{CAPACITY, Signatures, Token, Verified},
};
use clock::Clock;
use web::{Problem, json::FreeObject, service::Dependency};

/// Seconds that the clocks of two machines may differ.
const LEEWAY_SECONDS: u32 = 5;
/// Auth's tokens have less than one kilobyte.
const MAX_TOKEN_BYTES: usize = 4096;

/// Time that auth has to answer with its keys.
const AUTH_TIMEOUT: Duration = Duration::from_secs(3);

/// The tokens that a service other than auth accepts, and where auth publishes what decides about them.
#[derive(Clone, Debug, clap::Args)]
pub struct TokenSettings {
    #[command(flatten)]
    pub scope: TokenScope,
    /// URL of auth's JWKS, the keys that verify access tokens.
    #[arg(long, env = "JWKS_URL")]
    pub jwks_url: String,
    /// URL of auth's revocation feed, on its internal port.
    #[arg(long, env = "REVOCATIONS_URL")]
    pub revocations_url: String,
}

#[derive(Clone)]
pub struct Verifier(Arc<Inner>);

struct Inner {
    keys: Keys,
    validation: Validation,
    clock: Clock,
    signatures: Signatures,
    signatures_checked: AtomicU64,
    revocations: Revocations,
}

impl TokenSettings {
    /// Calls auth as the service whose token this file has.
    pub fn auth_client(&self, token_file: PathBuf) -> reqwest::Result<AuthClient> {
        AuthClient::try_new(&self.revocations_url, token_file)
    }
}

impl Verifier {
    /// For auth: the keys it signs with. It asks its database what has been revoked.
    pub fn local(scope: &TokenScope, keys: &JwkSet) -> Result<Self, JwksError> {
        Ok(Self::with(
            scope,
            Keys::fixed(keys)?,
            Revocations::default(),
        ))
    }

    /// For the other services, which read the revocation feed by this client.
    pub fn remote(settings: TokenSettings, auth: AuthClient) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder().timeout(AUTH_TIMEOUT).no_proxy();
        let keys = Keys::remote(settings.jwks_url, client.build()?);
        let revocations = Revocations::followed(auth);
        Ok(Self::with(&settings.scope, keys, revocations))
    }

    fn with(scope: &TokenScope, keys: Keys, revocations: Revocations) -> Self {
        let mut validation = Validation::new(Algorithm::ES256);
        validation.set_issuer(&[&scope.issuer]);
        validation.set_audience(&[&scope.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.leeway = LEEWAY_SECONDS.into();
        Self(Arc::new(Inner {
            keys,
            validation,
            clock: Clock::system(),
            signatures: Signatures::new(CAPACITY),
            signatures_checked: AtomicU64::new(0),
            revocations,
        }))
    }

    /// Fetches keys and revocations before the first request and keeps both fresh; run it as a task.
    pub async fn keep_fresh(self) {
        tokio::join!(self.0.keys.keep_fresh(), self.0.revocations.follow());
    }

    /// Ready once the first response of the revocation feed has arrived; `None` without a feed. A feed that grows old
    /// later is no reason to stop: all operations but those of money and administrators continue.
    pub fn dependency(&self) -> Option<Dependency> {
        let verifier = self.clone();
        verifier.0.revocations.is_followed().then(|| {
            Dependency::new("revocations", move || {
                let freshness = verifier.0.revocations.freshness();
                async move {
                    match freshness {
                        Freshness::Fresh | Freshness::Stale => Ok(()),
                        Freshness::Missing => {
                            Err("no response from auth's revocation feed yet".to_owned())
                        }
                    }
                }
            })
        })
    }

    /// The caller of this token, or a 401 with the reason (503 if auth's keys are unavailable).
    pub async fn verify(&self, token: &str) -> Result<Caller, Problem> {
        let token = self.token(token).await?;
        if self.0.revocations.freshness() == Freshness::Missing {
            return Err(Problem::unavailable(1));
        }
        match self.0.revocations.of(&token) {
            None => Ok(Caller {
                id: token.user,
                session: token.session,
                permissions: token.permissions,
                epoch: token.epoch,
            }),
            Some(Revocation::SessionEnded) => Err(Problem::unauthorized(
                "session_ended",
                "The session has ended; log in again.",
            )),
            Some(Revocation::AccountChanged) => Err(Problem::unauthorized(
                "token_expired",
                "The account has changed since the access token was issued; refresh it.",
            )),
        }
    }

    /// The 503 for operations that are refused as long as the caller may have been locked out half a minute ago.
    pub(super) fn require_fresh(&self) -> Result<(), Problem> {
        match self.0.revocations.freshness() {
            Freshness::Fresh => Ok(()),
            Freshness::Stale | Freshness::Missing => Err(Problem::unavailable(5)),
        }
    }

    /// Verified signatures so far: the expensive part, which a cached token saves.
    pub fn signatures_checked(&self) -> u64 {
        self.0.signatures_checked.load(Ordering::Relaxed)
    }

    async fn token(&self, token: &str) -> Result<Token, Problem> {
        if let Some(verified) = self.0.signatures.find(token) {
            if self.0.keys.has(&verified.key) {
                return self.unexpired(verified.token);
            }
            self.0.signatures.forget(&verified.key);
        }
        let verified = self.check_signature(token).await?;
        self.0.signatures.remember(token, verified.clone());
        Ok(verified.token)
    }

    /// Checks the expiry as the first verification does.
    fn unexpired(&self, token: Token) -> Result<Token, Problem> {
        if token.expires < self.0.clock.now().timestamp() - i64::from(LEEWAY_SECONDS) {
            return Err(expired());
        }
        Ok(token)
    }

    async fn check_signature(&self, token: &str) -> Result<Verified, Problem> {
        let header = read_unverified(token).ok_or_else(invalid)?;
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
        self.0.signatures_checked.fetch_add(1, Ordering::Relaxed);
        let decoded = decode::<Claims>(token, &key.decoding, &self.0.validation);
        let decoded = decoded.map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => expired(),
            _ => invalid(),
        })?;
        Ok(Verified {
            key,
            token: Token::from(&decoded.claims),
        })
    }

    /// One whose feed responded once, this long ago, with these revocations.
    #[cfg(any(test, feature = "testing"))]
    pub(super) fn told(
        scope: &TokenScope,
        keys: &JwkSet,
        ago: Duration,
        revoked: super::Revoked,
    ) -> Result<Self, JwksError> {
        let feed = AuthClient::try_new("http://127.0.0.1/internal/revocations", "".into());
        let revocations = Revocations::followed(feed.expect("a client without certificates"));
        revocations.learn(revoked, tokio::time::Instant::now() - ago);
        Ok(Self::with(scope, Keys::fixed(keys)?, revocations))
    }
}

/// Whether a token is short and both its texts are plain objects: anyone may send one, and they are read before its
/// signature is checked.
fn is_plain(token: &str) -> bool {
    let object = |text: &str| {
        let text = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?;
        let text = String::from_utf8(text).ok()?;
        text.parse::<FreeObject<MAX_TOKEN_BYTES>>().ok()
    };
    let mut parts = token.split('.');
    token.len() <= MAX_TOKEN_BYTES
        && parts.next().and_then(object).is_some()
        && parts.next().and_then(object).is_some()
}

/// The header of a token that anyone may have made.
pub fn read_unverified(token: &str) -> Option<Header> {
    is_plain(token).then(|| decode_header(token).ok()).flatten()
}

fn invalid() -> Problem {
    Problem::unauthorized(
        "token_invalid",
        "The access token is not valid; log in again.",
    )
}

fn expired() -> Problem {
    Problem::unauthorized("token_expired", "The access token has expired; refresh it.")
}

#[cfg(test)]
mod tests;
