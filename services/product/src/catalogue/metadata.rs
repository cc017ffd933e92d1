//! What a vendor keeps with a product: any JSON object, within a size.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

const MAX_BYTES: usize = 16 * 1024;

/// Any JSON object of at most 16 KiB.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Map<String, Value>")]
#[schema(value_type = Object, example = json!({ "colour": "blue" }))]
pub struct Metadata(Map<String, Value>);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("metadata is an object of at most 16 KiB")]
pub struct MetadataError;

impl Metadata {
    /// Changed as RFC 7396 says: members are merged, null takes one away.
    pub fn merged(&self, patch: &Map<String, Value>) -> Result<Self, MetadataError> {
        let mut members = self.0.clone();
        merge(&mut members, patch);
        members.try_into()
    }
}

impl TryFrom<Map<String, Value>> for Metadata {
    type Error = MetadataError;

    fn try_from(members: Map<String, Value>) -> Result<Self, MetadataError> {
        let bytes = serde_json::to_vec(&members)
            .map_err(|_| MetadataError)?
            .len();
        if bytes <= MAX_BYTES {
            Ok(Self(members))
        } else {
            Err(MetadataError)
        }
    }
}

fn merge(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, change) in patch {
        match change {
            Value::Null => {
                target.remove(name);
            }
            Value::Object(change) => {
                let member = target.entry(name.as_str()).or_insert(Value::Null);
                let mut merged = member.as_object().cloned().unwrap_or_default();
                merge(&mut merged, change);
                *member = Value::Object(merged);
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                target.insert(name.clone(), change.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn a_patch_merges_members_and_null_takes_them_away() {
        let before = Metadata(object(
            &json!({ "a": "b", "c": { "d": "e", "f": "g" }, "h": 1 }),
        ));
        let after = before
            .merged(&object(
                &json!({ "a": "z", "c": { "f": null }, "h": { "i": null, "j": 2 } }),
            ))
            .unwrap();
        assert_eq!(
            after.0,
            object(&json!({ "a": "z", "c": { "d": "e" }, "h": { "j": 2 } }))
        );
    }

    #[test]
    fn sixteen_kibibytes_are_the_most() {
        let of = |length| Metadata::try_from(object(&json!({ "a": "x".repeat(length) })));
        assert!(of(MAX_BYTES - 8).is_ok());
        assert_eq!(of(MAX_BYTES - 7), Err(MetadataError));
    }
}
