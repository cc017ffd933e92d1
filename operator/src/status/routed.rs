//! What is to be said of the way from outside.

use super::{Finding, Report, condition};
use crate::network::routing::Routing;
use ecommercestack_crds::ConditionType;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

/// An ingress controller takes up a route within so many seconds.
const GRACE_SECONDS: i64 = 30;

/// The status of the condition: unknown if it was not checked.
pub(super) fn is_true(routing: &Routing) -> Option<bool> {
    match routing {
        Routing::Serves => Some(true),
        Routing::HostTaken(_) | Routing::ClassMissing { .. } | Routing::Misrouted(_) => Some(false),
        Routing::NoIngress | Routing::NotChecked(_) => None,
    }
}

pub(super) fn finding(report: &Report, before: &[Condition], now: Timestamp) -> Finding {
    let place = url(report).unwrap_or_else(|| "any host of the ingress controller".to_owned());
    match &report.routing {
        Routing::Serves => finding!(Running, "{place} leads to the shop"),
        Routing::NoIngress => finding!(
            NoIngress,
            "the spec has no ingress: the shop is reachable only inside the cluster"
        ),
        Routing::NotChecked(why) => finding!(NotChecked, "{place} was not requested: {why}"),
        Routing::HostTaken((namespace, name)) => {
            let route = report.stack.route.as_ref();
            let host = match route.and_then(|route| route.host.as_ref()) {
                Some(host) => format!("spec.ingress.host {host} is taken"),
                None => {
                    "spec.ingress.host is not set, and the route for all hosts is taken".to_owned()
                }
            };
            finding!(
                HostTaken,
                "{host} by the older stack {namespace}/{name}; this stack gets no Ingress until its host or \
                 className changes"
            )
        }
        Routing::ClassMissing { wanted, there } => {
            let there = if there.is_empty() {
                "none".to_owned()
            } else {
                there.join(", ")
            };
            let text = match wanted {
                Some(class) => {
                    format!("IngressClass {class} of spec.ingress.className does not exist")
                }
                None => {
                    "the cluster has no default IngressClass, and spec.ingress.className is not set"
                        .to_owned()
                }
            };
            finding!(IngressClassMissing, "{text}; set one that exists ({there})")
        }
        Routing::Misrouted(what) => misrouted(report, &place, what, before, now),
    }
}

/// A new route is given a moment before anyone is asked to look.
fn misrouted(
    report: &Report,
    place: &str,
    what: &str,
    before: &[Condition],
    now: Timestamp,
) -> Finding {
    let failing_since = condition(before, ConditionType::Routed)
        .filter(|before| before.status == "False")
        .map_or(now, |before| before.last_transition_time.0);
    if now.as_second() - failing_since.as_second() < GRACE_SECONDS {
        return finding!(
            RoutePending,
            "{place} does not lead to the shop yet: {what}"
        );
    }
    finding!(
        NotRouted,
        "{place} does not lead to the shop: {what}; check Ingress {} and its controller, or set \
         spec.ingress.checkUrl to false",
        report.stack.name
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
        | Routing::Misrouted(_) => report.stack.url(),
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
            | Routing::Misrouted(_),
            _,
        ) => "the shop runs".to_owned(),
    }
}
