//! Which installation of the operator manages a stack. It writes the name of its Lease into `status.operator` before it
//! changes anything of the stack. Another installation that finds the name there does not change the stack as long as
//! that Lease is renewed, and reports this in a condition of its own (ADR 10).

use crate::{
    kube::{
        installation::Installation,
        labels::{OPERATOR, annotation},
        lease::{LeaseError, Liveness},
        scope::has_changed,
    },
    status::{ConditionBody, Finding, condition, events::Events, transition},
};
use ecommercestack_crds::{ConditionType, EcommerceStack, EcommerceStackStatus, GROUP, Reason};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::{
    Api, Resource as _,
    api::{Patch, PatchParams},
    core::{PartialObjectMeta, PartialObjectMetaExt as _},
};
use serde_json::{Value, json};
use tracing::info;

/// The field manager of `status.operator`. It differs from that of the rest, so that a pass that started before another
/// installation took over cannot write the old value back.
const CLAIM: &str = "ecommercestack-operator-claim";
/// The field manager of what an installation reports about a stack of another installation.
const BYSTANDER: &str = "ecommercestack-operator-bystander";

/// Which installation owns a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    Ours,
    /// Another installation manages it.
    Elsewhere,
    /// The other installation has not been observed for long enough to decide whether it is still active.
    Undecided,
}

/// An installation and a stack that it may claim.
pub struct Claimant<'a> {
    pub installation: &'a Installation,
    pub events: &'a Events,
    /// Its version follows the claimant's own writes.
    pub metadata: &'a mut ObjectMeta,
    pub status: Option<&'a EcommerceStackStatus>,
}

impl<'a> Claimant<'a> {
    /// Claims a stack that no other installation manages, or returns who owns it. It is called before anything is
    /// written.
    pub async fn claim(&mut self) -> Result<Claim, LeaseError> {
        let own = self.installation.own();
        let owner = self.operator().filter(|owner| Some(*owner) != own);
        if let Some(owner) = owner
            && !self.is_assigned()
        {
            match self.installation.liveness(owner).await? {
                Liveness::Gone => {}
                Liveness::Unknown => return Ok(Claim::Undecided),
                liveness @ (Liveness::Alive | Liveness::Hidden) => {
                    self.stand_by(owner, liveness).await?;
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

    /// Whether a person has assigned the stack to this installation.
    fn is_assigned(&self) -> bool {
        let assigned = annotation(self.metadata, OPERATOR);
        assigned.is_some() && assigned == self.installation.own()
    }

    /// Writes the owner of the stack. False if another client changed the stack in the meantime.
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

    /// Reports that this installation does not change the stack, unless another bystander reports it already.
    async fn stand_by(&mut self, owner: &str, liveness: Liveness) -> Result<(), LeaseError> {
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
            && self.installation.liveness(other).await? != Liveness::Gone
        {
            return Ok(());
        }
        let message = message(own, owner, liveness, self.metadata);
        let finding = Finding::new(Reason::OwnedElsewhere, message);
        let conditions = self.status.map(|status| status.conditions.as_slice());
        let conditions = conditions.unwrap_or_default();
        let conflict = ConditionType::OperatorConflict;
        let said = condition(conditions, conflict).map(|before| &before.message);
        if self.bystander() == Some(own) && said == Some(&finding.message) {
            return Ok(());
        }
        let body = ConditionBody::new(Some(true), &finding);
        let generation = self.metadata.generation;
        let condition = transition(conditions, conflict, body, generation, Timestamp::now());
        let status = json!({ "bystander": own, "conditions": [condition] });
        if self.apply(BYSTANDER, &status).await? {
            let stack: PartialObjectMeta<EcommerceStack> =
                self.metadata.clone().into_request_partial();
            self.events
                .publish_finding(&stack.object_ref(&()), &finding)
                .await;
        }
        Ok(())
    }

    /// Removes the report of a bystander that is not active any more, or has become the owner.
    async fn dismiss(&mut self) -> Result<(), LeaseError> {
        let Some(bystander) = self.bystander() else {
            return Ok(());
        };
        if Some(bystander) == self.installation.own()
            || self.installation.liveness(bystander).await? == Liveness::Gone
        {
            self.apply(BYSTANDER, &json!({})).await?;
        }
        Ok(())
    }

    /// Writes a part of the status. False if the stack was deleted or has changed since it was read.
    async fn apply(&mut self, manager: &str, status: &Value) -> Result<bool, LeaseError> {
        let stack = &*self.metadata;
        let patch = Patch::Apply(json!({
            "apiVersion": format!("{GROUP}/v1alpha1"),
            "kind": "EcommerceStack",
            "metadata": { "name": stack.name, "uid": stack.uid, "resourceVersion": stack.resource_version },
            "status": status,
        }));
        let (client, namespace) = (self.installation.client.clone(), stack.namespace.as_deref());
        let api: Api<PartialObjectMeta<EcommerceStack>> =
            Api::namespaced(client, namespace.unwrap_or_default());
        let parameters = PatchParams::apply(manager).force();
        let name = stack.name.as_deref().unwrap_or_default();
        match api.patch_status(name, &parameters, &patch).await {
            Ok(written) => {
                self.metadata.resource_version = written.metadata.resource_version;
                Ok(true)
            }
            Err(error) if has_changed(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

fn message(own: &str, owner: &str, liveness: Liveness, metadata: &ObjectMeta) -> String {
    let name = metadata.name.as_deref().unwrap_or_default();
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    let assign = format!(
        "run kubectl annotate ecommercestack {name} --namespace {namespace} --overwrite {OPERATOR}={own}"
    );
    match liveness {
        Liveness::Alive | Liveness::Unknown | Liveness::Gone => format!(
            "the operator with the Lease {owner} owns this stack, so the operator with the Lease {own} does not \
             change it; uninstall one of them, or configure them to watch different namespaces; to assign the stack \
             to {own}, {assign}"
        ),
        Liveness::Hidden => format!(
            "the operator with the Lease {owner} owned this stack last, and the operator with the Lease {own} is \
             not permitted to read that Lease, so it does not change the stack; if the other installation was \
             removed, {assign}"
        ),
    }
}

/// A status without the fields of claims, which the rest of a pass neither reads nor writes.
pub fn without_claims(status: Option<EcommerceStackStatus>) -> Option<EcommerceStackStatus> {
    let mut status = status?;
    status.operator = None;
    status.bystander = None;
    let conflict = ConditionType::OperatorConflict.into_str();
    status.conditions.retain(|one| one.type_ != conflict);
    (status != EcommerceStackStatus::default()).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

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
            type_: ConditionType::OperatorConflict.into_str().to_owned(),
            status: "True".to_owned(),
            reason: Reason::OwnedElsewhere.into_str().to_owned(),
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
