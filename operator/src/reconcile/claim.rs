//! Which installation of the operator works on a stack. It writes the name of its Lease into `status.operator` before it
//! touches anything of a stack. Another one that finds it there leaves the stack alone while that Lease is renewed, and
//! says so by a condition of its own (ADR 10).

use crate::{
    kube::{
        installation::{Installation, Sign},
        labels::{OPERATOR, annotation},
        lease::{LeaseError, Life},
    },
    status::{Finding, condition, events::Events},
};
use ecommercestack_crds::{ConditionType, EcommerceStack, EcommerceStackStatus, GROUP, Reason};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, ObjectMeta, Time};
use kube::{
    Api, Resource as _,
    api::{Patch, PatchParams},
    core::{PartialObjectMeta, PartialObjectMetaExt as _},
};
use serde_json::{Value, json};
use tracing::info;

/// The field manager of `status.operator`: not that of the rest, so that a pass that began before another installation took
/// over cannot write the old value back.
const CLAIM: &str = "ecommercestack-operator-claim";
/// The field manager of what an installation says of a stack that it leaves alone.
const BYSTANDER: &str = "ecommercestack-operator-bystander";

/// Whose a stack is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    Ours,
    /// Another installation works on it.
    Elsewhere,
    /// It was not seen for long enough to tell whether the other installation still works.
    Undecided,
}

/// Takes a stack that no other installation works on, or says whose it is. It is called before anything is written. Its
/// own writes raise the version in the metadata.
pub async fn claim(
    installation: &Installation,
    events: &Events,
    metadata: &mut ObjectMeta,
    status: Option<&EcommerceStackStatus>,
) -> Result<Claim, LeaseError> {
    let mut claimant = Claimant {
        installation,
        events,
        metadata,
        status,
    };
    claimant.claim().await
}

/// An installation and a stack that it may claim.
struct Claimant<'a> {
    installation: &'a Installation,
    events: &'a Events,
    metadata: &'a mut ObjectMeta,
    status: Option<&'a EcommerceStackStatus>,
}

impl<'a> Claimant<'a> {
    async fn claim(&mut self) -> Result<Claim, LeaseError> {
        let own = self.installation.own();
        let owner = self.operator().filter(|owner| Some(*owner) != own);
        if let Some(owner) = owner
            && !self.is_assigned()
        {
            match self.installation.sign(owner).await? {
                Sign::Known(Life::Gone) => {}
                Sign::Known(Life::Unknown) => return Ok(Claim::Undecided),
                sign @ (Sign::Known(Life::Alive) | Sign::Hidden) => {
                    self.stand_by(owner, sign).await?;
                    return Ok(Claim::Elsewhere);
                }
            }
        }
        if self.operator() != own && !self.take().await? {
            return Ok(Claim::Undecided);
        }
        self.dismiss().await?;
        Ok(Claim::Ours)
    }

