//! What the mock does, by method of payment and by what is in its books: a function of both.

use crate::{
    payments::{
        model::{PaymentMethod, ProviderName},
        ports::OfferedMethod,
    },
    values::RefundId,
};

/// How payments by a method go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    Plain,
    Declined,
    /// Everything is done, and the first answer to each request is lost.
    AnswersLost,
    /// Charges and refunds are pending for a while.
    Late,
    /// Charges are pending for a while, and the result is told twice.
    Twice,
    /// Everything is done at once, and the answers take their time.
    Slow,
    CaptureRefused,
    RefundRefused,
}

struct Method {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    behaviour: Behaviour,
}

#[rustfmt::skip]
const METHODS: [Method; 8] = [
    Method { name: "mock_ok", title: "Mock", description: "Succeeds immediately.", behaviour: Behaviour::Plain },
    Method { name: "mock_declined", title: "Mock, declined", description: "Always declined.", behaviour: Behaviour::Declined },
    Method { name: "mock_unknown", title: "Mock, lost answers", description: "Charges, but the first response to every request is lost.", behaviour: Behaviour::AnswersLost },
    Method { name: "mock_late", title: "Mock, late", description: "Stays pending for a while, as do its refunds.", behaviour: Behaviour::Late },
    Method { name: "mock_twice", title: "Mock, told twice", description: "Stays pending for a while; its result is sent twice.", behaviour: Behaviour::Twice },
    Method { name: "mock_slow", title: "Mock, slow", description: "Responds after several seconds.", behaviour: Behaviour::Slow },
    Method { name: "mock_capture_refused", title: "Mock, capture refused", description: "Authorized, but its capture is refused.", behaviour: Behaviour::CaptureRefused },
    Method { name: "mock_refund_refused", title: "Mock, refunds refused", description: "Paid, but its refunds are refused.", behaviour: Behaviour::RefundRefused },
];

impl Behaviour {
    /// `None`: the mock has no such method.
    pub(super) fn of(method: &str) -> Option<Self> {
        METHODS
            .iter()
            .find(|known| known.name == method)
            .map(|known| known.behaviour)
    }
}

pub(in super::super) fn offered() -> Vec<OfferedMethod> {
    METHODS
        .iter()
        .filter_map(|method| {
            Some(OfferedMethod {
                method: PaymentMethod::try_from(method.name.to_owned()).ok()?,
                provider: ProviderName::Mock,
                title: method.title,
                description: method.description,
            })
        })
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Authorise,
    Capture,
    Void,
    Refund,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Authorise => "authorise",
            Self::Capture => "capture",
            Self::Void => "void",
            Self::Refund => "refund",
        }
    }
}

/// An operation in the books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub key: String,
    pub kind: Kind,
    pub refund: Option<RefundId>,
    pub amount_minor: i64,
    pub currency: String,
    /// Of the charge only.
    pub method: Option<String>,
    pub refused: Option<String>,
    /// The result is there; before that it is pending.
    pub settled: bool,
}

impl Entry {
    fn done(&self) -> bool {
        self.settled && self.refused.is_none()
    }
}

/// What becomes of an operation that is asked for the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ruling {
    pub refused: Option<&'static str>,
    /// The result is there only after a while.
    pub late: bool,
    /// How often the result is told by webhook.
    pub told: u32,
    /// The charge that is still pending is refused by this.
    pub stops_charge: bool,
}

const DONE: Ruling = Ruling {
    refused: None,
    late: false,
    told: 0,
    stops_charge: false,
};

const fn refused(reason: &'static str) -> Ruling {
    Ruling {
        refused: Some(reason),
        ..DONE
    }
}

/// Rules on an operation of a payment, by the books of that payment.
pub(super) fn rule(books: &[Entry], behaviour: Option<Behaviour>, asked: &Entry) -> Ruling {
    let charge = books.iter().find(|entry| entry.kind == Kind::Authorise);
    let charged = charge.is_some_and(Entry::done);
    let voided = books
        .iter()
        .any(|entry| entry.kind == Kind::Void && entry.done());
    let captured = books
        .iter()
        .find(|entry| entry.kind == Kind::Capture && entry.done());
    match asked.kind {
        Kind::Authorise | Kind::Capture if voided => refused("voided"),
        Kind::Authorise => charge_ruling(behaviour),
        Kind::Capture if !charged => refused("not_authorised"),
        Kind::Capture if behaviour == Some(Behaviour::CaptureRefused) => {
            refused("authorisation_expired")
        }
        Kind::Capture if charge.is_some_and(|charge| charge.amount_minor != asked.amount_minor) => {
            refused("amount_differs")
        }
        Kind::Capture => DONE,
        Kind::Void if captured.is_some() => refused("captured"),
        Kind::Void => Ruling {
            stops_charge: charge.is_some_and(|charge| !charge.settled),
            ..DONE
        },
        Kind::Refund => refund_ruling(books, captured, behaviour, asked),
    }
}

