//! Password hashes: argon2id (RFC 9106) with 19 MiB, two passes, one lane, on a pool of its own.
//! The pool and the line before it are bounded, so that a flood of logins costs memory and time that are known.

use std::{sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{self, PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::{JoinError, spawn_blocking},
};

use crate::account::{Password, PresentedPassword};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Waiting longer than this for a thread is as good as no place in the line.
const MAX_WAIT: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, clap::Args)]
pub struct HashingLimits {
    /// Passwords hashed at the same time; each takes 19 MiB and a core.
    #[arg(long, env = "HASHING_THREADS", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub hashing_threads: u32,
    /// Requests that may wait for one of those threads; beyond, the answer is 503.
    #[arg(long, env = "HASHING_LINE", default_value_t = 256, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub hashing_line: u32,
}

#[derive(Clone)]
pub struct Passwords(Arc<Pool>);

struct Pool {
    argon2: Argon2<'static>,
    /// A place for everyone who is hashed or waits.
    places: Arc<Semaphore>,
    threads: Arc<Semaphore>,
    /// Compared with when there is no such account, so that the answer takes as long.
    decoy: String,
}

#[derive(Debug, thiserror::Error)]
pub enum PasswordsError {
    #[error("the line before the hashing threads is full")]
    Full,
    #[error("a password cannot be hashed, or a stored hash not be read")]
    Hash(#[from] password_hash::Error),
    #[error("the hashing thread died")]
    Thread(#[from] JoinError),
}

impl From<PasswordsError> for web::Problem {
    fn from(error: PasswordsError) -> Self {
        match error {
            PasswordsError::Full => Self::unavailable(1).with_cause(&error),
            PasswordsError::Hash(_) | PasswordsError::Thread(_) => Self::internal(&error),
        }
    }
}

impl Passwords {
    pub fn try_new(limits: HashingLimits) -> Result<Self, PasswordsError> {
        let params =
            Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(password_hash::Error::from)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = argon2
            .hash_password(&rand::random::<[u8; 32]>())?
            .to_string();
        let (threads, line) = (
            limits.hashing_threads as usize,
            limits.hashing_line as usize,
        );
        Ok(Self(Arc::new(Pool {
            argon2,
            places: Arc::new(Semaphore::new(threads + line)),
            threads: Arc::new(Semaphore::new(threads)),
            decoy,
        })))
    }

    /// The password's hash as a PHC string, with a fresh salt.
    pub async fn hash(&self, password: Password) -> Result<String, PasswordsError> {
        self.run(move |pool| Ok(pool.argon2.hash_password(password.as_bytes())?.to_string()))
            .await
    }

    /// Whether the password has this hash. Without a hash it never has, which takes as long to say.
    pub async fn verify(
        &self,
        password: PresentedPassword,
        hash: Option<String>,
    ) -> Result<bool, PasswordsError> {
        self.run(move |pool| {
            let stored = PasswordHash::new(hash.as_deref().unwrap_or(&pool.decoy))
                .map_err(password_hash::Error::from)?;
            match pool.argon2.verify_password(password.as_bytes(), &stored) {
                Ok(()) => Ok(hash.is_some()),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Pool) -> Result<T, PasswordsError> + Send + 'static,
    ) -> Result<T, PasswordsError> {
        let permits = self.turn().await?;
        let pool = Arc::clone(&self.0);
        // The permits go along: whoever stops waiting does not stop the thread.
        spawn_blocking(move || {
            let outcome = work(&pool);
            drop(permits);
            outcome
        })
        .await?
    }

    async fn turn(&self) -> Result<[OwnedSemaphorePermit; 2], PasswordsError> {
        let place = Arc::clone(&self.0.places)
            .try_acquire_owned()
            .map_err(|_| PasswordsError::Full)?;
        let thread =
            tokio::time::timeout(MAX_WAIT, Arc::clone(&self.0.threads).acquire_owned()).await;
        let thread = thread
            .map_err(|_| PasswordsError::Full)?
            .map_err(|_| PasswordsError::Full)?;
        Ok([place, thread])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(hashing_threads: u32, hashing_line: u32) -> Passwords {
        Passwords::try_new(HashingLimits {
            hashing_threads,
            hashing_line,
        })
        .unwrap()
    }

    fn chosen(text: &str) -> Password {
        text.to_owned().try_into().unwrap()
    }

    fn presented(text: &str) -> PresentedPassword {
        text.to_owned().try_into().unwrap()
    }

    #[tokio::test]
    async fn a_hash_names_its_parameters_and_fits_one_password() {
        let passwords = pool(1, 4);
        let hash = passwords.hash(chosen("correct horse")).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert_ne!(
            hash,
            passwords.hash(chosen("correct horse")).await.unwrap(),
            "each has its own salt"
        );
        assert!(
            passwords
                .verify(presented("correct horse"), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(presented("battery staple"), Some(hash))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(presented("correct horse"), None)
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn a_full_line_is_refused_at_once() {
        let passwords = pool(1, 0);
        let held = passwords.turn().await.unwrap();
        assert!(matches!(
            passwords.hash(chosen("correct horse")).await,
            Err(PasswordsError::Full)
        ));
        drop(held);
        assert!(passwords.hash(chosen("correct horse")).await.is_ok());
    }

    #[tokio::test]
    async fn an_unreadable_hash_is_our_failure_and_not_a_wrong_password() {
        let outcome = pool(1, 0)
            .verify(presented("correct horse"), Some("nonsense".to_owned()))
            .await;
        assert!(matches!(outcome, Err(PasswordsError::Hash(_))));
    }
}