    fn operator(&self) -> Option<&'a str> {
        self.status?.operator.as_deref()
    }

    fn bystander(&self) -> Option<&'a str> {
        self.status?.bystander.as_deref()
    }

    /// Whether a person has given the stack to this installation.
    fn is_assigned(&self) -> bool {
        let assigned = annotation(self.metadata, OPERATOR);
        assigned.is_some() && assigned == self.installation.own()
    }

    /// Writes who works on the stack. False if it was written by another client in the meantime.
    async fn take(&mut self) -> Result<bool, LeaseError> {
        if let Some(before) = self.operator() {
            info!(
                stack.namespace = self.metadata.namespace,
                stack.name = self.metadata.name,
                before,
                "taking over a stack"
            );
        }
        let status = match self.installation.own() {
            Some(own) => json!({ "operator": own }),
            None => json!({}),
        };
        self.apply(CLAIM, &status).await
    }

    /// Says that this installation leaves the stack alone, unless another one does already.
    async fn stand_by(&mut self, owner: &str, sign: Sign) -> Result<(), LeaseError> {
        let Some(own) = self.installation.own() else {
            info!(
                stack.namespace = self.metadata.namespace,
                stack.name = self.metadata.name,
                owner,
                "leaving a stack to the installation that owns it"
            );
            return Ok(());
        };
        if let Some(other) = self.bystander().filter(|other| *other != own)
            && self.installation.sign(other).await? != Sign::Known(Life::Gone)
        {
            return Ok(());
        }
        let message = message(own, owner, sign, self.metadata);
        let conditions = self.status.map(|status| status.conditions.as_slice());
        let conflict = ConditionType::OperatorConflict;
        let before = condition(conditions.unwrap_or_default(), conflict);
        if self.bystander() == Some(own) && before.is_some_and(|before| before.message == message) {
            return Ok(());
        }
        let since = before.map_or(Time(Timestamp::now()), |before| {
            before.last_transition_time.clone()
        });
        let condition = Condition {
            type_: conflict.as_str().to_owned(),
            status: "True".to_owned(),
            reason: Reason::OwnedElsewhere.as_str().to_owned(),
            message,
            observed_generation: self.metadata.generation,
            last_transition_time: since,
        };
        let status = json!({ "bystander": own, "conditions": [condition] });
        if self.apply(BYSTANDER, &status).await? {
            let finding = Finding::new(Reason::OwnedElsewhere, condition.message);
            let stack: PartialObjectMeta<EcommerceStack> =
                self.metadata.clone().into_request_partial();
            self.events.tell(&stack.object_ref(&()), &finding).await;
        }
        Ok(())
    }

    /// Takes back what an installation said that does not watch the stack any more, or has taken it over.
    async fn dismiss(&mut self) -> Result<(), LeaseError> {
        let Some(bystander) = self.bystander() else {
            return Ok(());
        };
        if Some(bystander) == self.installation.own()
            || self.installation.sign(bystander).await? == Sign::Known(Life::Gone)
        {
            self.apply(BYSTANDER, &json!({})).await?;
        }
        Ok(())
    }

    /// Writes a part of the status, if the stack is there and was not changed since it was read. Whether it did.
    async fn apply(&mut self, manager: &str, status: &Value) -> Result<bool, LeaseError> {
        let ObjectMeta {
            name,
            namespace,
            uid,
            resource_version,
            ..
        } = &*self.metadata;
        let patch = Patch::Apply(json!({
            "apiVersion": format!("{GROUP}/v1alpha1"),
            "kind": "EcommerceStack",
            "metadata": { "name": name, "uid": uid, "resourceVersion": resource_version },
            "status": status,
        }));
        let api: Api<PartialObjectMeta<EcommerceStack>> = Api::namespaced(
            self.installation.client.clone(),
            namespace.as_deref().unwrap_or_default(),
        );
        let parameters = PatchParams::apply(manager).force();
        let name = name.as_deref().unwrap_or_default();
        match api.patch_status(name, &parameters, &patch).await {
            Ok(written) => {
                self.metadata.resource_version = written.metadata.resource_version;
                Ok(true)
            }
            Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

fn message(own: &str, owner: &str, sign: Sign, metadata: &ObjectMeta) -> String {
    let name = metadata.name.as_deref().unwrap_or_default();
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    let assign = format!(
        "run kubectl annotate ecommercestack {name} --namespace {namespace} --overwrite {OPERATOR}={own}"
    );
    match sign {
        Sign::Known(_) => format!(
            "the operator with the Lease {owner} owns this stack, so the operator with the Lease {own} does not \
             change it; uninstall one of them, or configure them to watch different namespaces; to assign the stack \
             to {own}, {assign}"
        ),
        Sign::Hidden => format!(
            "the operator with the Lease {owner} owned this stack last, and the operator with the Lease {own} is \
             not permitted to read that Lease, so it does not change the stack; if the other installation was \
             removed, {assign}"
        ),
    }
}

/// A status without what concerns claims: the rest of a pass neither reads nor writes that.
pub fn without_claims(status: Option<EcommerceStackStatus>) -> Option<EcommerceStackStatus> {
    let mut status = status?;
    status.operator = None;
    status.bystander = None;
    let conflict = ConditionType::OperatorConflict.as_str();
    status.conditions.retain(|one| one.type_ != conflict);
    (status != EcommerceStackStatus::default()).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_says_no_more_than_whose_the_stack_is_counts_as_none() {
        let claimed = EcommerceStackStatus {
            operator: Some("shops/operator".to_owned()),
            ..EcommerceStackStatus::default()
        };
        assert_eq!(without_claims(Some(claimed.clone())), None);
        let told = EcommerceStackStatus {
            url: Some("http://shop.example".to_owned()),
            ..EcommerceStackStatus::default()
        };
        let condition = Condition {
            type_: ConditionType::OperatorConflict.as_str().to_owned(),
            status: "True".to_owned(),
            reason: Reason::OwnedElsewhere.as_str().to_owned(),
            message: String::new(),
            observed_generation: None,
            last_transition_time: Time(Timestamp::UNIX_EPOCH),
        };
        let contested = EcommerceStackStatus {
            bystander: Some("shops/other".to_owned()),
            conditions: vec![condition],
            url: told.url.clone(),
            ..claimed
        };
        assert_eq!(without_claims(Some(contested)), Some(told));
    }
}
