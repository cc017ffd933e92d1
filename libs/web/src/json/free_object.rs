//! An object whose members the client chooses. It is kept as its text, so that it is returned as it was sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

use super::{JsonError, scan};

/// Deepest nesting of a free object, itself counted.
const MAX_DEPTH: usize = 32;

/// Any JSON object of at most `MAX_BYTES` bytes (without white space between its tokens) and 32 levels. Its numbers keep
/// the digits they were sent with.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct FreeObject<const MAX_BYTES: usize>(Box<RawValue>);

#[derive(Debug, thiserror::Error)]
pub enum FreeObjectError {
    #[error("must be a JSON object")]
    NotAnObject(#[source] Option<serde_json::Error>),
    #[error("must be at most {max} bytes")]
    TooLarge { max: usize },
    /// Too deep, or it holds NUL or a reserved name.
    #[error("{0}")]
    Refused(String),
}

/// Members by name, each as its text.
type Members = BTreeMap<String, Box<RawValue>>;

impl<const MAX_BYTES: usize> FreeObject<MAX_BYTES> {
    /// The object as text, without white space between its tokens.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// A stored object, perhaps from before the current rules: it must be an object, and may exceed the bounds.
    pub fn from_stored(text: String) -> Result<Self, FreeObjectError> {
        if !text.trim_start().starts_with('{') {
            return Err(FreeObjectError::NotAnObject(None));
        }
        // Reads without a `Value` and without recursion.
        RawValue::from_string(text)
            .map(Self)
            .map_err(|error| FreeObjectError::NotAnObject(Some(error)))
    }

    /// Changed as RFC 7396 says: members are merged, null removes one.
    pub fn merged(&self, patch: &Self) -> Result<Self, FreeObjectError> {
        let merged = merge(Some(&self.0), &patch.0)
            .map_err(|error| FreeObjectError::NotAnObject(Some(error)))?;
        merged.get().parse()
    }
}

impl<const MAX_BYTES: usize> std::str::FromStr for FreeObject<MAX_BYTES> {
    type Err = FreeObjectError;

    fn from_str(text: &str) -> Result<Self, FreeObjectError> {
        if !text.trim_start().starts_with('{') {
            return Err(FreeObjectError::NotAnObject(None));
        }
        scan::check(text.as_bytes(), MAX_DEPTH).map_err(|error| match error {
            JsonError::Malformed(error) => FreeObjectError::NotAnObject(Some(error)),
            JsonError::Invalid(mut errors) => FreeObjectError::Refused(
                errors.pop().map(|error| error.message).unwrap_or_default(),
            ),
        })?;
        let text = compact(text);
        if text.len() > MAX_BYTES {
            return Err(FreeObjectError::TooLarge { max: MAX_BYTES });
        }
        Self::from_stored(text)
    }
}

impl<const MAX_BYTES: usize> Default for FreeObject<MAX_BYTES> {
    fn default() -> Self {
        Self(empty())
    }
}

impl<const MAX_BYTES: usize> PartialEq for FreeObject<MAX_BYTES> {
    /// The same text.
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl<const MAX_BYTES: usize> Eq for FreeObject<MAX_BYTES> {}

impl<'de, const MAX_BYTES: usize> Deserialize<'de> for FreeObject<MAX_BYTES> {
    /// From JSON text only.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        raw.get().parse().map_err(de::Error::custom)
    }
}

impl<const MAX_BYTES: usize> PartialSchema for FreeObject<MAX_BYTES> {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Object).into()
    }
}

impl<const MAX_BYTES: usize> ToSchema for FreeObject<MAX_BYTES> {}

