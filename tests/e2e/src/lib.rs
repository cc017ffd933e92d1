//! What the end-to-end scenarios and the demo stand on: a cluster, a stack in it, its shop and its database.
//! Everything asks the running thing, from outside: the API server, the ingress, SQL. No code of the product
//! is used but the resource's types.

pub mod audit;
pub mod audit_log;
pub mod cluster;
pub mod environment;
pub mod kubectl;
pub mod namespace;
pub mod process;
pub mod raw_http;
pub mod shop;
pub mod sql;
pub mod stack;
pub mod wait;

pub use cluster::Cluster;
pub use namespace::Namespace;
pub use shop::{Answer, Person, Shop};
pub use stack::Stack;
