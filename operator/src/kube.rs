//! How objects are marked, read and watched, for any purpose: nothing here makes a decision about a shop.

pub mod apply_cache;
pub mod installation;
pub mod job_state;
pub mod labels;
pub mod lease;
pub mod live;
pub mod locks;
pub mod ownership;
pub mod per_stack;
pub mod pod_failures;
pub mod pods;
pub mod readiness;
pub mod rollout_state;
pub mod scope;
pub mod skew;
pub mod stacks;
pub mod stores;
pub mod warnings;
