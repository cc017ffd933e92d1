//! Ids as clients see them: a UUID after a prefix that names the kind (`ord_0192…`); the bare UUID is accepted too.

/// Declares an id type: `id!(pub OrderId, "ord")`. It is parsed, serialized, and described in OpenAPI.
#[macro_export]
macro_rules! id {
    ($(#[$docs:meta])* $visibility:vis $name:ident, $prefix:literal) => {
        $(#[$docs])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility struct $name(pub ::uuid::Uuid);

        impl $name {
            pub const PREFIX: &'static str = $prefix;
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, "{}_{}", Self::PREFIX, self.0)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::IdError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::parse(Self::PREFIX, text).map(Self)
            }
        }

        impl From<$name> for ::uuid::Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <::std::string::String as ::serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(::serde::de::Error::custom)
            }
        }

        impl ::utoipa::PartialSchema for $name {
            fn schema() -> ::utoipa::openapi::RefOr<::utoipa::openapi::schema::Schema> {
                $crate::schema(Self::PREFIX)
            }
        }

        impl ::utoipa::ToSchema for $name {}
    };
}

use utoipa::openapi::{
    ObjectBuilder, RefOr,
    schema::{Schema, Type},
};
use uuid::Uuid;

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected an id of the form {prefix}_<uuid>")]
pub struct IdError {
    prefix: &'static str,
}

/// For [`id!`]: the UUID after the prefix, or the bare one.
pub fn parse(prefix: &'static str, text: &str) -> Result<Uuid, IdError> {
    let bare = match text.split_once('_') {
        Some((given, rest)) if given == prefix => rest,
        Some(_) => return Err(IdError { prefix }),
        None => text,
    };
    // Only the hyphenated spelling is accepted, so that a resource has one URL.
    if bare.len() != uuid::fmt::Hyphenated::LENGTH {
        return Err(IdError { prefix });
    }
    Uuid::try_parse(bare).map_err(|_| IdError { prefix })
}

/// For [`id!`]: its description in OpenAPI.
pub fn schema(prefix: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some(format!(
            "^({prefix}_)?[0-9a-fA-F]{{8}}(-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}$"
        )))
        .examples([serde_json::json!(format!(
            "{prefix}_01932c5e-7d2a-7c3e-9f00-0242ac120002"
        ))])
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "01932c5e-7d2a-7c3e-9f00-0242ac120002";

    #[test]
    fn an_id_is_read_with_its_prefix_or_bare() {
        let bare = Uuid::try_parse(UUID).unwrap();
        assert_eq!(parse("ord", UUID), Ok(bare));
        assert_eq!(parse("ord", &format!("ord_{UUID}")), Ok(bare));
    }

    #[test]
    fn another_prefix_or_spelling_is_refused() {
        for text in [
            format!("prd_{UUID}"),
            UUID.replace('-', ""),
            format!("{{{UUID}}}"),
            String::new(),
            "ord_".into(),
        ] {
            assert_eq!(
                parse("ord", &text),
                Err(IdError { prefix: "ord" }),
                "{text}"
            );
        }
    }
}
