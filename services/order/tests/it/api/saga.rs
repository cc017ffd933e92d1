//! The endpoints of sagas.

mod list_sagas;
