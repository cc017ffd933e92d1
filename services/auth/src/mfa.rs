//! Multi-factor authentication: a second factor at login, its enrollment, and which accounts must have one.

mod check;
pub mod confirm;
pub mod disable;
pub mod enroll;
pub mod http;
pub mod model;
pub mod policy;
pub mod postgres;
pub mod proof;
pub mod renew;
pub mod reset;
mod sealing;

pub(crate) use self::{
    check::accepts,
    postgres::{delete as erase, recovery_codes_left},
    proof::prove,
};
