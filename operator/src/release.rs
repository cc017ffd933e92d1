//! Which image each component runs, the Jobs that gate it, and how Deployments are rolled and scaled.

pub mod gate;
pub mod jobs;
pub mod rollout;
pub mod scaling;
