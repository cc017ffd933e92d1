//! What a postal address needs to be delivered: countries, and which of them use regions and postal codes. Pure, for every
//! layer.

mod codes;
mod country;
mod rules;
mod schema;

pub use self::{
    country::{Country, CountryError},
    rules::Flaw,
    schema::CountryCode,
};