fn empty() -> Box<RawValue> {
    // Known to be JSON: the other arm is never taken.
    RawValue::from_string("{}".to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// The text without the white space between tokens. `text` is JSON.
fn compact(text: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    text.chars()
        .filter(|character| {
            if in_string {
                in_string = escaped || *character != '"';
                escaped = !escaped && *character == '\\';
                return true;
            }
            in_string = *character == '"';
            !matches!(character, ' ' | '\t' | '\n' | '\r')
        })
        .collect()
}

/// `target` changed by `patch`, which is an object. As deep as the patch, which is bounded.
fn merge(target: Option<&RawValue>, patch: &RawValue) -> serde_json::Result<Box<RawValue>> {
    let mut members: Members = match target.filter(|target| is_object(target)) {
        Some(target) => serde_json::from_str(target.get())?,
        None => Members::new(),
    };
    for (name, change) in serde_json::from_str::<Members>(patch.get())? {
        if change.get() == "null" {
            members.remove(&name);
        } else if is_object(&change) {
            let merged = merge(members.get(&name).map(AsRef::as_ref), &change)?;
            members.insert(name, merged);
        } else {
            members.insert(name, change);
        }
    }
    serde_json::value::to_raw_value(&members)
}

fn is_object(value: &RawValue) -> bool {
    value.get().trim_start().starts_with('{')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    type Small = FreeObject<1024>;

    fn object(text: &str) -> Small {
        text.parse().unwrap()
    }

    fn nested(levels: usize) -> String {
        format!(
            "{}{{}}{}",
            "{\"a\":".repeat(levels - 1),
            "}".repeat(levels - 1)
        )
    }

    #[test]
    fn numbers_go_out_with_the_digits_they_came_with() {
        let text = r#"{"a":1e19,"b":[1E+2,-0.10,12345678901234567890123],"c":"1  e"}"#;
        let sent = object(text);
        assert_eq!(serde_json::to_string(&sent).unwrap(), text);
        assert_eq!(
            object("{ \"a\" : [ 1.0 ,\n2 ] , \"b\\\"  \" : \"\\\\\" }").as_str(),
            r#"{"a":[1.0,2],"b\"  ":"\\"}"#
        );
        let many = format!("{{\"a\":[{}]}}", vec!["1e19"; 190].join(","));
        assert_eq!(object(&many).as_str(), many);
    }

    #[test]
    fn size_and_depth_are_bounded() {
        let of = |length: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(length)).parse::<Small>();
        assert!(of(1016).is_ok());
        assert!(matches!(
            of(1017),
            Err(FreeObjectError::TooLarge { max: 1024 })
        ));
        assert!(nested(32).parse::<Small>().is_ok());
        assert!(matches!(
            nested(33).parse::<Small>(),
            Err(FreeObjectError::Refused(_))
        ));
        let lists = format!("{{\"a\":{}{}}}", "[".repeat(32), "]".repeat(32));
        assert!(lists.parse::<Small>().is_err());
    }

    #[test]
    fn only_an_object_without_private_names_and_nul_is_taken() {
        for text in [
            "[]",
            "null",
            "1",
            "\"a\"",
            "",
            "{",
            r#"{"a":"\u0000"}"#,
            r#"{"a":{"$serde_json::private::RawValue":"[]"}}"#,
            r#"{"\u0024serde_json::private::Number":"1"}"#,
            r#"{"a":1e400}"#,
        ] {
            assert!(text.parse::<Small>().is_err(), "{text}");
        }
        assert!(Small::from_stored("[]".into()).is_err());
        assert!(Small::from_stored(nested(10_000)).is_ok());
    }

    #[test]
    fn a_patch_merges_members_and_null_takes_them_away() {
        let before = object(r#"{"a":"b","c":{"d":1e19,"f":"g"},"h":1}"#);
        let patch = object(r#"{"a":"z","c":{"f":null},"h":{"i":null,"j":2.50}}"#);
        let after = before.merged(&patch).unwrap();
        assert_eq!(after.as_str(), r#"{"a":"z","c":{"d":1e19},"h":{"j":2.50}}"#);
    }

    #[test]
    fn the_examples_of_rfc_7396_come_out() {
        for (target, patch, result) in [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (
                json!({"a":"b","b":"c"}),
                json!({"a":null}),
                json!({"b":"c"}),
            ),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
            (
                json!({"a":{"b":"c"}}),
                json!({"a":{"b":"d","c":null}}),
                json!({"a":{"b":"d"}}),
            ),
            (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
            (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
            (
                json!({}),
                json!({"a":{"bb":{"ccc":null}}}),
                json!({"a":{"bb":{}}}),
            ),
        ] {
            let merged = object(&target.to_string())
                .merged(&object(&patch.to_string()))
                .unwrap();
            let merged: Value = serde_json::from_str(merged.as_str()).unwrap();
            assert_eq!(merged, result, "{target} changed by {patch}");
        }
    }

    #[test]
    fn merging_keeps_the_bounds() {
        let half = |name: &str| object(&format!("{{\"{name}\":\"{}\"}}", "x".repeat(600)));
        assert!(matches!(
            half("a").merged(&half("b")),
            Err(FreeObjectError::TooLarge { .. })
        ));
    }
}
