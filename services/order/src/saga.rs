//! Sagas: what is still to be done for an order, and the loops that do it.

mod administer_sagas;
mod ask_provider;
mod ask_rounds;
mod drive_sagas;
pub mod http;
mod keep_house;
pub mod model;
mod plan;
pub mod ports;
pub mod postgres;
mod saga_loop;

pub use administer_sagas::{AdministerSagas, SagaAdminError};
pub use drive_sagas::{DriveSagas, Driven};
pub use keep_house::KeepHouse;
pub use saga_loop::{Poke, SagaLoop};
