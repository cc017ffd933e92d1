//! How refusals of this service become problems. Each kind of error is translated here and nowhere else.

use db::{Failure, Retryable, readable::Unreadable};
use idempotency::KeyReused;
use web::{FieldError, Problem, conditional::IfMatch};

use crate::{
    catalog::products::{
        CreateProductError, UpdateProductError,
        model::{MetadataError, PriceError},
        reads::ReadError,
    },
    infrastructure::postgres::failure::{ListError, StockError},
    stock::inventory::{InventoryError, model::MAX_ON_HAND},
};

impl From<CreateProductError> for Problem {
    fn from(error: CreateProductError) -> Self {
        match &error {
            CreateProductError::SkuTaken => Self::conflict(
                "sku_taken",
                "Another product has, or had, this SKU. A SKU cannot be used twice.",
            ),
            CreateProductError::SlugTaken => slug_taken(),
            CreateProductError::KeyOfAnotherRequest => KeyReused.into(),
            CreateProductError::Unreadable(reason) => not_readable(reason),
            CreateProductError::Answer(source) => Self::internal(source),
            CreateProductError::Database(source) => kept(source),
        }
    }
}

impl From<UpdateProductError> for Problem {
    fn from(error: UpdateProductError) -> Self {
        match &error {
            UpdateProductError::NotFound => Self::not_found(),
            UpdateProductError::Stale => IfMatch::stale(),
            UpdateProductError::SlugTaken => slug_taken(),
            UpdateProductError::Metadata(MetadataError::TooLarge) => {
                Self::invalid_field("/metadata", "too_large", error.to_string())
            }
            UpdateProductError::Metadata(
                MetadataError::Refused(_) | MetadataError::StoredTooLarge,
            ) => Self::invalid_field("/metadata", "invalid", error.to_string()),
            UpdateProductError::Unreadable(reason) => not_readable(reason),
            UpdateProductError::Database(source) => kept(source),
        }
    }
}

impl From<PriceError> for Problem {
    fn from(error: PriceError) -> Self {
        Self::invalid_field("/price", "invalid_amount", error.to_string())
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match &error {
            ReadError::Busy => Self::unavailable(1),
            ReadError::Lost => Self::internal(&error),
            ReadError::Database(source) => (&**source).into(),
        }
    }
}

impl From<ListError> for Problem {
    fn from(error: ListError) -> Self {
        match &error {
            ListError::Cursor => bad_cursor(),
            // A cursor is the only thing here that is passed on as it came.
            ListError::Database(source) if Failure::of(source) == Failure::Data => bad_cursor(),
            ListError::Database(source) => source.into(),
        }
    }
}

impl From<InventoryError> for Problem {
    fn from(error: InventoryError) -> Self {
        match error {
            InventoryError::NotFound => Self::not_found(),
            InventoryError::UnknownLocation => Self::invalid_field(
                "/location",
                "unknown_location",
                "no such location; an admin can add it with POST /locations",
            ),
            InventoryError::LocationRequired => Self::invalid_field(
                "/location",
                "location_required",
                "the SKU has units in several locations; send location",
            ),
            InventoryError::Stale => IfMatch::stale(),
            InventoryError::BelowCommitted { on_hand, committed } => Self::conflict(
                "below_committed",
                "Orders hold more units than would be left; send force to take units away from orders.",
            )
            .with_member("on_hand", on_hand)
            .with_member("committed", committed),
            InventoryError::TooMany => Self::invalid(vec![FieldError::new(
                "",
                "too_many",
                format!("at most {MAX_ON_HAND} units of a SKU can be on hand"),
            )]),
            InventoryError::KeyOfAnotherRequest => KeyReused.into(),
            InventoryError::Answer(source) => Self::internal(&source),
            InventoryError::Stock(source) => source.into(),
        }
    }
}

impl From<StockError> for Problem {
    fn from(error: StockError) -> Self {
        if error.failure().is_transient() {
            Self::unavailable(1).with_cause(&error)
        } else {
            Self::internal(&error)
        }
    }
}

/// What would be written could not be read again: nothing is written.
fn not_readable(reason: &Unreadable) -> Problem {
    Problem::invalid_field(
        "",
        "not_readable",
        format!(
            "cannot read the product back, so nothing was changed: {reason}; if its metadata is the cause, set it to null"
        ),
    )
}

/// An error while a product was written: what the database refuses to keep is the client's to change.
fn kept(error: &sqlx::Error) -> Problem {
    match Failure::of(error) {
        Failure::Data => Problem::invalid_field(
            "",
            "not_storable",
            "the database cannot store one of the values",
        )
        .with_cause(error),
        _ => error.into(),
    }
}

fn slug_taken() -> Problem {
    Problem::conflict(
        "slug_taken",
        "Another product has this slug; choose another.",
    )
}

fn bad_cursor() -> Problem {
    Problem::invalid_field(
        "cursor",
        "invalid_cursor",
        "invalid cursor; use next_cursor of the previous response",
    )
}
