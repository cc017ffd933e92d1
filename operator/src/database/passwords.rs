//! Passwords of the database image's commands: files of the pod, since variables would appear in the pod's definition
//! and in the output of a container runtime. The image reads them as variables, so a shell reads the files first: that
//! way every release of the image runs under this operator, and an upgrade of the operator alone does not stop a
//! database.

use crate::{credentials::Credential, kube::pods::joined_secrets_volume, validate::ValidStack};
use k8s_openapi::api::core::v1::{Volume, VolumeMount};

const DIRECTORY: &str = "/etc/ecommercestack/passwords";
const ENTRY_POINT: &str = "/usr/local/lib/ecommercestack/entrypoint.sh";

/// A folder with a file for each password, named as its variable.
pub fn password_files(
    stack: &ValidStack,
    passwords: impl IntoIterator<Item = (Credential, Vec<(&'static str, String)>)>,
) -> (Volume, VolumeMount) {
    let secrets = passwords
        .into_iter()
        .map(|(credential, keys)| (stack.object(credential.suffix()), keys));
    joined_secrets_volume("passwords", DIRECTORY, secrets)
}

/// The arguments that run a command of the image with those variables.
pub fn with_passwords(command: &str) -> Vec<String> {
    let script = format!(
        "for file in {DIRECTORY}/*; do IFS= read -r value < \"$file\" || :; export \"${{file##*/}}=$value\"; done; exec {ENTRY_POINT} {command}"
    );
    vec!["bash".to_owned(), "-c".to_owned(), script]
}
