//! Sending a one-time token: its row, and the event at which the sender of messages derives it from the row's id.

use db::Connection;
use serde_json::json;

use super::{
    model::{NewToken, Purpose, TokenId},
    postgres,
};
use crate::{
    accounts::model::{Email, User, UserId},
    app::App,
    events::{Event, model::EventId, publish},
};

/// A message that takes a one-time token to its reader.
pub(super) struct Message<'a> {
    pub user: UserId,
    pub purpose: Purpose,
    pub to: &'a Email,
    /// The address of a change.
    pub new_email: Option<&'a Email>,
}

/// Sends a message in the transaction of what it is for.
pub(super) async fn send(
    app: &App,
    connection: &mut Connection,
    message: &Message<'_>,
) -> Result<(), sqlx::Error> {
    let id = TokenId(app.ids.uuid());
    let token = NewToken {
        id,
        user: message.user,
        purpose: message.purpose,
        hash: app.server_key.account_token(id).hash(),
        sent_to: message.to,
        new_email: message.new_email,
    };
    postgres::insert(connection, &token).await?;
    let event = Event {
        id: EventId(app.ids.uuid()),
        event_type: message.purpose.event(),
        user: message.user,
        data: json!({ "token_id": id }),
    };
    publish(connection, &event).await
}

/// Asks a user to verify the address of the account.
pub(crate) async fn send_verification(
    app: &App,
    connection: &mut Connection,
    user: &User,
) -> Result<(), sqlx::Error> {
    let message = Message {
        user: user.id,
        purpose: Purpose::EmailVerification,
        to: &user.email,
        new_email: None,
    };
    send(app, connection, &message).await
}
