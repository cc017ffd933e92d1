//! The keys that sign access tokens (ES256, RFC 9068): a folder of PKCS#8 files, one of which is active.
//! The folder is reread while the service runs, so that a rotation needs no restart.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use access::{Claims, JwksError, TOKEN_TYPE, TokenScope, Verifier};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header, encode,
    jwk::{Jwk, JwkSet, PublicKeyUse},
};
use tokio::sync::watch;
use tracing::{info, warn};
use web::server::stopped;

const RELOAD: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error("cannot read {path}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the key {kid} is not a P-256 private key in PKCS#8")]
    Key {
        kid: String,
        source: jsonwebtoken::errors::Error,
    },
    #[error("the active key {kid} is not among the keys")]
    ActiveMissing { kid: String },
    #[error("the keys cannot verify signatures")]
    Verifier(#[from] JwksError),
}

/// The contents of the folder: which key signs, and every key by its id.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyFiles {
    pub active: String,
    pub pem_by_kid: BTreeMap<String, String>,
}

impl KeyFiles {
    /// Reads `active` and every `<kid>.pem`.
    pub fn read(folder: &Path) -> Result<Self, SigningError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| SigningError::Unreadable { path, source }
        };
        let text = |path: &Path| std::fs::read_to_string(path).map_err(unreadable(path));
        let mut pem_by_kid = BTreeMap::new();
        for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
            let path = entry.map_err(unreadable(folder))?.path();
            let is_pem = path.extension().is_some_and(|extension| extension == "pem");
            if let Some(kid) = path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .filter(|_| is_pem)
            {
                pem_by_kid.insert(kid.to_owned(), text(&path)?);
            }
        }
        Ok(Self {
            active: text(&folder.join("active"))?.trim().to_owned(),
            pem_by_kid,
        })
    }
}

/// The keys of the folder at one time: they sign, verify and are published together.
pub struct KeyRing {
    /// Issuer and audience of the tokens.
    pub scope: TokenScope,
    header: Header,
    key: EncodingKey,
    pub jwks: JwkSet,
    pub verifier: Verifier,
}

impl KeyRing {
    pub fn try_new(files: &KeyFiles, scope: &TokenScope) -> Result<Self, SigningError> {
        let mut active = None;
        let mut jwks = JwkSet { keys: Vec::new() };
        for (kid, pem) in &files.pem_by_kid {
            let unusable = |source| SigningError::Key {
                kid: kid.clone(),
                source,
            };
            let key = EncodingKey::from_ec_pem(pem.as_bytes()).map_err(unusable)?;
            let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256).map_err(unusable)?;
            jwk.common.key_id = Some(kid.clone());
            jwk.common.public_key_use = Some(PublicKeyUse::Signature);
            jwks.keys.push(jwk);
            if *kid == files.active {
                active = Some(key);
            }
        }
        let key = active.ok_or_else(|| SigningError::ActiveMissing {
            kid: files.active.clone(),
        })?;
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(TOKEN_TYPE.to_owned());
        header.kid = Some(files.active.clone());
        let verifier = Verifier::local(scope, &jwks)?;
        Ok(Self {
            scope: scope.clone(),
            header,
            key,
            jwks,
            verifier,
        })
    }

    pub fn sign(&self, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
        encode(&self.header, claims, &self.key)
    }
}

/// The current key ring.
#[derive(Clone)]
pub struct SigningKeys(Arc<RwLock<Arc<KeyRing>>>);

impl SigningKeys {
    pub fn try_new(files: &KeyFiles, scope: &TokenScope) -> Result<Self, SigningError> {
        let ring = KeyRing::try_new(files, scope)?;
        Ok(Self(Arc::new(RwLock::new(Arc::new(ring)))))
    }

    pub fn ring(&self) -> Arc<KeyRing> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn replace(&self, files: &KeyFiles) -> Result<(), SigningError> {
        let ring = Arc::new(KeyRing::try_new(files, &self.ring().scope)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }

    /// Loads changes of the folder until `stop`; a folder that cannot be read leaves the keys unchanged.
    pub async fn follow(self, folder: PathBuf, mut files: KeyFiles, stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = stopped(stop.clone()) => return,
                () = tokio::time::sleep(RELOAD) => {}
            }
            if let Err(error) = self.reload(&folder, &mut files) {
                warn!(
                    error = &error as &dyn std::error::Error,
                    "cannot reload the token keys; keeping the current ones"
                );
            }
        }
    }

    fn reload(&self, folder: &Path, files: &mut KeyFiles) -> Result<(), SigningError> {
        let read = KeyFiles::read(folder)?;
        if read != *files {
            self.replace(&read)?;
            info!(
                key.active = read.active,
                key.count = read.pem_by_kid.len(),
                "loaded new token keys"
            );
            *files = read;
        }
        Ok(())
    }
}
