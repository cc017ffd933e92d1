//! Shipments beyond single endpoints.

mod shipments;
mod too_late;
