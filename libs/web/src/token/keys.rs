//! The public keys of a stack: fixed for auth itself, fetched from its JWKS by everyone else.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jsonwebtoken::{DecodingKey, jwk::JwkSet};
use tokio::{sync::Mutex, time::Instant};
use tracing::warn;

/// An unknown kid refetches at most this often (ORDERS 29).
const REFETCH_PAUSE: Duration = Duration::from_secs(10);
/// Known keys are renewed this often, so that a key taken out of the JWKS stops counting.
const RENEWAL: Duration = Duration::from_mins(1);

#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    #[error("the JWKS cannot be fetched")]
    Fetch(#[from] reqwest::Error),
    #[error("the JWKS holds a key that cannot be read")]
    Key(#[from] jsonwebtoken::errors::Error),
}

pub(super) struct Keys {
    by_kid: RwLock<HashMap<String, Arc<DecodingKey>>>,
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
            by_kid: RwLock::new(decoding_keys(set)?),
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

    /// The key of this kid. `Ok(None)`: there is none; an error: nobody could be asked.
    pub(super) async fn find(&self, kid: &str) -> Result<Option<Arc<DecodingKey>>, JwksError> {
        if let Some(key) = self.known(kid) {
            return Ok(Some(key));
        }
        self.fetch_unless_fresh(REFETCH_PAUSE).await?;
        Ok(self.known(kid))
    }

    /// Renews the keys for as long as the process runs; with the old ones in place when auth cannot be reached.
    pub(super) async fn keep_fresh(&self) {
        loop {
            if let Err(error) = self.fetch_unless_fresh(REFETCH_PAUSE).await {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "kept the known token keys"
                );
            }
            tokio::time::sleep(RENEWAL).await;
        }
    }

    fn known(&self, kid: &str) -> Option<Arc<DecodingKey>> {
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
        // Held over the fetch: whoever waits here finds it done.
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
        let keys = decoding_keys(&answer.json().await?)?;
        *self.by_kid.write().unwrap_or_else(PoisonError::into_inner) = keys;
        *fetched = Some(Instant::now());
        Ok(())
    }
}

fn decoding_keys(set: &JwkSet) -> Result<HashMap<String, Arc<DecodingKey>>, JwksError> {
    let with_kid = set
        .keys
        .iter()
        .filter_map(|key| Some((key.common.key_id.clone()?, key)));
    with_kid
        .map(|(kid, key)| Ok((kid, Arc::new(DecodingKey::from_jwk(key)?))))
        .collect()
}
