//! Code that tests share: a service and a client of it.

pub(crate) mod authenticator;
pub(crate) mod fixture;
pub(crate) mod neighbor;
pub(crate) mod people;
pub(crate) mod staff;
pub(crate) mod traces;
