//! What is to be said of the way from outside.

use super::{Finding, Report, condition};
use crate::network::routing::Routing;
use ecommercestack_crds::{ConditionType, Reason};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

/// An ingress controller takes up a route within so many seconds.
const PATIENCE: i64 = 30;

/// The status of the condition: unknown where nobody looked.
pub(super) fn is_true(routing: &Routing) -> Option<bool> {
    match routing {
        Routing::Serves => Some(true),
        Routing::HostTaken(_) | Routing::ClassMissing { .. } | Routing::Astray(_) => Some(false),
        Routing::NoIngress | Routing::NotChecked(_) => None,
    }
}

pub(super) fn finding(report: &Report, before: &[Condition], now: Timestamp) -> Finding {
    let place = url(report).unwrap_or_else(|| "any host of the ingress controller".to_owned());
    match &report.routing {
        Routing::Serves => Finding::new(Reason::Running, format!("{place} leads to the shop")),
        Routing::NoIngress => Finding::new(
            Reason::NoIngress,
            "the spec has no ingress: the shop is reached inside the cluster only",
        ),
        Routing::NotChecked(why) => Finding::new(
            Reason::NotChecked,
            format!("{place} was not requested: {why}"),
        ),
        Routing::HostTaken((namespace, name)) => {
            let route = report.stack.route.as_ref();
            let host = match route.and_then(|route| route.host.as_ref()) {
                Some(host) => format!("spec.ingress.host {host} is taken"),
                None => "spec.ingress names no host, and such a route is taken".to_owned(),
            };
            Finding::new(
                Reason::HostTaken,
                format!(
                    "{host} by stack {namespace}/{name}, which is older; this stack has no Ingress until its host or \
                     className is another"
                ),
            )
        }
        Routing::ClassMissing { wanted, there } => {
            let there = if there.is_empty() {
                "none".to_owned()
            } else {
                there.join(", ")
            };
            let text = match wanted {
                Some(class) => format!("there is no IngressClass {class}, which spec.ingress.className names"),
                None => "no IngressClass is the cluster's default, and spec.ingress.className names none".to_owned(),
            };
            Finding::new(
                Reason::IngressClassMissing,
                format!("{text}; set one that exists ({there})"),
            )
        }
        Routing::Astray(what) => astray(report, &place, what, before, now),
    }
}

/// A new route is given a moment before anyone is asked to look.
fn astray(
    report: &Report,
    place: &str,
    what: &str,
    before: &[Condition],
    now: Timestamp,
) -> Finding {
    let failing_since = condition(before, ConditionType::Routed)
        .filter(|before| before.status == "False")
        .map_or(now, |before| before.last_transition_time.0);
    if now.as_second() - failing_since.as_second() < PATIENCE {
        return Finding::new(
            Reason::RoutePending,
            format!("{place} does not lead to the shop yet: {what}"),
        );
    }
    Finding::new(
        Reason::NotRouted,
        format!(
            "{place} does not lead to the shop: {what}; look at Ingress {} and its controller, or set \
             spec.ingress.checkUrl to false",
            report.stack.name
        ),
    )
}

/// Where the shop answers, as far as the spec says and no other stack has the place.
pub(super) fn url(report: &Report) -> Option<String> {
    match report.routing {
        Routing::HostTaken(_) => None,
        Routing::NoIngress
        | Routing::ClassMissing { .. }
        | Routing::NotChecked(_)
        | Routing::Serves
        | Routing::Astray(_) => report.stack.url(),
    }
}

/// The message of a shop in which everything is as it should be.
pub(super) fn says(report: &Report) -> String {
    match (&report.routing, url(report)) {
        (Routing::Serves, Some(url)) => format!("the shop serves at {url}"),
        (Routing::Serves, None) => "the shop serves".to_owned(),
        (Routing::NotChecked(why), Some(url)) => {
            format!("the shop runs; {url} was not requested: {why}")
        }
        (
            Routing::NoIngress
            | Routing::HostTaken(_)
            | Routing::ClassMissing { .. }
            | Routing::NotChecked(_)
            | Routing::Astray(_),
            _,
        ) => "the shop runs".to_owned(),
    }
}