fn charge_ruling(behaviour: Option<Behaviour>) -> Ruling {
    match behaviour {
        None => refused("unknown_method"),
        Some(Behaviour::Declined) => refused("card_declined"),
        Some(Behaviour::Late) => Ruling {
            late: true,
            told: 1,
            ..DONE
        },
        Some(Behaviour::Twice) => Ruling {
            late: true,
            told: 2,
            ..DONE
        },
        Some(
            Behaviour::Plain
            | Behaviour::AnswersLost
            | Behaviour::Slow
            | Behaviour::CaptureRefused
            | Behaviour::RefundRefused,
        ) => DONE,
    }
}

fn refund_ruling(
    books: &[Entry],
    captured: Option<&Entry>,
    behaviour: Option<Behaviour>,
    asked: &Entry,
) -> Ruling {
    let Some(captured) = captured else {
        return refused("not_captured");
    };
    // Pending ones count: they will be done.
    let given: i64 = books
        .iter()
        .filter(|entry| entry.kind == Kind::Refund && entry.refused.is_none())
        .map(|entry| entry.amount_minor)
        .sum();
    let left = captured.amount_minor - given;
    if asked.amount_minor > left {
        return refused("more_than_captured");
    }
    match behaviour {
        Some(Behaviour::RefundRefused) => refused("account_closed"),
        Some(Behaviour::Late) => Ruling {
            late: true,
            told: 1,
            ..DONE
        },
        Some(
            Behaviour::Plain
            | Behaviour::Declined
            | Behaviour::AnswersLost
            | Behaviour::Twice
            | Behaviour::Slow
            | Behaviour::CaptureRefused,
        )
        | None => DONE,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn entry(kind: Kind, amount_minor: i64) -> Entry {
        Entry {
            key: format!("{}{amount_minor}", kind.as_str()),
            kind,
            refund: (kind == Kind::Refund).then_some(RefundId(Uuid::nil())),
            amount_minor,
            currency: "USD".to_owned(),
            method: (kind == Kind::Authorise).then(|| "mock_ok".to_owned()),
            refused: None,
            settled: true,
        }
    }

    fn pending(entry: Entry) -> Entry {
        Entry {
            settled: false,
            ..entry
        }
    }

    fn reason(books: &[Entry], kind: Kind, amount: i64) -> Option<&'static str> {
        rule(books, Some(Behaviour::Plain), &entry(kind, amount)).refused
    }

    #[test]
    fn every_offered_method_has_a_name_and_a_behaviour() {
        let offered = offered();
        assert_eq!(offered.len(), METHODS.len());
        for method in offered {
            assert!(Behaviour::of(method.method.as_str()).is_some());
        }
        assert_eq!(Behaviour::of("card"), None);
        let asked = entry(Kind::Authorise, 5);
        assert_eq!(rule(&[], None, &asked).refused, Some("unknown_method"));
    }

    #[test]
    fn only_what_is_authorised_and_not_voided_is_captured_and_in_full() {
        let charge = entry(Kind::Authorise, 500);
        assert_eq!(reason(&[], Kind::Capture, 500), Some("not_authorised"));
        let waiting = [pending(charge.clone())];
        assert_eq!(reason(&waiting, Kind::Capture, 500), Some("not_authorised"));
        let charged = [charge.clone()];
        assert_eq!(reason(&charged, Kind::Capture, 500), None);
        assert_eq!(reason(&charged, Kind::Capture, 501), Some("amount_differs"));
        let voided = [charge, entry(Kind::Void, 500)];
        assert_eq!(reason(&voided, Kind::Capture, 500), Some("voided"));
    }

    #[test]
    fn a_void_stops_a_charge_under_way_and_one_to_come_but_no_capture() {
        assert_eq!(
            reason(&[entry(Kind::Void, 5)], Kind::Authorise, 5),
            Some("voided")
        );
        let waiting = [pending(entry(Kind::Authorise, 5))];
        let void = entry(Kind::Void, 5);
        assert!(rule(&waiting, Some(Behaviour::Late), &void).stops_charge);
        let done = [entry(Kind::Authorise, 5)];
        assert!(!rule(&done, Some(Behaviour::Plain), &void).stops_charge);
        let captured = [entry(Kind::Authorise, 5), entry(Kind::Capture, 5)];
        assert_eq!(reason(&captured, Kind::Void, 5), Some("captured"));
    }

    #[test]
    fn refunds_never_exceed_what_was_captured_pending_ones_included() {
        let mut books = vec![entry(Kind::Authorise, 500)];
        assert_eq!(reason(&books, Kind::Refund, 1), Some("not_captured"));
        books.push(entry(Kind::Capture, 500));
        assert_eq!(reason(&books, Kind::Refund, 500), None);
        books.push(pending(entry(Kind::Refund, 300)));
        assert_eq!(reason(&books, Kind::Refund, 200), None);
        assert_eq!(
            reason(&books, Kind::Refund, 201),
            Some("more_than_captured")
        );
        let mut refused = entry(Kind::Refund, 200);
        refused.refused = Some("account_closed".to_owned());
        books.push(refused);
        assert_eq!(
            reason(&books, Kind::Refund, 200),
            None,
            "a refused one frees its part"
        );
    }
}
