//! `POST /users/{id}/addresses`

use access::permissions::users;
use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use postal::{Country, CountryCode};
use serde::Deserialize;
use text::Text;
use utoipa::ToSchema;
use web::{
    JsonBody, PathParameters, Problem,
    conditional::ETag,
    schema::{BlankLine, Line},
};

use super::owner;
use crate::{
    addresses::{
        add_address::add_address,
        model::{Defaults, Parts, Phone, PostalAddress},
    },
    app::App,
    http::{address_view::AddressView, blank::filled, permitted::Permitted, user_ref::UserRef},
};

/// A blank text is the same as an absent one. Which parts are required depends on the country.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Ada Lovelace", "line1": "12 St James's Square", "city": "London", "postal_code": "SW1Y 4JH", "country": "GB",
    "phone": "+44 20 7946 0958",
}))]
pub(crate) struct CreateAddress {
    #[schema(value_type = Line<200>, inline)]
    name: Text<200>,
    #[serde(default, deserialize_with = "filled")]
    #[schema(value_type = Option<BlankLine<200>>, inline)]
    company: Option<Text<200>>,
    #[schema(value_type = Line<200>, inline)]
    line1: Text<200>,
    #[serde(default, deserialize_with = "filled")]
    #[schema(value_type = Option<BlankLine<200>>, inline)]
    line2: Option<Text<200>>,
    #[schema(value_type = Line<100>, inline)]
    city: Text<100>,
    /// The state, province, prefecture or island; required in countries whose addresses need it, such as US and JP.
    #[serde(default, deserialize_with = "filled")]
    #[schema(value_type = Option<BlankLine<100>>, inline)]
    region: Option<Text<100>>,
    /// Required in countries that use postal codes; its form is checked in many of them.
    #[serde(default, deserialize_with = "filled")]
    #[schema(value_type = Option<BlankLine<20>>, inline)]
    postal_code: Option<Text<20>>,
    #[schema(value_type = CountryCode)]
    country: Country,
    /// 4 to 15 digits, with the usual separators.
    #[serde(default, deserialize_with = "filled")]
    #[schema(value_type = Option<String>, pattern = r"^\+?([ ()./-]*[0-9]){4,15}[ ()./-]*$", max_length = 32)]
    phone: Option<Phone>,
    /// Makes it the default in place of the previous one. A user's first address is the default in any case.
    #[serde(default)]
    default_shipping: bool,
    /// Makes it the default in place of the previous one. A user's first address is the default in any case.
    #[serde(default)]
    default_billing: bool,
}

impl CreateAddress {
    pub(crate) fn parse(self) -> Result<(PostalAddress, Defaults), Problem> {
        let defaults = Defaults {
            shipping: self.default_shipping,
            billing: self.default_billing,
        };
        let parts = Parts {
            name: self.name,
            company: self.company,
            line1: self.line1,
            line2: self.line2,
            city: self.city,
            region: self.region,
            postal_code: self.postal_code,
            country: self.country,
            phone: self.phone,
        };
        Ok((parts.try_into()?, defaults))
    }
}

type Created = (
    StatusCode,
    [(HeaderName, String); 1],
    ETag,
    Json<AddressView>,
);

/// Add an address
///
/// A user may have up to 50 addresses. The first one becomes the default for shipping and billing. Only the owner of the
/// address book may change it.
#[utoipa::path(
    post,
    path = "/users/{id}/addresses",
    tag = "users",
    params(Permitted<users::Update>, ("id" = inline(UserRef), Path, description = "The user; `me` is the caller.")),
    request_body = CreateAddress,
    responses(
        (status = 201, description = "The address.", body = AddressView, headers(
            ("Location" = String, description = "The URL of the address."),
            ("ETag" = String, description = "Its version, for If-Match."),
        )),
        (status = 403, description = "`forbidden`: only the owner of an address book may change it."),
        (status = 409, description = "`too_many_addresses`: the user has 50 addresses."),
    )
)]
pub(super) async fn create_address(
    State(app): State<App>,
    caller: Permitted<users::Update>,
    PathParameters(user): PathParameters<UserRef>,
    JsonBody(request): JsonBody<CreateAddress>,
) -> Result<Created, Problem> {
    let user = owner(user, &caller)?;
    let (postal, defaults) = request.parse()?;
    let address = add_address(&app, user, &postal, defaults).await?;
    let location = format!("/api/v1/users/{user}/addresses/{}", address.id);
    Ok((
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        ETag(address.version),
        Json(address.into()),
    ))
}
