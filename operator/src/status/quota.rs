//! Explains refusals by a `ResourceQuota` or a `LimitRange` in terms of the field to change. The API server reports
//! them only as a sentence, in the same form to every client that creates the object. Pure.

use crate::kube::pod_failures::sentence;

/// The part of the spec that determines what an object requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part<'a> {
    Database,
    /// A component, as the spec spells it.
    Component(&'a str),
    /// A Job or a plain object, whose requests no field of the spec changes.
    Fixed,
}

/// The cause and the remedy; `None` for any other refusal.
pub fn explain(message: &str, part: Part<'_>) -> Option<String> {
    if let Some((_, rest)) = message.split_once("exceeded quota: ") {
        return Some(exceeded(rest, part));
    }
    if let Some((_, rest)) = message.split_once("failed quota: ") {
        // `name: must specify limits.cpu for: postgres`
        let (name, what) = rest.split_once(": must specify ").unwrap_or((rest, "more"));
        let what = what.split(" for: ").next().unwrap_or(what);
        let field = part.field("resources");
        return Some(format!(
            "ResourceQuota {} requires {} to be set; {}",
            sentence(name),
            sentence(what),
            match field {
                Some(field) => format!("set {field}, or add a LimitRange with defaults"),
                None => "add a LimitRange with defaults to the namespace".to_owned(),
            }
        ));
    }
    let (_, range) = message.split_once("is forbidden: ")?;
    let is_range = ["maximum ", "minimum "]
        .iter()
        .any(|start| range.trim_start_matches('[').starts_with(start));
    is_range.then(|| {
        let range = sentence(range.trim_matches(['[', ']']));
        match part.field("resources") {
            Some(field) => {
                format!("a LimitRange forbids it: {range}; change {field} or the LimitRange")
            }
            None => format!("a LimitRange forbids it: {range}; change the LimitRange"),
        }
    })
}

/// `name, requested: pods=1, used: pods=0, limited: pods=0`
fn exceeded(rest: &str, part: Part<'_>) -> String {
    let of = |label: &str| {
        let (_, value) = rest.split_once(&format!(", {label}: "))?;
        let end = [", requested: ", ", used: ", ", limited: "]
            .iter()
            .filter_map(|next| value.find(next))
            .min();
        Some(sentence(&value[..end.unwrap_or(value.len())]))
    };
    let name = sentence(rest.split(", requested: ").next().unwrap_or(rest));
    let requested = of("requested").unwrap_or_default();
    let amounts = match (of("limited"), of("used")) {
        (Some(limited), Some(used)) => {
            format!(
                "ResourceQuota {name} allows {limited}; {used} is in use and {requested} more is needed"
            )
        }
        _ => format!("ResourceQuota {name} forbids it"),
    };
    let resource = requested.split('=').next().unwrap_or_default();
    let lever = match resource {
        "pods" | "count/pods" => part.field("replicas"),
        "requests.storage" => part.field("storage.size"),
        _ if resource.contains("cpu") || resource.contains("memory") => part.field("resources"),
        _ => None,
    };
    match lever {
        Some(lever) => format!("{amounts}; raise the quota or lower {lever}"),
        None => format!("{amounts}; raise the quota"),
    }
}

impl Part<'_> {
    fn field(self, of: &str) -> Option<String> {
        match (self, of) {
            (Self::Component(_), "storage.size")
            | (Self::Database, "replicas")
            | (Self::Fixed, _) => None,
            (Self::Component(component), of) => Some(format!("spec.components.{component}.{of}")),
            (Self::Database, of) => Some(format!("spec.database.managed.{of}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_explained_with_its_numbers_and_the_field() {
        let message = "pods \"shop-auth-1\" is forbidden: exceeded quota: few, requested: pods=1, used: pods=3, limited: pods=3";
        assert_eq!(
            explain(message, Part::Component("auth")).unwrap(),
            "ResourceQuota few allows pods=3; pods=3 is in use and pods=1 more is needed; raise the quota or lower spec.components.auth.replicas"
        );
        let message = "exceeded quota: small, requested: requests.memory=256Mi,requests.cpu=1, used: requests.memory=0,requests.cpu=0, limited: requests.memory=100Mi,requests.cpu=0";
        let text = explain(message, Part::Database).unwrap();
        assert!(
            text.contains("allows requests.memory=100Mi,requests.cpu=0;"),
            "{text}"
        );
        assert!(
            text.ends_with("lower spec.database.managed.resources"),
            "{text}"
        );
        let message = "persistentvolumeclaims \"x\" is forbidden: exceeded quota: disk, requested: requests.storage=1Gi, used: requests.storage=0, limited: requests.storage=1Mi";
        let text = explain(message, Part::Database).unwrap();
        assert!(
            text.ends_with("lower spec.database.managed.storage.size"),
            "{text}"
        );
    }

    #[test]
    fn what_a_quota_or_a_range_wants_to_be_set_is_said() {
        let message =
            "pods \"x\" is forbidden: failed quota: q: must specify limits.cpu for: postgres";
        assert_eq!(
            explain(message, Part::Database).unwrap(),
            "ResourceQuota q requires limits.cpu to be set; set spec.database.managed.resources, or add a LimitRange with defaults"
        );
        let message = "pods \"x\" is forbidden: [maximum memory usage per Container is 128Mi, but limit is 256Mi]";
        assert_eq!(
            explain(message, Part::Component("worker")).unwrap(),
            "a LimitRange forbids it: maximum memory usage per Container is 128Mi, but limit is 256Mi; change spec.components.worker.resources or the LimitRange"
        );
    }

    #[test]
    fn other_refusals_are_not_quotas() {
        for message in [
            "pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\"",
            "secrets is forbidden: User \"x\" cannot create resource",
        ] {
            assert_eq!(explain(message, Part::Database), None);
        }
    }
}
