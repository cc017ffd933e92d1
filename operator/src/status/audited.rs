//! The conditions for the shop's own audits. A finding requires attention, but does not make the shop unready.

use crate::status::{
    audits::{Audit, AuditFinding},
    conditions::ConditionBody,
};

/// The maximum length of a message, in characters.
const LONGEST_MESSAGE: usize = 2_000;

/// The condition for the audit of `what`: `stock` or `orders`.
pub(super) fn condition(audit: &Audit, what: &str) -> ConditionBody {
    let (status, reason) = match audit {
        Audit::NotRead(_) => (None, "NotChecked"),
        Audit::None => (None, "NotAudited"),
        Audit::Overdue(_) => (None, "AuditOverdue"),
        Audit::Consistent(_) => (Some(true), "Consistent"),
        Audit::Problems(_, findings) => {
            let code = findings.first().map(|first| first.code.as_str());
            let code = code.filter(|code| is_reason(code));
            (Some(false), code.unwrap_or("ProblemsFound"))
        }
    };
    let message = match audit {
        Audit::NotRead(why) => format!("the audit of {what} was not read: {why}"),
        Audit::None => format!("no audit of {what} has finished yet"),
        Audit::Overdue(at) => {
            format!("the last audit of {what} finished at {at}; check the service's log")
        }
        Audit::Consistent(at) => {
            format!("the audit of {what} that finished at {at} found no problems")
        }
        Audit::Problems(at, findings) => {
            let kinds: Vec<String> = findings.iter().map(kind).collect();
            let kinds = kinds.join("; ");
            format!("the audit of {what} that finished at {at} found problems: {kinds}")
        }
    };
    ConditionBody {
        status,
        reason: reason.to_owned(),
        message: message.chars().take(LONGEST_MESSAGE).collect(),
    }
}

fn kind(finding: &AuditFinding) -> String {
    let AuditFinding {
        code,
        message,
        count,
    } = finding;
    if *count == 1 {
        format!("{code}: {message}")
    } else {
        format!("{code}, {count} times, the first: {message}")
    }
}

/// Whether the API server accepts a code as a condition's reason.
fn is_reason(code: &str) -> bool {
    let is_fit = |character: char| character.is_ascii_alphanumeric() || character == '_';
    (1..=100).contains(&code.len())
        && code.starts_with(|first: char| first.is_ascii_alphabetic())
        && !code.ends_with('_')
        && code.chars().all(is_fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(code: &str, count: u64) -> AuditFinding {
        AuditFinding {
            code: code.to_owned(),
            message: "MUG at main: held 2, lines say 1".to_owned(),
            count,
        }
    }

    fn of(findings: Vec<AuditFinding>) -> ConditionBody {
        let at = "2026-11-29T12:00:00Z".parse().unwrap();
        condition(&Audit::Problems(at, findings), "stock")
    }

    #[test]
    fn the_code_of_the_first_finding_is_the_reason_and_all_are_told() {
        let said = of(vec![finding("held", 3), finding("on_hand", 1)]);
        assert_eq!((said.status, said.reason.as_str()), (Some(false), "held"));
        assert_eq!(
            said.message,
            "the audit of stock that finished at 2026-11-29T12:00:00Z found problems: held, 3 times, the first: MUG at \
             main: held 2, lines say 1; on_hand: MUG at main: held 2, lines say 1"
        );
    }

    /// A status that the API server refuses would tell nothing of the rest either.
    #[test]
    fn whatever_a_service_answers_the_condition_is_one() {
        for code in ["", "a b", "ü", "_", "1", "a_", &"x".repeat(101)] {
            assert_eq!(of(vec![finding(code, 1)]).reason, "ProblemsFound", "{code}");
        }
        assert_eq!(of(Vec::new()).reason, "ProblemsFound");
        let mut long = finding("held", 1);
        long.message = "ü".repeat(100_000);
        assert_eq!(of(vec![long]).message.chars().count(), LONGEST_MESSAGE);
    }

    #[test]
    fn what_is_not_known_is_unknown_and_says_why() {
        let said = condition(&Audit::NotRead("no answer".to_owned()), "orders");
        assert_eq!((said.status, said.reason.as_str()), (None, "NotChecked"));
        assert!(said.message.ends_with("no answer"), "{}", said.message);
        let said = condition(&Audit::None, "orders");
        assert_eq!((said.status, said.reason.as_str()), (None, "NotAudited"));
    }
}
