//! The finding about a volume whose loss is imminent or complete, while pods may still run normally.

use super::{Finding, Report};
use crate::{component::POSTGRES, database::volumes::volume_name};

/// Whether the data are lost, or will be as soon as the database's pod ends.
pub(super) fn finding(report: &Report) -> Option<Finding> {
    let stack = &report.stack;
    let claim = volume_name(&stack.name);
    let volume = report.fetched.live.volumes.get(&claim)?;
    let namespace = &stack.namespace;
    let pod = format!("{}-0", stack.object(POSTGRES));
    let (spec, status) = (volume.spec.as_ref(), volume.status.as_ref());
    let storage = spec.and_then(|spec| spec.volume_name.as_deref());
    let phase = status.and_then(|status| status.phase.as_deref());
    let message = if phase == Some("Lost") {
        format!(
            "PersistentVolumeClaim {claim} has lost its PersistentVolume {}, and the shop's data is lost with it; \
             restore that PersistentVolume, or run kubectl delete pvc {claim} -n {namespace} and kubectl delete pod \
             {pod} -n {namespace} to start with an empty database, and restore a backup",
            storage.unwrap_or_default()
        )
    } else if volume.metadata.deletion_timestamp.is_some() {
        let keep = match storage {
            Some(storage) => format!(
                "run kubectl patch pv {storage} -p '{{\"spec\":{{\"persistentVolumeReclaimPolicy\":\"Retain\"}}}}' to keep \
                 the storage, and back up the databases"
            ),
            None => "back up the databases".to_owned(),
        };
        format!(
            "PersistentVolumeClaim {claim} is being deleted, which cannot be undone: the shop's data will be lost \
             as soon as pod {pod} ends. Do not delete or restart that pod before you have saved the data: {keep}"
        )
    } else {
        return None;
    };
    Some(finding!(VolumeLost, "{message}"))
}
