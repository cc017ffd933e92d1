//! How the shop is reached: Services, the Ingress, who may connect to what, and whether its URL leads to it.

pub mod ingress;
pub mod policies;
pub mod request;
pub mod routing;
pub mod services;
