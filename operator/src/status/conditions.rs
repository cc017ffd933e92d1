//! From findings to conditions: which are true, and when they last changed.

use super::Finding;
use ecommercestack_crds::{ConditionType, Reason, Severity};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

/// All findings about a stack.
#[derive(Clone, Debug)]
pub struct Findings {
    pub postgres: Finding,
    /// Auth, product, order.
    pub applications: [Finding; 3],
    /// Findings that concern no component, or more than one.
    pub stack: Vec<Finding>,
    /// Why the shop cannot be used, if it cannot.
    pub unavailable: Option<Finding>,
    /// Whether the URL leads to the shop, where that is known.
    pub routed: (Option<bool>, Finding),
    /// The audits of stock and of orders, which do not affect whether the shop is ready.
    pub audits: [ConditionBody; 2],
    /// The message of Ready if there are no problems.
    pub serves: String,
}

/// Status, reason and message of a condition. The reason may be outside the closed list: the code of an audit's finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionBody {
    /// `None` is unknown.
    pub status: Option<bool>,
    pub reason: String,
    pub message: String,
}

impl ConditionBody {
    pub fn new(status: Option<bool>, finding: &Finding) -> Self {
        Self {
            status,
            reason: finding.reason.into_str().to_owned(),
            message: finding.message.clone(),
        }
    }
}

/// The condition of a type.
pub fn condition(conditions: &[Condition], type_: ConditionType) -> Option<&Condition> {
    conditions
        .iter()
        .find(|condition| condition.type_ == type_.into_str())
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

    let is_fine = |finding: &Finding| finding.severity() == Severity::Fine;
    let body = |status: bool, finding: &Finding| ConditionBody::new(Some(status), finding);
    let none = |message: &str| body(false, &Finding::new(Reason::None, message));

    let ready = match (wrong.or(moving), unavailable) {
        (Some(finding), _) => body(false, finding),
        // The spec scales a component to zero.
        (None, Some(finding)) => body(is_fine(finding), finding),
        (None, None) => body(true, &finding!(Running, "{serves}")),
    };
    let available = match unavailable {
        Some(finding) => body(false, finding),
        None => body(
            true,
            &finding!(Running, "every service has an available pod"),
        ),
    };
    let progressing = moving.map_or_else(
        || none("no change in progress"),
        |finding| body(true, finding),
    );
    let degraded = wrong.map_or_else(|| none("no problems found"), |finding| body(true, finding));
    let (is_routed, routed) = routed;
    let of_stack = [
        (ConditionType::Ready, ready),
        (ConditionType::Available, available),
        (ConditionType::Progressing, progressing),
        (ConditionType::Degraded, degraded),
    ];
    let of_components = components.map(|(type_, finding)| (type_, body(is_fine(finding), finding)));
    let of_checks = [
        (
            ConditionType::Routed,
            ConditionBody::new(*is_routed, routed),
        ),
        (ConditionType::StockConsistent, stock_audit.clone()),
        (ConditionType::SagasFlowing, order_audit.clone()),
    ];
    let all = of_stack.into_iter().chain(of_components).chain(of_checks);
    all.map(|(type_, body)| transition(before, type_, body, generation, now))
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
    let body = |type_: ConditionType| {
        let status = match type_ {
            ConditionType::Ready => Some(false),
            ConditionType::Degraded => Some(is(Severity::Wrong)),
            ConditionType::Progressing if is(Severity::Moving) => Some(true),
            _ => None,
        };
        let mut body = ConditionBody::new(status, failure);
        if status.is_none() {
            body.message.insert_str(0, "unknown: ");
        }
        body
    };
    ConditionType::reported()
        .map(|type_| transition(before, type_, body(type_), generation, now))
        .collect()
}

/// The next condition of a type. The time of the last transition moves only with the status.
pub fn transition(
    before: &[Condition],
    type_: ConditionType,
    body: ConditionBody,
    generation: Option<i64>,
    now: Timestamp,
) -> Condition {
    let status = match body.status {
        Some(true) => "True",
        Some(false) => "False",
        None => "Unknown",
    };
    let since = condition(before, type_)
        .filter(|before| before.status == status)
        .map_or(Time(now), |before| before.last_transition_time.clone());
    Condition {
        type_: type_.into_str().to_owned(),
        status: status.to_owned(),
        reason: body.reason,
        message: body.message,
        observed_generation: generation,
        last_transition_time: since,
    }
}
