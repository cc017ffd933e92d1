//! What the end-to-end scenarios and the demo share: a cluster, a stack in it, its shop and its database.
//! All of it accesses the running system from outside, by the API server, the ingress and SQL. The only code of the product
//! that is used are the resource's types.

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
