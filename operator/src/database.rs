//! The database of a stack: its objects, when its pods restart, and what becomes of the data when the stack is deleted.

pub mod adoption;
pub mod deleted_stacks;
pub mod identity;
pub mod passwords;
pub mod patroni;
pub mod rbac;
pub mod restart;
pub mod retention;
pub mod sizes;
pub mod stateful_set;
pub mod volumes;
