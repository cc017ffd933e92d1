//! The database's volume. It is created before the `StatefulSet`, which would create it otherwise, so that it carries
//! the marks that decide whether it is retained from the beginning (OPERATOR 12). It is created once by POST; its spec
//! is the claim template of the `StatefulSet`.

use crate::{
    component::POSTGRES,
    database::{retention::volume_marks, stateful_set::claim},
    kube::labels::metadata,
    validate::ValidStack,
};
use k8s_openapi::{
    api::core::v1::PersistentVolumeClaim, apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

/// The claim of the database's first pod, by the name that the `StatefulSet` gives it.
pub fn volume_name(stack: &str) -> String {
    format!("{}0", prefix(stack))
}

/// Whether a claim is one of the database's, by its name.
pub fn is_volume_name(stack: &str, name: &str) -> bool {
    let ordinal = name.strip_prefix(&prefix(stack));
    ordinal.is_some_and(|ordinal| ordinal.parse::<u32>().is_ok())
}

/// What the `StatefulSet` puts before the ordinal of the pod.
fn prefix(stack: &str) -> String {
    format!(
        "{}-{stack}-{POSTGRES}-",
        crate::database::stateful_set::VOLUME
    )
}

pub fn volume(stack: &ValidStack) -> PersistentVolumeClaim {
    PersistentVolumeClaim {
        metadata: ObjectMeta {
            annotations: Some(volume_marks(stack)),
            owner_references: None,
            ..metadata(stack, volume_name(&stack.name), POSTGRES)
        },
        ..claim(stack)
    }
}
