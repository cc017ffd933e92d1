//! `PATCH /users/{id}/addresses/{address}`

use std::fmt::Display;

use access::permissions::users;
use axum::{Json, extract::State};
use postal::{Country, CountryCode};
use serde::{Deserialize, Deserializer};
use text::Text;
use utoipa::ToSchema;
use web::{
    JsonBody, PathParameters, Problem,
    conditional::{ETag, OptionalIfMatch},
    json::present,
    schema::{BlankLine, Line},
};

use super::owner;
use crate::{
    addresses::{
        change_address::change_address,
        model::{AddressChange, AddressId, PartsChange, Phone, Removable},
    },
    app::App,
    http::{address_view::AddressView, blank::filled, permitted::Permitted, user_ref::UserRef},
};

/// A merge patch (RFC 7396): absent members keep their values, null or a blank text removes a value.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "line1": "10 Downing Street", "line2": null, "default_shipping": true }))]
pub(crate) struct UpdateAddress {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Line<200>, inline, required = false)]
    name: Option<Text<200>>,
    #[serde(default, deserialize_with = "removable")]
    #[schema(value_type = Option<BlankLine<200>>, inline)]
    company: Option<Removable<Text<200>>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Line<200>, inline, required = false)]
    line1: Option<Text<200>>,
    #[serde(default, deserialize_with = "removable")]
    #[schema(value_type = Option<BlankLine<200>>, inline)]
    line2: Option<Removable<Text<200>>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Line<100>, inline, required = false)]
    city: Option<Text<100>>,
    #[serde(default, deserialize_with = "removable")]
    #[schema(value_type = Option<BlankLine<100>>, inline)]
    region: Option<Removable<Text<100>>>,
    #[serde(default, deserialize_with = "removable")]
    #[schema(value_type = Option<BlankLine<20>>, inline)]
    postal_code: Option<Removable<Text<20>>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = CountryCode, required = false)]
    country: Option<Country>,
    /// 4 to 15 digits, with the usual separators.
    #[serde(default, deserialize_with = "removable")]
    #[schema(value_type = Option<String>, pattern = r"^\+?([ ()./-]*[0-9]){4,15}[ ()./-]*$", max_length = 32)]
    phone: Option<Removable<Phone>>,
    /// True makes it the default in place of the previous one; false leaves the user without a default.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    default_shipping: Option<bool>,
    /// True makes it the default in place of the previous one; false leaves the user without a default.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = bool, required = false)]
    default_billing: Option<bool>,
}

fn removable<'de, T, D>(deserializer: D) -> Result<Option<Removable<T>>, D::Error>
where
    T: TryFrom<String, Error: Display>,
    D: Deserializer<'de>,
{
    let value = filled(deserializer)?;
    Ok(Some(value.map_or(Removable::Removed, Removable::Set)))
}

impl From<UpdateAddress> for AddressChange {
    fn from(request: UpdateAddress) -> Self {
        Self {
            parts: PartsChange {
                name: request.name,
                company: request.company,
                line1: request.line1,
                line2: request.line2,
                city: request.city,
                region: request.region,
                postal_code: request.postal_code,
                country: request.country,
                phone: request.phone,
            },
            default_shipping: request.default_shipping,
            default_billing: request.default_billing,
        }
    }
}

/// Change an address
///
/// A merge patch: absent members keep their values, null removes a value. The parts must suffice in the country together.
/// If-Match is checked if sent. Only the owner of the address book may change it.
#[utoipa::path(
    patch,
    path = "/users/{id}/addresses/{address}",
    tag = "users",
    params(
        Permitted<users::Update>,
        ("id" = inline(UserRef), Path, description = "The user; `me` is the caller."),
        ("address" = AddressId, Path, description = "The address."),
        OptionalIfMatch,
    ),
    request_body(content((UpdateAddress = "application/json"), (UpdateAddress = "application/merge-patch+json"))),
    responses(
        (status = 200, description = "The address after the change.", body = AddressView, headers(("ETag" = String, description = "Its version, for If-Match."))),
        (status = 403, description = "`forbidden`: only the owner of an address book may change it."),
    )
)]
pub(super) async fn update_address(
    State(app): State<App>,
    caller: Permitted<users::Update>,
    PathParameters((user, id)): PathParameters<(UserRef, AddressId)>,
    OptionalIfMatch(if_match): OptionalIfMatch,
    JsonBody(request): JsonBody<UpdateAddress>,
) -> Result<(ETag, Json<AddressView>), Problem> {
    let user = owner(user, &caller)?;
    let address = change_address(&app, user, id, request.into(), &if_match).await?;
    Ok((ETag(address.version), Json(address.into())))
}
