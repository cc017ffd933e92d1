//! Background tasks of a process, supervised: none of them may end before the process does. One that returns or panics
//! ends the process with an error, after a drain like that of SIGTERM, and the kubelet starts it again.

use std::{any::Any, collections::HashMap, future::Future};

use tokio::{
    sync::watch,
    task::{Id, JoinError, JoinSet},
};
use tracing::error;

/// The tasks beside a server, and the signal at which all of them end.
pub struct Tasks {
    running: JoinSet<()>,
    names: HashMap<Id, &'static str>,
    stop: watch::Sender<bool>,
}

/// A background task that ended before the process was told to.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TaskError {
    #[error("the background task {0} ended")]
    Ended(&'static str),
    #[error("the background task {0} panicked: {1}")]
    Panicked(&'static str, String),
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
            names: HashMap::new(),
            stop,
        }
    }

    /// Turns true at the signal, and when a task has ended too early.
    pub fn stop(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// `name` is for logs and metrics: `saga_loop`. The task ends once [`Self::stop`] turns true, and not before.
    pub fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        #[cfg(feature = "fail-points")]
        let task = fail_point::breakable(name, task);
        let id = self.running.spawn(task).id();
        self.names.insert(id, name);
    }

    /// Runs `server`, which ends once [`Self::stop`] turns true; then waits until the tasks have ended what is under way.
    pub async fn beside<E: From<TaskError>>(
        mut self,
        server: impl Future<Output = Result<(), E>>,
    ) -> Result<(), E> {
        tokio::pin!(server);
        let mut first = None;
        let served = loop {
            tokio::select! {
                served = &mut server => break served,
                Some(ended) = self.running.join_next_with_id() => {
                    if let Some(failure) = self.failure(ended) {
                        self.stop.send_replace(true);
                        first.get_or_insert(failure);
                    }
                }
            }
        };
        self.stop.send_replace(true);
        while let Some(ended) = self.running.join_next_with_id().await {
            if let Some(failure) = self.failure(ended) {
                first.get_or_insert(failure);
            }
        }
        served?;
        first.map_or(Ok(()), |failure| Err(failure.into()))
    }

    /// `None`: it ended as it was told to.
    fn failure(&self, ended: Result<(Id, ()), JoinError>) -> Option<TaskError> {
        let name = |id| self.names.get(&id).copied().unwrap_or("unknown");
        let failure = match ended {
            Ok(_) if *self.stop.borrow() => return None,
            Ok((id, ())) => TaskError::Ended(name(id)),
            Err(error) => {
                let name = name(error.id());
                metrics::counter!("ecommercestack_background_panics_total", "task" => name)
                    .increment(1);
                let panic = error.try_into_panic();
                TaskError::Panicked(
                    name,
                    panic.map_or_else(|error| error.to_string(), |payload| message(&*payload)),
                )
            }
        };
        error!(error = %failure, "background task failed; stopping the process");
        Some(failure)
    }
}

/// What a panic said.
fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(feature = "fail-points")]
mod fail_point {
    use std::{future::Future, time::Duration};

    /// The task, or what `FAIL_TASK` makes of it: `saga_loop:panic` or `saga_loop:end`, a moment after the start.
    #[expect(
        clippy::disallowed_methods,
        clippy::panic,
        reason = "for tests; it does not exist in a release"
    )]
    pub(crate) async fn breakable(name: &'static str, task: impl Future<Output = ()>) {
        let setting = std::env::var("FAIL_TASK").unwrap_or_default();
        let Some((_, how)) = setting.split_once(':').filter(|(task, _)| *task == name) else {
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
    async fn at_the_signal_all_end_without_an_error() {
        let (signal, mut tasks) = tasks();
        tasks.spawn("one", until(tasks.stop()));
        let stop = tasks.stop();
        signal.send_replace(true);
        assert_eq!(tasks.beside(serve(stop)).await, Ok(()));
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
