//! From findings to conditions: which are true, and when they last changed.

use super::{Finding, audited::ConditionBody};
use ecommercestack_crds::{ConditionType, Reason, Severity};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// What is known of a stack.
#[derive(Clone, Debug)]
pub struct Findings {
    pub postgres: Finding,
    /// Auth, product, order.
    pub applications: [Finding; 3],
    /// What concerns no component, or more than one.
    pub stack: Vec<Finding>,
    /// Why the shop cannot be used, if it cannot.
    pub unavailable: Option<Finding>,
    /// Whether the URL leads to the shop, where that is known.
    pub routed: (Option<bool>, Finding),
    /// Of stock and of orders. They say nothing about whether the shop runs.
    pub audits: [ConditionBody; 2],
    /// What Ready says when all is well.
    pub serves: String,
}

/// The condition of a type.
pub fn condition(conditions: &[Condition], type_: ConditionType) -> Option<&Condition> {
    conditions
        .iter()
        .find(|condition| condition.type_ == type_.as_str())
}

pub fn is_true(conditions: &[Condition], type_: ConditionType) -> bool {
    condition(conditions, type_).is_some_and(|condition| condition.status == "True")
}

/// All conditions of a stack.
pub fn conditions(
    before: &[Condition],
    generation: Option<i64>,
    now: Timestamp,
    findings: &Findings,
) -> Vec<Condition> {
    let Findings {
        postgres,
        applications: [auth, product, order],
        stack,
        unavailable,
        routed,
        audits: [stock_audit, order_audit],
        serves,
    } = findings;
    let components = [
        (ConditionType::PostgresReady, postgres),
        (ConditionType::AuthReady, auth),
        (ConditionType::ProductReady, product),
        (ConditionType::OrderReady, order),
    ];
    let all = || {
        stack
            .iter()
            .chain(components.iter().map(|(_, finding)| *finding))
    };
    let first = |severity| all().find(|finding| finding.severity() == severity);
    let wrong = first(Severity::Wrong);
    let moving = first(Severity::Moving);

    let ready = match (wrong.or(moving), unavailable) {
        (Some(finding), _) => (false, finding.clone()),
        // As the spec says, it runs without a component.
        (None, Some(finding)) => (finding.severity() == Severity::Fine, finding.clone()),
        (None, None) => (true, Finding::new(Reason::Running, serves.clone())),
    };
    let available = match unavailable {
        Some(finding) => (false, finding.clone()),
        None => (
            true,
            finding!(Running, "every service has an available pod"),
        ),
    };
    let none = |message: &str| (false, Finding::new(Reason::None, message));
    let progressing = moving.map_or_else(
        || none("no change in progress"),
        |finding| (true, finding.clone()),
    );
    let degraded = wrong.map_or_else(
        || none("no problems found"),
        |finding| (true, finding.clone()),
    );

    let of_stack = [
        (ConditionType::Ready, ready),
        (ConditionType::Available, available),
        (ConditionType::Progressing, progressing),
        (ConditionType::Degraded, degraded),
    ];
    let of_components = components.map(|(type_, finding)| {
        (
            type_,
            (finding.severity() == Severity::Fine, finding.clone()),
        )
    });
    let known = of_stack
        .into_iter()
        .chain(of_components)
        .map(|(type_, (status, finding))| (type_, (Some(status), finding)));
    known
        .chain([(ConditionType::Routed, routed.clone())])
        .map(|(type_, (status, finding))| {
            let said = ConditionBody {
                status,
                reason: finding.reason.as_str().to_owned(),
                message: finding.message,
            };
            (type_, said)
        })
        .chain([
            (ConditionType::StockConsistent, stock_audit.clone()),
            (ConditionType::SagasFlowing, order_audit.clone()),
        ])
        .map(|(type_, said)| transition(before, type_, said, generation, now))
        .collect()
}

/// After a step that failed: the stack is not ready, and the rest was not checked.
pub fn after_failure(
    before: &[Condition],
    generation: Option<i64>,
    now: Timestamp,
    failure: &Finding,
) -> Vec<Condition> {
    let is = |severity| failure.severity() == severity;
    let said = |type_: ConditionType| {
        let status = match type_ {
            ConditionType::Ready => Some(false),
            ConditionType::Degraded => Some(is(Severity::Wrong)),
            ConditionType::Progressing if is(Severity::Moving) => Some(true),
            _ => None,
        };
        let message = match status {
            Some(_) => failure.message.clone(),
            None => format!("unknown: {}", failure.message),
        };
        ConditionBody {
            status,
            reason: failure.reason.as_str().to_owned(),
            message,
        }
    };
    ConditionType::reported()
        .map(|type_| transition(before, type_, said(type_), generation, now))
        .collect()
}

/// The time of the last transition moves only with the status.
fn transition(
    before: &[Condition],
    type_: ConditionType,
    said: ConditionBody,
    generation: Option<i64>,
    now: Timestamp,
) -> Condition {
    let status = match said.status {
        Some(true) => "True",
        Some(false) => "False",
        None => "Unknown",
    };
    let since = condition(before, type_)
        .filter(|before| before.status == status)
        .map_or(Time(now), |before| before.last_transition_time.clone());
    Condition {
        type_: type_.as_str().to_owned(),
        status: status.to_owned(),
        reason: said.reason,
        message: said.message,
        observed_generation: generation,
        last_transition_time: since,
    }
}
