//! OpenAPI schemas of texts that a service parses into types of its own: `#[schema(value_type = Line<200>, inline)]`.
//! A text that matches is accepted, unless it has unassigned characters that the client's version of Unicode assigns.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

/// One line of 1 to `MAX` characters, not blank: no control, zero-width or direction characters.
pub struct Line<const MAX: usize>;

/// One line that may be blank, which means absent.
pub struct BlankLine<const MAX: usize>;

/// Text of several lines, at most `MAX` characters, which may be blank: line breaks and tabs, and no other controls.
pub struct Lines<const MAX: usize>;

/// A number of units to add or, negative, to take away: not zero.
pub struct Difference<const MOST: i64>;

/// `\p{C}` contains U+00AD; some implementations of patterns do not include it.
const LINE: &str = r"^[^\p{C}\u00AD\u2028\u2029]*[^\p{C}\u00AD\p{Z}][^\p{C}\u00AD\u2028\u2029]*$";
const BLANK_LINE: &str = r"^[^\p{C}\u00AD\u2028\u2029]*$";
const LINES: &str = r"^[^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]*$";

fn text(min: usize, max: usize, pattern: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length((min > 0).then_some(min))
        .max_length(Some(max))
        .pattern(Some(pattern))
        .into()
}

impl<const MAX: usize> PartialSchema for Line<MAX> {
    fn schema() -> RefOr<Schema> {
        text(1, MAX, LINE)
    }
}

impl<const MAX: usize> PartialSchema for BlankLine<MAX> {
    fn schema() -> RefOr<Schema> {
        text(0, MAX, BLANK_LINE)
    }
}

impl<const MAX: usize> PartialSchema for Lines<MAX> {
    fn schema() -> RefOr<Schema> {
        text(0, MAX, LINES)
    }
}

impl<const MOST: i64> PartialSchema for Difference<MOST> {
    fn schema() -> RefOr<Schema> {
        let range = |from, to| {
            ObjectBuilder::new()
                .schema_type(Type::Integer)
                .minimum(Some(from))
                .maximum(Some(to))
        };
        utoipa::openapi::schema::OneOfBuilder::new()
            .item(range(1, MOST))
            .item(range(-MOST, -1))
            .description(Some(
                "The number of units added, or removed if negative; not zero.",
            ))
            .into()
    }
}

impl<const MAX: usize> ToSchema for Line<MAX> {}
impl<const MAX: usize> ToSchema for BlankLine<MAX> {}
impl<const MAX: usize> ToSchema for Lines<MAX> {}
impl<const MOST: i64> ToSchema for Difference<MOST> {}
