//! The services and the order worker: their Deployments, environment, budgets and autoscalers.

pub mod autoscalers;
pub mod budgets;
pub mod deployments;
pub mod environment;
