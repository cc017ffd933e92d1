//! Events of accounts, for other services and for messages to users. A use case writes its event in the transaction of its
//! change.

pub mod model;
pub mod postgres;

use serde_json::json;

use crate::{accounts::model::UserId, app::App};

pub(crate) use self::{
    model::{Event, EventType},
    postgres::publish,
};

/// An event that needs no more than its type and its user.
pub(crate) fn event(app: &App, event_type: EventType, user: UserId) -> Event {
    Event {
        id: model::EventId(app.ids.uuid()),
        event_type,
        user,
        data: json!({}),
    }
}
