//! Shipments beyond single endpoints.

mod parcels;
mod too_late;
