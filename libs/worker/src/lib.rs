//! Background tasks of a process, supervised: none of them may end before the process does. One that returns or panics
//! ends the process with an error, after a drain like that of SIGTERM, and the kubelet starts it again. What a task does for one
//! item of many is isolated, so that an item that makes it panic fails alone.

mod bisection;
mod isolated;
mod rounds;

use std::{collections::HashMap, future::Future, time::Duration};

use tokio::{
    sync::watch,
    task::{AbortHandle, Id, JoinError, JoinSet},
};
use tracing::error;

pub use self::{
    bisection::Bisection,
    isolated::{Panicked, isolated, isolating},
    rounds::{Round, rounds},
};

/// What tasks have to end what is under way, once the server has drained.
const DRAIN: Duration = Duration::from_secs(10);

/// The tasks beside a server, and the signal at which all of them end.
pub struct Tasks {
    running: JoinSet<()>,
    started: HashMap<Id, (&'static str, Ends)>,
    /// Those that end with the server.
    of_server: Vec<AbortHandle>,
    stop: watch::Sender<bool>,
}

/// When a task may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    AtStop,
    WithServer,
    WhenDone,
}

/// A background task that ended before the process was told to.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TaskError {
    #[error("the background task {0} ended")]
    Ended(&'static str),
    #[error("the background task {0} panicked: {1}")]
    Panicked(&'static str, String),
    #[error("{0} background tasks did not end in time")]
    Unfinished(usize),
}

impl Tasks {
    /// `signal` turns true when the process is told to stop.
    pub fn new(mut signal: watch::Receiver<bool>) -> Self {
        let stop = watch::Sender::new(false);
        let forward = stop.clone();
        tokio::spawn(async move {
            // A sender that is gone will never stop us: the same as stopping.
            let _ = signal.wait_for(|stop| *stop).await;
            forward.send_replace(true);
        });
        Self {
            running: JoinSet::new(),
            started: HashMap::new(),
            of_server: Vec::new(),
            stop,
        }
    }

    /// Turns true at the signal, and when a task has ended too early.
    pub fn stop(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// `name` is for logs and metrics: `saga_loop`. The task ends once [`Self::stop`] turns true, and not before.
    pub fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.start(name, Ends::AtStop, task);
    }

    /// A task that has an end of its own. It gives up once [`Self::stop`] turns true.
    pub fn spawn_once(
        &mut self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        self.start(name, Ends::WhenDone, task);
    }

    /// A task that requests need until the last of them is answered. It never ends by itself, and is cut off when the
    /// server has drained.
    pub fn spawn_for_server(
        &mut self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let handle = self.start(name, Ends::WithServer, task);
        self.of_server.push(handle);
    }

    fn start(
        &mut self,
        name: &'static str,
        ends: Ends,
        task: impl Future<Output = ()> + Send + 'static,
    ) -> AbortHandle {
        #[cfg(feature = "fail-points")]
        let task = fail_point::breakable(name, task);
        let handle = self.running.spawn(task);
        self.started.insert(handle.id(), (name, ends));
        handle
    }

    /// Runs `server`, which ends once [`Self::stop`] turns true; then waits until the tasks have ended what is under way.
    pub async fn beside<E: From<TaskError>>(
        mut self,
        server: impl Future<Output = Result<(), E>>,
    ) -> Result<(), E> {
        tokio::pin!(server);
        let mut first = None;
        let outcome = loop {
            tokio::select! {
                outcome = &mut server => break outcome,
                Some(ended) = self.running.join_next_with_id() => {
                    if let Some(failure) = self.failure(ended) {
                        self.stop.send_replace(true);
                        first.get_or_insert(failure);
                    }
                }
            }
        };
        self.stop.send_replace(true);
        self.of_server.iter().for_each(AbortHandle::abort);
        let drained = async {
            while let Some(ended) = self.running.join_next_with_id().await {
                if let Some(failure) = self.failure(ended) {
                    first.get_or_insert(failure);
                }
            }
        };
        if tokio::time::timeout(DRAIN, drained).await.is_err() {
            let tasks = self.running.len();
            error!(tasks, "background tasks did not end in time");
            first.get_or_insert(TaskError::Unfinished(tasks));
        }
        outcome?;
        first.map_or(Ok(()), |failure| Err(failure.into()))
    }

    /// `None`: it ended as it was told to.
    fn failure(&self, ended: Result<(Id, ()), JoinError>) -> Option<TaskError> {
        let id = match &ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        let (name, ends) = *self.started.get(&id)?;
        let failure = match ended {
            Ok(_) if ends == Ends::WhenDone || *self.stop.borrow() => return None,
            Ok(_) => TaskError::Ended(name),
            Err(error) => {
                // An error without a panic is that of a task that was cut off.
                let payload = error.try_into_panic().ok()?;
                TaskError::Panicked(name, Panicked::counted(name, &*payload).0)
            }
        };
        error!(error = %failure, "background task failed; stopping the process");
        Some(failure)
    }
}

/// Waits, and says whether the process was told to stop meanwhile, or nothing is left that could tell it.
pub async fn stopped_within(stop: &mut watch::Receiver<bool>, pause: Duration) -> bool {
    let stopped = stop.wait_for(|stop| *stop);
    tokio::time::timeout(pause, stopped).await.is_ok()
}

#[cfg(feature = "fail-points")]
mod fail_point {
    use std::{future::Future, time::Duration};

    /// The task, or what `FAIL_TASK` makes of it: `saga_loop:panic` or `saga_loop:end`, a moment after the start.
    pub(crate) async fn breakable(name: &'static str, task: impl Future<Output = ()>) {
        let Some(how) = fail_points::setting("FAIL_TASK", name) else {
            return task.await;
        };
        tokio::select! {
            () = task => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {
                assert!(how == "end", "failed on demand");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        time::Duration,
    };

    use super::*;

    fn tasks() -> (watch::Sender<bool>, Tasks) {
        let (signal, receiver) = watch::channel(false);
        (signal, Tasks::new(receiver))
    }

    async fn until(mut stop: watch::Receiver<bool>) {
        let _ = stop.wait_for(|stop| *stop).await;
    }

    async fn serve(stop: watch::Receiver<bool>) -> Result<(), TaskError> {
        until(stop).await;
        Ok(())
    }

    #[tokio::test]
    async fn a_task_that_ends_ends_the_process() {
        let (_signal, mut tasks) = tasks();
        tasks.spawn("short", async {});
        let stop = tasks.stop();
        assert_eq!(
            tasks.beside(serve(stop)).await,
            Err(TaskError::Ended("short"))
        );
    }

    #[tokio::test]
    async fn a_task_that_panics_ends_the_process_after_the_others_have_drained() {
        let (_signal, mut tasks) = tasks();
        let drained = Arc::new(AtomicBool::new(false));
        let (stop, mark) = (tasks.stop(), Arc::clone(&drained));
        tasks.spawn("patient", async move {
            until(stop).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            mark.store(true, Ordering::Relaxed);
        });
        tasks.spawn("broken", async { panic!("on purpose") });
        let stop = tasks.stop();
        assert_eq!(
            tasks.beside(serve(stop)).await,
            Err(TaskError::Panicked("broken", "on purpose".into()))
        );
        assert!(drained.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn a_task_with_an_end_of_its_own_may_end_and_not_panic() {
        let (signal, mut tasks) = tasks();
        tasks.spawn_once("done", async {});
        let stop = tasks.stop();
        let signalled = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            signal.send_replace(true);
        };
        let (served, ()) = tokio::join!(tasks.beside(serve(stop)), signalled);
        assert_eq!(served, Ok(()));

        let (_signal, mut tasks) = self::tasks();
        tasks.spawn_once("broken", async { panic!("on purpose") });
        let stop = tasks.stop();
        let failed = TaskError::Panicked("broken", "on purpose".into());
        assert_eq!(tasks.beside(serve(stop)).await, Err(failed));
    }

    #[tokio::test]
    async fn at_the_signal_all_end_without_an_error() {
        let (signal, mut tasks) = tasks();
        tasks.spawn("one", until(tasks.stop()));
        let stop = tasks.stop();
        signal.send_replace(true);
        assert_eq!(tasks.beside(serve(stop)).await, Ok(()));
    }

    #[tokio::test]
    async fn what_requests_need_goes_on_until_the_server_has_drained() {
        let (signal, mut tasks) = tasks();
        let (queue, mut asked) = tokio::sync::mpsc::channel::<tokio::sync::oneshot::Sender<()>>(1);
        tasks.spawn_for_server("reader", async move {
            while let Some(answer) = asked.recv().await {
                let _ = answer.send(());
            }
        });
        let stop = tasks.stop();
        signal.send_replace(true);
        let served = tasks.beside(async {
            until(stop).await;
            let (answer, answered) = tokio::sync::oneshot::channel();
            let _ = queue.send(answer).await;
            answered.await.map_err(|_| TaskError::Ended("reader"))
        });
        assert_eq!(served.await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_end_holds_the_process_only_so_long() {
        let (_signal, mut tasks) = tasks();
        tasks.spawn("stuck", std::future::pending());
        tasks.spawn("short", async {});
        let stop = tasks.stop();
        let begun = tokio::time::Instant::now();
        let failed = tasks.beside(serve(stop)).await;
        assert_eq!(failed, Err(TaskError::Ended("short")), "the first is told");
        assert_eq!(begun.elapsed(), DRAIN);
    }

    #[tokio::test]
    async fn a_server_that_fails_ends_the_tasks() {
        let (_signal, mut tasks) = tasks();
        tasks.spawn("one", until(tasks.stop()));
        let served = tasks
            .beside(async { Err(TaskError::Ended("server")) })
            .await;
        assert_eq!(served, Err(TaskError::Ended("server")));
    }
}
