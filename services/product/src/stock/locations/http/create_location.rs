//! `POST /locations`

use access::{Requires, permissions};
use axum::{Json, extract::State, http::StatusCode};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{Problem, ValidJson, schema::Line};

use crate::{
    app::App,
    catalog::products::model::{Name, Owner},
    stock::locations::{
        self,
        model::{Location, LocationCode},
    },
};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "code": "berlin-1", "name": "Berlin, Hall 1", "priority": 10 }))]
pub(crate) struct CreateLocation {
    code: LocationCode,
    #[schema(value_type = Line<200>, inline)]
    name: Name,
    /// Orders are filled from the location with the lowest priority first; default 0.
    #[serde(default)]
    #[garde(range(min = 0, max = 1000))]
    #[schema(required = false, minimum = 0, maximum = 1000)]
    priority: i16,
}

/// Add a location
///
/// Units are added to it by `PUT /inventory/{sku}` or by an adjustment that names it.
#[utoipa::path(
    post,
    path = "/locations",
    tag = "inventory",
    params(Requires<permissions::locations::Write>),
    request_body = CreateLocation,
    responses(
        (status = 201, description = "The location was created.", body = Location),
        (status = 409, description = "`location_taken`: another location has this code."),
    )
)]
pub(super) async fn create_location(
    State(app): State<App>,
    caller: Requires<permissions::locations::Write>,
    ValidJson(request): ValidJson<CreateLocation>,
) -> Result<(StatusCode, Json<Location>), Problem> {
    let CreateLocation {
        code,
        name,
        priority,
    } = request;
    let (admin, new) = (Owner::of(&caller).admin(), (&code, &name, priority));
    let created = locations::create_location(&app.pool, app.ids, admin, new).await?;
    let location = created.ok_or_else(|| {
        Problem::conflict(
            "location_taken",
            "Another location has this code; choose another.",
        )
    })?;
    Ok((StatusCode::CREATED, Json(location)))
}
