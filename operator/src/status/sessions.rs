//! Lost token signing keys, which log all users out: reported in advance if possible, and afterwards. // OPERATOR 8

use super::Finding;
use crate::{
    component::Workload,
    credentials::{Credential, Credentials},
    fetched::Fetched,
    validate::ValidStack,
};

/// The finding for a Secret that is kept only by its finalizers.
pub(super) fn keys_are_terminating(stack: &ValidStack, fetched: &Fetched) -> Option<Finding> {
    let secret = fetched.secrets.get(&Credential::SigningKeys)?;
    secret.metadata.deletion_timestamp.as_ref()?;
    let name = stack.object(Credential::SigningKeys.suffix());
    Some(finding!(
        SigningKeysLeaving,
        "Secret {name} is being deleted, and only its finalizers keep it; once it is gone, new keys are \
         generated and all users are logged out; to keep the sessions, save its data now and put it into the new \
         Secret"
    ))
}

/// The finding for keys that this pass generates again in a running shop. It is published as an Event, since the next
/// pass finds nothing unusual.
pub fn keys_replaced(
    stack: &ValidStack,
    fetched: &Fetched,
    credentials: &Credentials,
) -> Option<Finding> {
    let auth = stack.object(Workload::Auth.into_str());
    if !credentials.end_sessions() || !fetched.live.deployments.contains_key(&auth) {
        return None;
    }
    let name = stack.object(Credential::SigningKeys.suffix());
    let lost = if fetched.secrets.contains_key(&Credential::SigningKeys) {
        "had lost refresh.key, which was generated again"
    } else {
        "was missing and was generated again"
    };
    Some(finding!(
        SigningKeysReplaced,
        "all users are logged out: Secret {name} {lost}; users have to log in again; if there is a copy, put \
         its data into the Secret to make the previous sessions valid again"
    ))
}
