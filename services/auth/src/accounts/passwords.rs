//! Password hashes: argon2id (RFC 9106) with 19 MiB, two passes, one lane, on a pool of its own.
//! The pool and its queue are bounded and its threads have a low priority, so that a flood of logins costs a known amount of
//! memory and time, and takes no time from orders on the same machine.

use std::{
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{
        self, PasswordHasher, PasswordVerifier,
        phc::{Output, PasswordHash},
    },
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tracing::warn;

use super::model::{Password, PresentedPassword};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// A request that waits longer than this for a thread is refused as if the queue were full.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// A thread with this niceness has a thirtieth of the weight of a thread that serves requests on the same core.
const NICENESS: i32 = 15;

/// The largest default; more threads need a setting, and memory for them.
const USUAL_MOST_THREADS: u32 = 4;

type Job = Box<dyn FnOnce(&Argon2<'static>) + Send>;

#[derive(Clone, Copy, Debug, clap::Args)]
pub struct HashingLimits {
    /// Passwords hashed at the same time; each takes 19 MiB and a core. By default one for each core of this process, up
    /// to four: more would only evict each other's memory from the caches.
    #[arg(long, env = "HASHING_THREADS", default_value_t = cores(), value_parser = clap::value_parser!(u32).range(1..=64))]
    pub hashing_threads: u32,
    /// Requests that may wait for one of those threads; further requests get 503.
    #[arg(long, env = "HASHING_LINE", default_value_t = 256, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub hashing_line: u32,
}

/// The cores that the pod's limit allows, up to `USUAL_MOST_THREADS`.
fn cores() -> u32 {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    u32::try_from(cores)
        .unwrap_or(u32::MAX)
        .min(USUAL_MOST_THREADS)
}

#[derive(Clone)]
pub struct Passwords(Arc<Pool>);

/// A place in the queue of the hashing threads.
pub struct Place(
    #[expect(dead_code, reason = "the permit is returned when it is dropped")] OwnedSemaphorePermit,
);

struct Pool {
    jobs: mpsc::Sender<Job>,
    /// A place for each request that is hashed or waits.
    places: Arc<Semaphore>,
    threads: Arc<Semaphore>,
    /// The hash that a password is verified against if the account does not exist, so that the response takes as long.
    decoy: Arc<str>,
}

#[derive(Debug, thiserror::Error)]
pub enum PasswordsError {
    #[error("password hashing queue is full")]
    Full,
    #[error("cannot hash a password or read a stored hash")]
    Hash(#[from] password_hash::Error),
    #[error("the hashing thread ended unexpectedly")]
    Thread,
    #[error("cannot start a hashing thread")]
    Start(#[source] std::io::Error),
}

impl Passwords {
    pub fn try_new(limits: HashingLimits) -> Result<Self, PasswordsError> {
        let params =
            Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(password_hash::Error::from)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let decoy = argon2
            .hash_password(&rand::random::<[u8; 32]>())?
            .to_string()
            .into();
        let threads = limits.hashing_threads as usize;
        let queue = limits.hashing_line as usize;
        let (jobs, queued) = mpsc::channel();
        let queued = Arc::new(Mutex::new(queued));
        for _ in 0..threads {
            let (argon2, queued) = (argon2.clone(), Arc::clone(&queued));
            thread::Builder::new()
                .name("hashing".to_owned())
                .spawn(move || hash_in_turn(&argon2, &queued))
                .map_err(PasswordsError::Start)?;
        }
        Ok(Self(Arc::new(Pool {
            jobs,
            places: Arc::new(Semaphore::new(threads + queue)),
            threads: Arc::new(Semaphore::new(threads)),
            decoy,
        })))
    }

    /// The password's hash as a PHC string, with a fresh salt.
    pub async fn hash(&self, place: Place, password: Password) -> Result<String, PasswordsError> {
        self.run(place, move |argon2| {
            Ok(argon2.hash_password(password.as_bytes())?.to_string())
        })
        .await
    }

    /// Whether the password has this hash. Without a hash the result is false, after the same time.
    pub async fn verify(
        &self,
        place: Place,
        password: PresentedPassword,
        hash: Option<String>,
    ) -> Result<bool, PasswordsError> {
        let decoy = Arc::clone(&self.0.decoy);
        self.run(place, move |argon2| {
            let stored = PasswordHash::new(hash.as_deref().unwrap_or(&decoy))
                .map_err(password_hash::Error::from)?;
            match argon2.verify_password(password.as_bytes(), &stored) {
                Ok(()) => Ok(hash.is_some()),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    /// The hash of a password that no one knows: its verification takes the same time as any other, and fails.
    pub fn unknown_hash(&self) -> &str {
        &self.0.decoy
    }

    /// Whether the hash was made with other parameters than those of today.
    pub fn is_outdated(&self, hash: &str) -> bool {
        match (PasswordHash::new(hash), PasswordHash::new(&self.0.decoy)) {
            (Ok(stored), Ok(current)) => parameters(&stored) != parameters(&current),
            // An unreadable hash is an error of its verification.
            (Err(_), _) | (_, Err(_)) => false,
        }
    }

    /// The hash of a password that was verified, if a thread is idle. It never waits, since the user waits for it.
    pub async fn hash_if_idle(
        &self,
        password: PresentedPassword,
    ) -> Result<Option<String>, PasswordsError> {
        let thread = Arc::clone(&self.0.threads).try_acquire_owned();
        let (Ok(thread), Ok(place)) = (thread, self.place()) else {
            return Ok(None);
        };
        let work = move |argon2: &Argon2<'static>| {
            Ok(argon2.hash_password(password.as_bytes())?.to_string())
        };
        self.run_on(thread, place, work).await.map(Some)
    }

    /// A place in the queue; `Full` at once if there is none.
    pub fn place(&self) -> Result<Place, PasswordsError> {
        let place = Arc::clone(&self.0.places).try_acquire_owned();
        place.map(Place).map_err(|_| PasswordsError::Full)
    }

    async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce(&Argon2<'static>) -> Result<T, PasswordsError> + Send + 'static,
    ) -> Result<T, PasswordsError> {
        let thread = Arc::clone(&self.0.threads).acquire_owned();
        let Ok(Ok(thread)) = tokio::time::timeout(MAX_WAIT, thread).await else {
            return Err(PasswordsError::Full);
        };
        self.run_on(thread, place, work).await
    }

    async fn run_on<T: Send + 'static>(
        &self,
        thread: OwnedSemaphorePermit,
        place: Place,
        work: impl FnOnce(&Argon2<'static>) -> Result<T, PasswordsError> + Send + 'static,
    ) -> Result<T, PasswordsError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |argon2| {
            let outcome = work(argon2);
            // The job holds the permits: a caller that stops waiting does not stop the thread.
            drop((place, thread));
            // A caller that stopped waiting does not receive the outcome.
            let _ = answer.send(outcome);
        });
        self.0.jobs.send(job).map_err(|_| PasswordsError::Thread)?;
        answered.await.map_err(|_| PasswordsError::Thread)?
    }
}

/// Everything in a hash that the password and the salt do not decide.
fn parameters(hash: &PasswordHash) -> impl PartialEq + use<> {
    let length = hash.hash.as_ref().map(Output::len);
    (hash.algorithm, hash.version, hash.params.clone(), length)
}

/// Hashes until the pool is dropped, at a low priority: a flood of logins must not slow orders.
fn hash_in_turn(argon2: &Argon2<'static>, jobs: &Mutex<mpsc::Receiver<Job>>) {
    // On Linux this applies to the thread and not to the process.
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        warn!(
            error = &error as &dyn std::error::Error,
            "passwords are hashed with the priority of requests"
        );
    }
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // A job that panics sends no outcome, and the thread continues.
        let _ = catch_unwind(AssertUnwindSafe(|| job(argon2)));
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

    async fn hashed(passwords: &Passwords) -> Result<String, PasswordsError> {
        passwords
            .hash(passwords.place()?, chosen("correct horse"))
            .await
    }

    #[tokio::test]
    async fn a_hash_names_its_parameters_and_fits_one_password() {
        let passwords = pool(1, 4);
        let hash = hashed(&passwords).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert_ne!(
            hash,
            hashed(&passwords).await.unwrap(),
            "each hash has its own salt"
        );
        assert!(
            passwords
                .verify(
                    passwords.place().unwrap(),
                    presented("correct horse"),
                    Some(hash.clone())
                )
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(
                    passwords.place().unwrap(),
                    presented("battery staple"),
                    Some(hash)
                )
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(passwords.place().unwrap(), presented("correct horse"), None)
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn a_hash_with_other_parameters_is_outdated() {
        let passwords = pool(1, 4);
        let current = hashed(&passwords).await.unwrap();
        assert!(!passwords.is_outdated(&current));
        for (of_today, other) in [
            ("m=19456", "m=8192"),
            ("t=2", "t=3"),
            ("p=1", "p=2"),
            ("v=19", "v=16"),
            ("argon2id", "argon2i"),
        ] {
            let other = current.replacen(of_today, other, 1);
            assert!(passwords.is_outdated(&other), "{other}");
        }
        assert!(!passwords.is_outdated("nonsense"));
    }

    #[tokio::test]
    async fn a_renewal_waits_for_no_thread() {
        let passwords = pool(1, 4);
        let renewed = || passwords.hash_if_idle(presented("correct horse"));
        let busy = Arc::clone(&passwords.0.threads).try_acquire_owned();
        assert_eq!(renewed().await.unwrap(), None);
        drop(busy);
        let hash = renewed().await.unwrap();
        let place = passwords.place().unwrap();
        let fits = passwords.verify(place, presented("correct horse"), hash);
        assert!(fits.await.unwrap());
    }

    #[tokio::test]
    async fn a_request_is_refused_at_once_when_the_queue_is_full() {
        let passwords = pool(1, 0);
        let held = passwords.place().unwrap();
        assert!(matches!(
            hashed(&passwords).await,
            Err(PasswordsError::Full)
        ));
        drop(held);
        assert!(hashed(&passwords).await.is_ok());
    }

    #[tokio::test]
    async fn an_unreadable_hash_is_an_internal_error_and_not_a_wrong_password() {
        let passwords = pool(1, 0);
        let outcome = passwords
            .verify(
                passwords.place().unwrap(),
                presented("correct horse"),
                Some("nonsense".to_owned()),
            )
            .await;
        assert!(matches!(outcome, Err(PasswordsError::Hash(_))));
    }

    #[tokio::test]
    async fn hashing_threads_have_a_low_priority_and_request_threads_do_not() {
        let passwords = pool(2, 0);
        let niceness = |_: &Argon2<'static>| {
            let own = rustix::process::getpriority_process(None).unwrap();
            Ok((own, thread::current().name().map(ToOwned::to_owned)))
        };
        let place = passwords.place().unwrap();
        let hashing = passwords.run(place, niceness).await.unwrap();
        assert_eq!(hashing, (NICENESS, Some("hashing".to_owned())));
        let own = rustix::process::getpriority_process(None).unwrap();
        assert!(own < NICENESS, "this thread: {own}");
    }

    /// CPU time of the one hashing thread.
    async fn used(passwords: &Passwords) -> Duration {
        let place = passwords.place().unwrap();
        let clock = |_: &Argon2<'static>| {
            let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
            Ok(Duration::try_from(time).unwrap())
        };
        passwords.run(place, clock).await.unwrap()
    }

    /// The costs are CPU time, which does not depend on the load of the machine.
    #[tokio::test]
    async fn a_password_without_a_stored_hash_is_hashed_all_the_same() {
        let passwords = pool(1, 0);
        let hash = hashed(&passwords).await.unwrap();
        let mut costs = Vec::new();
        for hash in [Some(hash), None] {
            let before = used(&passwords).await;
            let (place, password) = (passwords.place().unwrap(), presented("battery staple"));
            let fits = passwords.verify(place, password, hash).await.unwrap();
            assert!(!fits);
            costs.push(used(&passwords).await.saturating_sub(before));
        }
        // Without hashing, the second cost would be a thousandth of the first.
        assert!(costs[1] > costs[0] / 10, "{costs:?}");
    }

    #[tokio::test]
    async fn a_panic_loses_no_thread_and_no_place() {
        let passwords = pool(1, 0);
        for _ in 0..3 {
            let place = passwords.place().unwrap();
            let outcome = passwords
                .run(place, |_| -> Result<(), PasswordsError> {
                    panic!("on purpose")
                })
                .await;
            assert!(matches!(outcome, Err(PasswordsError::Thread)));
        }
        assert!(hashed(&passwords).await.is_ok());
    }
}
