//! What is asked for, what product holds of it, and the order that comes of it. Pure.

mod new_order;
mod request;
mod reservation;
mod unpaid_units;

pub use new_order::NewOrder;
pub use request::{LinesError, OrderRequest, ProductReference, RequestedLine, RequestedLines};
pub use reservation::{HeldLine, MissingStock, ReservationRequest, Verdict};
pub use unpaid_units::{OwingUnits, TooManyUnpaidUnits, UnpaidUnits};
