//! The pool and its transactions on a real Postgres.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod full;
mod stalled;
