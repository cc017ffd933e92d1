//! Operators that a test starts itself: several over one namespace, stopped, or killed.

use crate::scene::definition;
use axum::http::{Method, Request, Uri};
use clap::Parser as _;
use ecommercestack_operator::{
    config::Config,
    kube::{readiness::Readiness, skew::Definition},
    run::work,
};
use futures::FutureExt as _;
use kube::{
    Client,
    client::{Body, ClientBuilder},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};
use tower::util::MapRequestLayer;

pub struct Operator {
    task: JoinHandle<anyhow::Result<()>>,
    stop: oneshot::Sender<()>,
    writes: Arc<AtomicUsize>,
    status_writes: Arc<AtomicUsize>,
    is_cut: Arc<AtomicBool>,
}

impl Drop for Operator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Operator {
    pub async fn start(arguments: &[&str]) -> Self {
        let config = kube::Config::infer().await.unwrap();
        Self::start_with(config, arguments)
    }

    /// An operator with the rights of a user only.
    pub async fn start_as(user: &str, arguments: &[&str]) -> Self {
        let mut config = kube::Config::infer().await.unwrap();
        config.auth_info.impersonate = Some(user.to_owned());
        Self::start_with(config, arguments)
    }

    fn start_with(config: kube::Config, arguments: &[&str]) -> Self {
        let (writes, status_writes) =
            (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let is_cut = Arc::<AtomicBool>::default();
        let (of_children, of_stacks) = (writes.clone(), status_writes.clone());
        let cut = is_cut.clone();
        let layer = MapRequestLayer::new(move |mut request: Request<Body>| {
            let path = request.uri().path();
            if path.contains("/leases") && cut.load(Ordering::Relaxed) {
                // Which takes no writes.
                *request.uri_mut() = Uri::from_static("/version");
            } else if request.method() != Method::GET {
                if path.contains("/ecommercestacks") {
                    of_stacks.fetch_add(1, Ordering::Relaxed);
                } else if !path.contains("/leases") && !path.contains("/events") {
                    of_children.fetch_add(1, Ordering::Relaxed);
                }
            }
            request
        });
        let client = ClientBuilder::try_from(config).unwrap();
        let client = client.with_layer(&layer).build();
        let run = [&["operator", "--resync", "2s"], arguments].concat();
        let config = Config::parse_from(run).run;
        let readiness = Readiness::new(&config.scopes());
        let (stop, stopped) = oneshot::channel();
        let stopped = stopped.map(|_| ()).boxed().shared();
        let task = tokio::spawn(async move {
            // This client may not be allowed to.
            let anybody = Client::try_default().await.unwrap();
            let known = Definition::of(&definition(&anybody).await);
            work(client, &config, known, readiness, stopped).await
        });
        Self {
            task,
            stop,
            writes,
            status_writes,
            is_cut,
        }
    }

    /// The number of its writes, without those of statuses, Leases and Events.
    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }

    /// The number of its writes of statuses.
    pub fn status_writes(&self) -> usize {
        self.status_writes.load(Ordering::Relaxed)
    }

    /// As by SIGTERM; returns when it has ended.
    pub async fn stop(self) {
        let mut this = self;
        let (stop, _) = oneshot::channel();
        std::mem::replace(&mut this.stop, stop).send(()).unwrap();
        (&mut this.task).await.unwrap().unwrap();
    }

    /// As by kill -9.
    pub async fn kill(mut self) {
        self.task.abort();
        (&mut self.task).await.ok();
    }

    /// From now on it cannot reach its Lease.
    pub fn cut_from_its_lease(&self) {
        self.is_cut.store(true, Ordering::Relaxed);
    }

    /// Waits until it ends by itself, and returns the reason.
    pub async fn ends(mut self) -> String {
        let ended = timeout(Duration::from_mins(1), &mut self.task).await;
        let ended = ended.expect("it goes on");
        ended.unwrap().unwrap_err().to_string()
    }
}
