//! `PATCH /products/{id}`, and `PUT` as its alias.

use access::{Requires, permissions};
use axum::{Json, extract::State};
use garde::Validate;
use money::Amount;
use serde::Deserialize;
use utoipa::ToSchema;
use web::{
    PathParameters, Problem, ValidJson,
    conditional::{ETag, IfMatch},
    schema::{Line, Lines},
};

use super::product_view::ProductView;
use crate::{
    app::App,
    catalog::products::{
        self, ProductChange,
        model::{Category, Description, Metadata, Name, Owner, ProductId, Slug, Status},
    },
};

/// A merge patch (RFC 7396): absent members keep their values, null removes a value. The SKU never changes.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "price": "11.90", "category": null, "metadata": { "colour": "navy" } }))]
pub(crate) struct UpdateProduct {
    #[serde(default, deserialize_with = "web::json::present")]
    #[schema(value_type = Line<200>, inline, required = false)]
    name: Option<Name>,
    #[serde(default, deserialize_with = "web::json::present")]
    #[schema(value_type = Option<String>, nullable = false, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 100)]
    slug: Option<Slug>,
    #[serde(default, deserialize_with = "web::json::present")]
    #[schema(value_type = Lines<10_000>, inline, required = false)]
    description: Option<Description>,
    #[serde(default, deserialize_with = "web::json::present")]
    #[schema(value_type = Option<Amount>, nullable = false)]
    price: Option<Amount>,
    #[serde(default, deserialize_with = "web::json::present")]
    #[schema(value_type = Option<Line<100>>, inline)]
    #[expect(
        clippy::option_option,
        reason = "absent and null differ in a merge patch"
    )]
    category: Option<Option<Category>>,
    /// Merged member by member; null removes all metadata.
    #[serde(default, deserialize_with = "web::json::present")]
    #[schema(value_type = Option<Object>)]
    #[expect(
        clippy::option_option,
        reason = "absent and null differ in a merge patch"
    )]
    metadata: Option<Option<Metadata>>,
    #[serde(default, deserialize_with = "web::json::present")]
    #[schema(value_type = Option<Status>, nullable = false)]
    status: Option<Status>,
}

/// Change a product
///
/// A merge patch: absent members keep their values, null removes a value.
#[utoipa::path(
    patch,
    path = "/products/{id}",
    tag = "products",
    params(Requires<permissions::products::Write>, ("id" = ProductId, Path, description = "The product's id."), IfMatch),
    request_body(content((UpdateProduct = "application/json"), (UpdateProduct = "application/merge-patch+json"))),
    responses(
        (status = 200, description = "The product after the change.", body = ProductView, headers(("ETag" = String, description = "Its version, for If-Match."))),
        (status = 404, description = "No such product, or it belongs to another vendor."),
        (status = 409, description = "`slug_taken`."),
    )
)]
pub(super) async fn patch_product(
    State(app): State<App>,
    caller: Requires<permissions::products::Write>,
    PathParameters(id): PathParameters<ProductId>,
    if_match: IfMatch,
    ValidJson(request): ValidJson<UpdateProduct>,
) -> Result<(ETag, Json<ProductView>), Problem> {
    let price = request
        .price
        .map(|price| products::model::price(&price, app.currency));
    let change = ProductChange {
        name: request.name,
        slug: request.slug,
        description: request.description,
        price_minor: price.transpose()?.map(|price| price.minor),
        category: request.category,
        metadata: request.metadata,
        status: request.status,
    };
    let product = products::update_product(
        &app.pool,
        app.ids,
        id,
        Owner::of(&caller),
        &if_match,
        &change,
    )
    .await?;
    Ok(ProductView::changed(product, &caller, app.currency))
}

/// Change a product (same as PATCH)
#[utoipa::path(
    put,
    path = "/products/{id}",
    tag = "products",
    params(Requires<permissions::products::Write>, ("id" = ProductId, Path, description = "The product's id."), IfMatch),
    request_body = UpdateProduct,
    responses(
        (status = 200, description = "The product after the change.", body = ProductView, headers(("ETag" = String, description = "Its version, for If-Match."))),
        (status = 404, description = "No such product, or it belongs to another vendor."),
        (status = 409, description = "`slug_taken`."),
    )
)]
pub(super) async fn put_product(
    app: State<App>,
    caller: Requires<permissions::products::Write>,
    id: PathParameters<ProductId>,
    if_match: IfMatch,
    request: ValidJson<UpdateProduct>,
) -> Result<(ETag, Json<ProductView>), Problem> {
    patch_product(app, caller, id, if_match, request).await
}
