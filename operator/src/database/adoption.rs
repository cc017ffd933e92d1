//! Whether a stack may adopt the volume of a deleted stack of its name. An immutable field cannot be changed by
//! deleting and creating the stack either: prices in the database are numbers without a currency, and settings are
//! derived from the size. The volume therefore records the values that it was created for. Secrets do not: their
//! content depends on no such field, and deleting the volume alone must be enough to start with an empty shop. Pure.

use crate::{
    database::{stateful_set::STORAGE, volumes::volume_name},
    fetched::Fetched,
    kube::{
        labels::{CURRENCY, STACK_UID, STORAGE_CLASS, annotation, map},
        pods::amount,
    },
    validate::ValidStack,
};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use std::collections::BTreeMap;

/// A field for which the volume was created with another value.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Difference {
    field: &'static str,
    volume: Option<String>,
    stack: Option<String>,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "PersistentVolumeClaim {volume} holds the data of a deleted stack of the same name, which had other values in \
     immutable fields: {}. Either delete this stack, which keeps that data, and create it again with {}, or run \
     kubectl delete pvc {volume} -n {namespace}, which deletes that data, to start with an empty shop",
    self.found(),
    self.remedy()
)]
pub struct AdoptionRefused {
    namespace: String,
    volume: String,
    differences: Vec<Difference>,
}

/// The values that the data on a volume depend on, as its annotations record them. The size is in the claim itself.
pub fn made_for(stack: &ValidStack) -> BTreeMap<String, String> {
    let class = stack.database.storage_class.as_deref();
    map([
        (CURRENCY, stack.currency.as_str()),
        (STORAGE_CLASS, class.unwrap_or_default()),
    ])
}

/// Refuses a volume of another stack that was created with other values. A volume that names no stack was created by a
/// release that did not mark volumes, possibly for this stack, and is accepted.
pub fn check(stack: &ValidStack, fetched: &Fetched) -> Result<(), AdoptionRefused> {
    let name = volume_name(&stack.name);
    let Some(volume) = fetched.live.volumes.get(&name) else {
        return Ok(());
    };
    if annotation(&volume.metadata, STACK_UID).is_none_or(|uid| uid == stack.owner.uid) {
        return Ok(());
    }
    let found = [currency, storage_class, size].map(|differs| differs(stack, volume));
    let differences: Vec<_> = found.into_iter().flatten().collect();
    if differences.is_empty() {
        return Ok(());
    }
    Err(AdoptionRefused {
        namespace: stack.namespace.clone(),
        volume: name,
        differences,
    })
}

fn currency(stack: &ValidStack, volume: &PersistentVolumeClaim) -> Option<Difference> {
    let made_for = annotation(&volume.metadata, CURRENCY)?;
    (made_for != stack.currency).then(|| Difference {
        field: "spec.currency",
        volume: Some(made_for.to_owned()),
        stack: Some(stack.currency.clone()),
    })
}

/// The actual class of the volume is always accepted: the spec may name the default class explicitly.
fn storage_class(stack: &ValidStack, volume: &PersistentVolumeClaim) -> Option<Difference> {
    let wanted = stack.database.storage_class.as_deref();
    let spec = volume.spec.as_ref();
    let actual = spec.and_then(|spec| spec.storage_class_name.as_deref());
    let named = annotation(&volume.metadata, STORAGE_CLASS).filter(|class| !class.is_empty());
    let is_same = match wanted {
        Some(_) => wanted == actual,
        None => named.is_none(),
    };
    (!is_same).then(|| Difference {
        field: "spec.database.managed.storage.className",
        volume: named.or(actual).map(str::to_owned),
        stack: wanted.map(str::to_owned),
    })
}

/// The operator does not resize volumes, so the size must be equal.
fn size(stack: &ValidStack, volume: &PersistentVolumeClaim) -> Option<Difference> {
    let (actual, wanted) = (requested(volume)?, &stack.database.size);
    (actual != wanted && amount(actual) != amount(wanted)).then(|| Difference {
        field: "spec.database.managed.storage.size",
        volume: Some(actual.to_owned()),
        stack: Some(wanted.clone()),
    })
}

/// The usable size: that of the spec, or that of a smaller volume, since earlier releases adopted volumes of any size.
pub fn usable_size<'a>(stack: &'a ValidStack, fetched: &'a Fetched) -> &'a str {
    let wanted = &stack.database.size;
    let volume = fetched.live.volumes.get(&volume_name(&stack.name));
    volume
        .and_then(requested)
        .filter(|actual| amount(actual) < amount(wanted))
        .unwrap_or(wanted)
}

fn requested(volume: &PersistentVolumeClaim) -> Option<&str> {
    let resources = volume.spec.as_ref()?.resources.as_ref()?;
    let size = resources.requests.as_ref()?.get(STORAGE)?;
    Some(&size.0)
}

impl AdoptionRefused {
    fn found(&self) -> String {
        let of = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
        let differences = self.differences.iter().map(|difference| {
            let (volume, stack) = (of(&difference.volume), of(&difference.stack));
            format!("{} was {volume} and is {stack}", difference.field)
        });
        differences.collect::<Vec<_>>().join("; ")
    }

    fn remedy(&self) -> String {
        let differences = self.differences.iter().map(|difference| {
            let value = difference.volume.as_deref().unwrap_or("not set");
            format!("{}: {value}", difference.field)
        });
        differences.collect::<Vec<_>>().join(" and ")
    }
}
