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

/// A stack, as far as claims go.
struct Stack<'a> {
    metadata: &'a ObjectMeta,
    status: Option<&'a EcommerceStackStatus>,
}

/// Takes a stack that no other installation works on, or says whose it is. To be asked before anything is written.
pub async fn claim(
    installation: &Installation,
    events: &Events,
    metadata: &ObjectMeta,
    status: Option<&EcommerceStackStatus>,
) -> Result<Claim, LeaseError> {
    let stack = Stack { metadata, status };
    let claimant = Claimant {
        installation,
        events,
        stack,
    };
    claimant.claim().await
}

/// An installation before a stack.
struct Claimant<'a> {
    installation: &'a Installation,
    events: &'a Events,
    stack: Stack<'a>,
}

impl Claimant<'_> {
    async fn claim(&self) -> Result<Claim, LeaseError> {
        let own = self.installation.own();
        let owner = self.stack.operator().filter(|owner| Some(*owner) != own);
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
        if self.stack.operator() != own && !self.take().await? {
            return Ok(Claim::Undecided);
        }
        self.dismiss().await?;
        Ok(Claim::Ours)
    }

    /// Whether a person has given the stack to this installation.
    fn is_assigned(&self) -> bool {
        let assigned = annotation(self.stack.metadata, OPERATOR);
        assigned.is_some() && assigned == self.installation.own()
    }

    /// Writes who works on the stack. False if it was written by another client in the meantime.
    async fn take(&self) -> Result<bool, LeaseError> {
        let stack = &self.stack;
        if let Some(before) = stack.operator() {
            info!(
                stack.namespace = stack.metadata.namespace,
                stack.name = stack.metadata.name,
                before,
                "taking over a stack"
            );
        }
        let status = match self.installation.own() {
            Some(own) => json!({ "operator": own }),
            None => json!({}),
        };
        self.apply(CLAIM, &status, Precondition::Unchanged).await
    }

    /// Says that this installation leaves the stack alone, unless another one does already.
    async fn stand_by(&self, owner: &str, sign: Sign) -> Result<(), LeaseError> {
        let stack = &self.stack;
        let Some(own) = self.installation.own() else {
            info!(
                stack.namespace = stack.metadata.namespace,
                stack.name = stack.metadata.name,
                owner,
                "leaving a stack to the installation that owns it"
            );
            return Ok(());
        };
        if let Some(other) = stack.bystander().filter(|other| *other != own)
            && self.installation.sign(other).await? != Sign::Known(Life::Gone)
        {
            return Ok(());
        }
        let message = message(own, owner, sign, stack.metadata);
        let before = stack.conflict();
        if stack.bystander() == Some(own) && before.is_some_and(|before| before.message == message)
        {
            return Ok(());
        }
        let since = before.map_or(Time(Timestamp::now()), |before| {
            before.last_transition_time.clone()
        });
        let condition = Condition {
            type_: ConditionType::OperatorConflict.as_str().to_owned(),
            status: "True".to_owned(),
            reason: Reason::OwnedElsewhere.as_str().to_owned(),
            message,
            observed_generation: stack.metadata.generation,
            last_transition_time: since,
        };
        let status = json!({ "bystander": own, "conditions": [condition] });
        self.apply(BYSTANDER, &status, Precondition::SameStack)
            .await?;
        let finding = Finding::new(Reason::OwnedElsewhere, condition.message);
        let reference = stack.reference().object_ref(&());
        self.events.tell(&reference, &finding).await;
        Ok(())
    }

    /// Takes back what an installation said that watches the stack no more, or has taken it over.
    async fn dismiss(&self) -> Result<(), LeaseError> {
        let Some(bystander) = self.stack.bystander() else {
            return Ok(());
        };
        if Some(bystander) == self.installation.own()
            || self.installation.sign(bystander).await? == Sign::Known(Life::Gone)
        {
            self.apply(BYSTANDER, &json!({}), Precondition::SameStack)
                .await?;
        }
        Ok(())
    }

    /// Whether it was written: not where the stack is gone, or was changed against the precondition.
    async fn apply(
        &self,
        manager: &str,
        status: &Value,
        precondition: Precondition,
    ) -> Result<bool, LeaseError> {
        let ObjectMeta {
            name,
            namespace,
            uid,
            resource_version,
            ..
        } = self.stack.metadata;
        let mut metadata = json!({ "name": name, "uid": uid });
        if precondition == Precondition::Unchanged {
            metadata["resourceVersion"] = json!(resource_version);
        }
        let patch = Patch::Apply(json!({
            "apiVersion": format!("{GROUP}/v1alpha1"),
            "kind": "EcommerceStack",
            "metadata": metadata,
            "status": status,
        }));
        let api: Api<PartialObjectMeta<EcommerceStack>> = Api::namespaced(
            self.installation.client.clone(),
            namespace.as_deref().unwrap_or_default(),
        );
        let parameters = PatchParams::apply(manager).force();
        let name = name.as_deref().unwrap_or_default();
        match api.patch_status(name, &parameters, &patch).await {
            Ok(_) => Ok(true),
            Err(kube::Error::Api(status)) if status.is_not_found() || status.is_conflict() => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What must be so for a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Precondition {
    /// The stack was not written since it was read.
    Unchanged,
    SameStack,
}

impl<'a> Stack<'a> {
    fn operator(&self) -> Option<&'a str> {
        self.status?.operator.as_deref()
    }

    fn bystander(&self) -> Option<&'a str> {
        self.status?.bystander.as_deref()
    }

    fn conflict(&self) -> Option<&'a Condition> {
        condition(&self.status?.conditions, ConditionType::OperatorConflict)
    }

    fn reference(&self) -> PartialObjectMeta<EcommerceStack> {
        self.metadata.clone().into_request_partial()
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
