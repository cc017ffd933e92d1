//! The endpoints of returns.

pub(crate) mod create_return;
mod receive_return;
