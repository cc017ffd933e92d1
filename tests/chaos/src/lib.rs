//! The parts of the chaos tests: a shop of bare processes, buyers who repeat requests until the outcome is known and log it
//! in a journal, the audit of both databases against that journal, and a checker of stock histories.

pub mod accounts;
pub mod arena;
pub mod audit;
pub mod buyer;
pub mod history;
pub mod points;

pub use arena::Arena;
pub use buyer::{Buyer, Entry, Item, Outcome};
