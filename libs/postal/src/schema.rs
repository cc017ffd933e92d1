//! How OpenAPI shows a country.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

/// ISO 3166-1 alpha-2; lower case is accepted.
pub struct CountryCode;

impl PartialSchema for CountryCode {
    fn schema() -> RefOr<Schema> {
        let codes = rust_iso3166::ALL.iter().map(|country| country.alpha2);
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("ISO 3166-1 alpha-2; lower case is accepted."))
            .enum_values(Some(codes))
            .examples([serde_json::json!("GB")])
            .into()
    }
}

impl ToSchema for CountryCode {}
