//! The endpoints of locations.

mod list_and_create_locations;
