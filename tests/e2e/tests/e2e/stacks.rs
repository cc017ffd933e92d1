//! The stacks that scenarios share; the first scenario that needs one creates it.

use e2e::{Cluster, Namespace, Stack};
use serde_json::json;
use tokio::sync::{Mutex, MutexGuard};

/// A stack for scenarios that only use the shop, with two replicas of product and order.
pub struct Calm {
    pub namespace: Namespace,
    pub stack: Stack,
}

/// A stack for scenarios that break things, which use it one at a time.
pub struct Rough {
    pub namespace: Namespace,
    pub stack: Stack,
    _turn: MutexGuard<'static, ()>,
}

pub async fn calm() -> Calm {
    let cluster = Cluster::connect_for_scenario().await.unwrap();
    let namespace = Namespace::take(&cluster, "calm").await.unwrap();
    let stack = namespace.stack("calm");
    let two = json!({ "replicas": 2 });
    stack
        .apply(&json!({ "components": { "product": two, "order": two } }))
        .await
        .unwrap();
    stack.serving().await.unwrap();
    Calm { namespace, stack }
}

pub async fn rough() -> Rough {
    static TURN: Mutex<()> = Mutex::const_new(());
    let turn = TURN.lock().await;
    let cluster = Cluster::connect_for_scenario().await.unwrap();
    let namespace = Namespace::take(&cluster, "rough").await.unwrap();
    let stack = namespace.stack("rough");
    stack.apply(&json!({})).await.unwrap();
    stack.serving().await.unwrap();
    Rough {
        namespace,
        stack,
        _turn: turn,
    }
}

/// A namespace without a stack.
pub async fn own(purpose: &str) -> Namespace {
    let cluster = Cluster::connect_for_scenario().await.unwrap();
    Namespace::take(&cluster, purpose).await.unwrap()
}
