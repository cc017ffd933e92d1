//! A place where units are.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::stock::locations::model::{Location, LocationCode};

#[derive(Serialize, ToSchema)]
#[schema(as = Location, example = json!({
    "code": "berlin-1", "name": "Berlin, Hall 1", "priority": 10, "created_at": "2026-11-21T08:00:00Z",
}))]
pub(super) struct LocationView {
    code: LocationCode,
    name: String,
    /// Orders are filled from the location with the lowest priority first.
    priority: i16,
    created_at: DateTime<Utc>,
}

impl From<Location> for LocationView {
    fn from(location: Location) -> Self {
        Self {
            code: location.code,
            name: location.name.as_str().to_owned(),
            priority: location.priority,
            created_at: location.created_at,
        }
    }
}
