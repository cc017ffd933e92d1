//! `POST /products`

use access::{Requires, permissions};
use axum::{extract::State, http::StatusCode};
use garde::Validate;
use idempotency::{Answer, IdempotencyKey, Once, OptionalKey};
use money::Amount;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{
    Problem, ValidJson,
    conditional::ETag,
    schema::{Line, Lines},
};

use super::product_view::ProductView;
use crate::{
    app::App,
    catalog::products::{
        self,
        model::{
            Category, Description, Metadata, Name, NewProduct, Owner, Product, Sku, Slug, Status,
            VendorId, Viewer,
        },
    },
    stock::inventory::model::MAX_ON_HAND,
};

#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({
    "sku": "MUG-BLUE-350", "name": "Blue mug", "description": "Holds 350 ml.", "price": "12.50", "category": "kitchen",
    "metadata": { "colour": "blue" }, "inventory": { "on_hand": 7 },
}))]
pub(crate) struct CreateProduct {
    #[schema(value_type = String, pattern = "^[A-Za-z0-9._-]{1,64}$")]
    sku: Sku,
    #[schema(value_type = Line<200>, inline)]
    name: Name,
    /// The readable part of the product's address; derived from the name if absent.
    #[schema(value_type = Option<String>, pattern = "^[a-z0-9]+(-[a-z0-9]+)*$", max_length = 100)]
    slug: Option<Slug>,
    #[serde(default)]
    #[schema(value_type = Lines<10_000>, inline)]
    description: Description,
    price: Amount,
    #[schema(value_type = Option<Line<100>>, inline)]
    category: Option<Category>,
    /// Any JSON object of at most 16 KiB and 32 levels; numbers are kept as they are sent.
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: Metadata,
    #[serde(default)]
    status: FirstStatus,
    #[garde(dive)]
    inventory: Option<FirstUnits>,
}

#[derive(Clone, Copy, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum FirstStatus {
    Draft,
    #[default]
    Active,
}

#[derive(Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct FirstUnits {
    #[garde(range(min = 0, max = MAX_ON_HAND))]
    #[schema(minimum = 0, maximum = 1_000_000_000)]
    on_hand: i64,
}

/// Create a product
///
/// The caller becomes its vendor. With an Idempotency-Key a repeated request does not create a second product.
#[utoipa::path(
    post,
    path = "/products",
    tag = "products",
    params(Requires<permissions::products::Write>, OptionalKey),
    request_body = CreateProduct,
    responses(
        (status = 201, description = "The product.", body = ProductView, headers(
            ("Location" = String, description = "Its address."),
            ("ETag" = String, description = "Its version, for If-Match."),
        )),
        (status = 409, description = "`sku_taken`, `slug_taken`, or `idempotency_key_in_use`: the first request with this key is still in progress."),
    )
)]
pub(super) async fn create_product(
    State(app): State<App>,
    caller: Requires<permissions::products::Write>,
    key: Option<IdempotencyKey>,
    ValidJson(request): ValidJson<CreateProduct>,
) -> Result<Answer, Problem> {
    let once = key
        .map(|key| Once::try_new(caller.id, "create_product", &key, &request))
        .transpose()?;
    let _flight = once
        .as_ref()
        .map(|once| app.in_flight.enter(once.hash()))
        .transpose()?;
    let price = products::model::price(&request.price, app.currency)?;
    let new = NewProduct {
        vendor_id: VendorId(caller.id),
        sku: request.sku,
        slug: request.slug,
        name: request.name,
        description: request.description,
        price_minor: price.minor,
        category: request.category,
        metadata: request.metadata,
        status: match request.status {
            FirstStatus::Draft => Status::Draft,
            FirstStatus::Active => Status::Active,
        },
        on_hand: request.inventory.map_or(0, |units| units.on_hand),
    };
    let viewer = Viewer::of(Some(&caller));
    let admin = Owner::of(&caller).admin();
    let answer = |product: Product| {
        let (location, etag) = (
            format!("/api/v1/products/{}", product.id),
            ETag(product.version),
        );
        Answer::try_new(
            StatusCode::CREATED,
            Some(location),
            etag,
            &ProductView::new(product, viewer, app.currency),
        )
    };
    Ok(products::create_product(&app.pool, app.ids, &new, admin, once.as_ref(), answer).await?)
}
