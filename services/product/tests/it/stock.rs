//! The rules of stock, each tested by the failure that it prevents.

mod audit;
mod commit;
mod concurrency;
mod expiry;
mod extend;
mod force;
mod lock_order;
mod model;
mod release;
mod reserve;
mod restock;
mod retake;
mod ship;
