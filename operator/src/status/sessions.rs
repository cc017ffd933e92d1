//! Lost keys of tokens, which log everybody out: said before, where it can be seen coming, and after. // OPERATOR 8

use super::Finding;
use crate::{
    component::Workload,
    credentials::{Credential, Credentials},
    fetched::Fetched,
    validate::ValidStack,
};
use ecommercestack_crds::Reason;

/// Of a Secret that only waits for its finalizers.
pub(super) fn keys_are_leaving(stack: &ValidStack, fetched: &Fetched) -> Option<Finding> {
    let secret = fetched.secrets.get(&Credential::SigningKeys)?;
    secret.metadata.deletion_timestamp.as_ref()?;
    let name = stack.object(Credential::SigningKeys.suffix());
    Some(Finding::new(
        Reason::SigningKeysLeaving,
        format!(
            "Secret {name} is being deleted, and only its finalizers keep it; once it is gone, new keys are made and everybody \
             is logged out; to keep the sessions, save its data now and put them into the new Secret"
        ),
    ))
}

/// Of keys that this pass makes again in a shop that was up. For an Event: the next pass finds nothing unusual.
pub fn keys_replaced(
    stack: &ValidStack,
    fetched: &Fetched,
    credentials: &Credentials,
) -> Option<Finding> {
    let auth = stack.object(Workload::Auth.as_str());
    if !credentials.end_sessions() || !fetched.live.deployments.contains_key(&auth) {
        return None;
    }
    let name = stack.object(Credential::SigningKeys.suffix());
    let lost = if fetched.secrets.contains_key(&Credential::SigningKeys) {
        "had lost refresh.key, which has been made again"
    } else {
        "was gone and has been made again"
    };
    Some(Finding::new(
        Reason::SigningKeysReplaced,
        format!(
            "everybody is logged out: Secret {name} {lost}; customers log in again; where there is a copy, put its data into \
             the Secret, and the sessions of before are good again"
        ),
    ))
}
