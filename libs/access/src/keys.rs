//! The public keys of a stack: fixed for auth itself, fetched from its JWKS by the other services.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jsonwebtoken::{
    DecodingKey,
    jwk::{Jwk, JwkSet},
};
use tokio::{sync::Mutex, time::Instant};
use tracing::warn;

/// An unknown kid refetches at most this often (ORDERS 29).
const REFETCH_PAUSE: Duration = Duration::from_secs(10);
/// Known keys are renewed this often, so that a key taken out of the JWKS stops counting.
const RENEWAL: Duration = Duration::from_mins(1);

#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    #[error("cannot fetch the JWKS")]
    Fetch(#[from] reqwest::Error),
    #[error("the JWKS contains an invalid key")]
    Key(#[from] jsonwebtoken::errors::Error),
}

/// A public key as it was published.
pub(super) struct Key {
    pub(super) kid: String,
    pub(super) decoding: DecodingKey,
    jwk: Jwk,
}

type ByKid = HashMap<String, Arc<Key>>;

pub(super) struct Keys {
    by_kid: RwLock<ByKid>,
    remote: Option<Remote>,
}

struct Remote {
    url: String,
    client: reqwest::Client,
    fetched: Mutex<Option<Instant>>,
}

impl Keys {
    pub(super) fn fixed(set: &JwkSet) -> Result<Self, JwksError> {
        Ok(Self {
            by_kid: RwLock::new(read(set, &ByKid::default())?),
            remote: None,
        })
    }

    pub(super) fn remote(url: String, client: reqwest::Client) -> Self {
        let remote = Remote {
            url,
            client,
            fetched: Mutex::new(None),
        };
        Self {
            by_kid: RwLock::default(),
            remote: Some(remote),
        }
    }

    /// The key of this kid. `Ok(None)`: there is none; an error: auth could not be reached.
    pub(super) async fn find(&self, kid: &str) -> Result<Option<Arc<Key>>, JwksError> {
        if let Some(key) = self.known(kid) {
            return Ok(Some(key));
        }
        self.fetch_unless_fresh(REFETCH_PAUSE).await?;
        Ok(self.known(kid))
    }

    /// Whether this very key is still published: not another one under its name.
    pub(super) fn has(&self, key: &Arc<Key>) -> bool {
        self.known(&key.kid)
            .is_some_and(|known| Arc::ptr_eq(&known, key))
    }

    /// Renews the keys for as long as the process runs; with the old ones in place when auth cannot be reached.
    pub(super) async fn keep_fresh(&self) {
        loop {
            if let Err(error) = self.fetch_unless_fresh(REFETCH_PAUSE).await {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "cannot refresh the token keys; keeping the known ones"
                );
            }
            tokio::time::sleep(RENEWAL).await;
        }
    }

    /// Replaces the keys by the published ones. A key that stays is the same as before.
    pub(super) fn replace(&self, set: &JwkSet) -> Result<(), JwksError> {
        let mut by_kid = self.by_kid.write().unwrap_or_else(PoisonError::into_inner);
        *by_kid = read(set, &by_kid)?;
        Ok(())
    }

    fn known(&self, kid: &str) -> Option<Arc<Key>> {
        self.by_kid
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(kid)
            .cloned()
    }

    async fn fetch_unless_fresh(&self, pause: Duration) -> Result<(), JwksError> {
        let Some(remote) = &self.remote else {
            return Ok(());
        };
        // Held over the fetch, so that a task that waits here finds it done.
        let mut fetched = remote.fetched.lock().await;
        if fetched.is_some_and(|at| at.elapsed() < pause) {
            return Ok(());
        }
        let answer = remote
            .client
            .get(&remote.url)
            .send()
            .await?
            .error_for_status()?;
        self.replace(&answer.json().await?)?;
        *fetched = Some(Instant::now());
        Ok(())
    }
}

fn read(set: &JwkSet, before: &ByKid) -> Result<ByKid, JwksError> {
    let with_kid = set
        .keys
        .iter()
        .filter_map(|jwk| Some((jwk.common.key_id.clone()?, jwk)));
    with_kid
        .map(|(kid, jwk)| {
            let key = match before.get(&kid) {
                Some(known) if known.jwk == *jwk => Arc::clone(known),
                Some(_) | None => Arc::new(Key {
                    kid: kid.clone(),
                    decoding: DecodingKey::from_jwk(jwk)?,
                    jwk: jwk.clone(),
                }),
            };
            Ok((kid, key))
        })
        .collect()
}
