//! What the tests of this crate are made of: a shop of bare processes, buyers who insist on an answer and keep a
//! journal, the audit of both databases against that journal, and a checker of stock histories.

pub mod arena;
pub mod books;
pub mod buyer;
pub mod history;
pub mod points;

pub use arena::Arena;
pub use buyer::{Buyer, Entry, Item, Outcome};
