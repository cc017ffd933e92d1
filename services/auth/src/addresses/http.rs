//! The routes of addresses.

pub(crate) mod create_address;
mod delete_address;
mod get_address;
mod list_addresses;
pub(crate) mod update_address;

use access::permissions::users;
use utoipa_axum::{router::OpenApiRouter, routes};
use web::Problem;

use crate::{
    accounts::model::UserId,
    app::App,
    http::{permitted::Permitted, user_ref::UserRef},
};

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(
            list_addresses::list_addresses,
            create_address::create_address
        ))
        .routes(routes!(
            get_address::get_address,
            update_address::update_address,
            delete_address::delete_address
        ))
}

/// The caller, who may change an address only in their own book; admins read the books of others.
fn owner(user: UserRef, caller: &Permitted<users::Update>) -> Result<UserId, Problem> {
    let own = UserId(caller.id);
    if user.within(caller.reach, own)? == own {
        Ok(own)
    } else {
        Err(Problem::forbidden(
            "Only the owner of an address book may change it.",
        ))
    }
}
