//! The use cases, one a file. They know the domain and the ports, and nothing of HTTP, SQL or product's wire format.

mod admission;
mod bisection;
mod drive_sagas;
mod get_order;
mod keep_house;
mod list_orders;
mod order_history;
mod place_order;
mod place_orders;
mod placement;
mod publish_events;
mod revise_order;
mod saga_loop;
mod set_order_status;

pub use drive_sagas::{DriveSagas, Driven};
pub use get_order::GetOrder;
pub use keep_house::KeepHouse;
pub use list_orders::ListOrders;
pub use order_history::OrderHistory;
pub use place_order::{PlaceOrder, QueueLimits};
pub use place_orders::PlaceOrders;
pub use placement::{Command, PlaceOrderError, Placed};
pub use publish_events::PublishEvents;
pub use revise_order::{ReviseOrder, ReviseOrderError};
pub use saga_loop::{Poke, SagaLoop};
pub use set_order_status::{SetOrderStatus, Setter};
