//! Returns: goods that come back, and their refunds.

pub mod http;
pub mod model;
pub mod ports;
pub mod postgres;
mod receive_returns;
mod return_goods;

pub use receive_returns::ReceiveReturns;
pub use return_goods::{ReturnGoods, ReturnGoodsError};
