//! Fields that other field managers added to our objects. Server-side apply replaces the values of our fields and
//! leaves everything that another field manager added: a port of a Service, a variable of a container, or a `value`
//! beside our `valueFrom`, which the API server then refuses permanently. Before such an object is applied, its managed
//! fields are rewritten as if we had applied all of its spec; what we then do not apply is removed. Pure.
//!
//! Metadata may be changed by all clients, also in pod templates: labels, annotations, `kubectl rollout restart`. So
//! may replicas, which are never applied (OPERATOR 4).

use crate::kube::labels::MANAGER;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{FieldsV1, ManagedFieldsEntry, ObjectMeta};
use serde_json::{Map, Value};

/// The parts of our objects that the operator owns as a whole, as managed fields spell them.
const OURS: [&str; 3] = ["f:spec", "f:subjects", "f:roleRef"];
const REPLICAS: &str = "f:replicas";
const METADATA: &str = "f:metadata";
const APPLY: &str = "Apply";

type Fields = Map<String, Value>;

/// The managed fields with which the next apply removes what others added; `None` if they added nothing.
pub fn reclaimed(metadata: &ObjectMeta) -> Option<Vec<ManagedFieldsEntry>> {
    let entries = metadata.managed_fields.as_deref()?;
    // Before the first apply of ours there is no entry to extend; the next pass checks again.
    let own = entries.iter().position(is_ours)?;
    let mut taken = Fields::new();
    let mut rewritten = Vec::with_capacity(entries.len());
    for entry in entries {
        let mut entry = entry.clone();
        let is_others = !is_ours(&entry) && entry.subresource.as_deref().unwrap_or("").is_empty();
        if let (true, Some(fields)) = (is_others, fields_of(&mut entry)) {
            merge(&mut taken, take(fields));
        }
        rewritten.push(entry);
    }
    if taken.is_empty() {
        return None;
    }
    merge(fields_of(&mut rewritten[own])?, taken);
    rewritten.retain_mut(|entry| fields_of(entry).is_some_and(|fields| !fields.is_empty()));
    Some(rewritten)
}

fn is_ours(entry: &ManagedFieldsEntry) -> bool {
    entry.manager.as_deref() == Some(MANAGER)
        && entry.operation.as_deref() == Some(APPLY)
        && entry.subresource.as_deref().unwrap_or("").is_empty()
}

fn fields_of(entry: &mut ManagedFieldsEntry) -> Option<&mut Fields> {
    let FieldsV1(fields) = entry.fields_v1.as_mut()?;
    fields.as_object_mut()
}

/// Removes the operator's parts from another manager's fields and returns them.
fn take(fields: &mut Fields) -> Fields {
    let mut taken = Fields::new();
    for key in OURS {
        let Some(Value::Object(mut part)) = fields.remove(key) else {
            continue;
        };
        let mut left = Fields::new();
        if let Some(replicas) = part.remove(REPLICAS) {
            left.insert(REPLICAS.to_owned(), replicas);
        }
        merge(&mut left, split_metadata(&mut part));
        if !left.is_empty() {
            fields.insert(key.to_owned(), Value::Object(left));
        }
        if !part.is_empty() {
            taken.insert(key.to_owned(), Value::Object(part));
        }
    }
    taken
}

/// Takes the metadata of embedded objects out, each under its path.
fn split_metadata(fields: &mut Fields) -> Fields {
    let mut metadata = Fields::new();
    let keys: Vec<String> = fields.keys().cloned().collect();
    for key in keys {
        if key == METADATA {
            metadata.extend(fields.remove_entry(&key));
            continue;
        }
        let Some(Value::Object(inner)) = fields.get_mut(&key) else {
            continue;
        };
        // An empty object is a leaf: the field as a whole.
        let was_leaf = inner.is_empty();
        let within = split_metadata(inner);
        if !was_leaf && inner.is_empty() {
            fields.remove(&key);
        }
        if !within.is_empty() {
            metadata.insert(key, Value::Object(within));
        }
    }
    metadata
}

/// The union of two sets of fields.
fn merge(into: &mut Fields, more: Fields) {
    for (key, value) in more {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(inner)), Value::Object(more)) => merge(inner, more),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn entry(manager: &str, operation: &str, subresource: &str, fields: &Value) -> Value {
        json!({ "manager": manager, "operation": operation, "subresource": subresource, "fieldsV1": fields })
    }

    fn reclaimed_of(entries: &Value) -> Option<Value> {
        let metadata: ObjectMeta =
            serde_json::from_value(json!({ "managedFields": entries })).unwrap();
        reclaimed(&metadata).map(|entries| serde_json::to_value(entries).unwrap())
    }

    fn own() -> Value {
        entry(
            MANAGER,
            "Apply",
            "",
            &json!({ "f:spec": { "f:a": {} }, "f:metadata": { "f:labels": { "f:l": {} } } }),
        )
    }

    #[test]
    fn what_others_added_to_the_spec_becomes_ours_and_their_metadata_stay_theirs() {
        let other = entry(
            "kubectl-set",
            "Update",
            "",
            &json!({
                "f:metadata": { "f:annotations": { "f:mine": {} } },
                "f:spec": {
                    "f:paused": {},
                    "f:replicas": {},
                    "f:template": {
                        "f:metadata": { "f:annotations": { "f:restartedAt": {} } },
                        "f:spec": { "f:containers": { "k:{\"name\":\"auth\"}": { "f:env": { "k:{\"name\":\"X\"}": { ".": {}, "f:value": {} } } } } }
                    }
                }
            }),
        );
        let new = reclaimed_of(&json!([own(), other])).unwrap();
        assert_eq!(
            new[0]["fieldsV1"]["f:spec"],
            json!({
                "f:a": {},
                "f:paused": {},
                "f:template": { "f:spec": { "f:containers": { "k:{\"name\":\"auth\"}": { "f:env": { "k:{\"name\":\"X\"}": { ".": {}, "f:value": {} } } } } } }
            })
        );
        assert_eq!(
            new[1]["fieldsV1"],
            json!({
                "f:metadata": { "f:annotations": { "f:mine": {} } },
                "f:spec": { "f:replicas": {}, "f:template": { "f:metadata": { "f:annotations": { "f:restartedAt": {} } } } }
            })
        );
        assert_eq!(reclaimed_of(&new), None, "once is enough");
    }

    #[test]
    fn subresources_belong_to_those_who_write_them() {
        let scale = entry(
            "hpa",
            "Update",
            "scale",
            &json!({ "f:spec": { "f:replicas": {} } }),
        );
        let status = entry("kcm", "Update", "status", &json!({ "f:status": {} }));
        assert_eq!(reclaimed_of(&json!([own(), scale, status])), None);
    }

    #[test]
    fn a_manager_that_is_left_with_nothing_is_dropped() {
        let other = entry(
            "kubectl-edit",
            "Update",
            "",
            &json!({ "f:spec": { "f:b": {} } }),
        );
        let new = reclaimed_of(&json!([own(), other])).unwrap();
        assert_eq!(new.as_array().unwrap().len(), 1);
    }

    #[test]
    fn before_our_first_apply_nothing_is_taken() {
        let other = entry(
            "kubectl-create",
            "Update",
            "",
            &json!({ "f:spec": { "f:b": {} } }),
        );
        assert_eq!(reclaimed_of(&json!([other])), None);
    }
}
