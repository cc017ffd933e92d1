//! What the mock does, by method of payment and by its records of the payment: a function of both.

use crate::{
    payments::{
        model::{PaymentMethod, ProviderName},
        ports::OfferedMethod,
    },
    values::{RefundId, states::states},
};

states! {
    Kind { Authorise = "authorise", Capture = "capture", Void = "void", Refund = "refund" }
}

/// An operation in the mock's records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
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

impl Record {
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

const LATE: Ruling = Ruling {
    late: true,
    told: 1,
    ..DONE
};

const fn refused(reason: &'static str) -> Ruling {
    Ruling {
        refused: Some(reason),
        ..DONE
    }
}

/// How payments by a method go, where the records allow what is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Behaviour {
    charge: Ruling,
    capture: Ruling,
    refund: Ruling,
    pub answers: Answers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answers {
    AtOnce,
    /// Everything is done, and the first answer to each request is lost.
    FirstLost,
    /// Everything is done at once, and the answers take their time.
    Slow,
}

struct Method {
    name: &'static str,
    title: &'static str,
    description: &'static str,
    behaviour: Behaviour,
}

#[rustfmt::skip]
const METHODS: [Method; 8] = [
    Method { name: "mock_ok", title: "Mock", description: "Succeeds immediately.", behaviour: Behaviour::PLAIN },
    Method { name: "mock_declined", title: "Mock, declined", description: "Always declined.", behaviour: Behaviour { charge: refused("card_declined"), ..Behaviour::PLAIN } },
    Method { name: "mock_unknown", title: "Mock, lost answers", description: "Charges, but the first response to every request is lost.", behaviour: Behaviour { answers: Answers::FirstLost, ..Behaviour::PLAIN } },
    Method { name: "mock_late", title: "Mock, late", description: "Stays pending for a while, as do its refunds.", behaviour: Behaviour { charge: LATE, refund: LATE, ..Behaviour::PLAIN } },
    Method { name: "mock_twice", title: "Mock, told twice", description: "Stays pending for a while; its result is sent twice.", behaviour: Behaviour { charge: Ruling { told: 2, ..LATE }, ..Behaviour::PLAIN } },
    Method { name: "mock_slow", title: "Mock, slow", description: "Responds after several seconds.", behaviour: Behaviour { answers: Answers::Slow, ..Behaviour::PLAIN } },
    Method { name: "mock_capture_refused", title: "Mock, capture refused", description: "Authorized, but its capture is refused.", behaviour: Behaviour { capture: refused("authorisation_expired"), ..Behaviour::PLAIN } },
    Method { name: "mock_refund_refused", title: "Mock, refunds refused", description: "Paid, but its refunds are refused.", behaviour: Behaviour { refund: refused("account_closed"), ..Behaviour::PLAIN } },
];

impl Behaviour {
    const PLAIN: Self = Self {
        charge: DONE,
        capture: DONE,
        refund: DONE,
        answers: Answers::AtOnce,
    };

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

/// Rules on an operation of a payment, by the records of that payment.
pub(super) fn rule(records: &[Record], behaviour: Option<Behaviour>, asked: &Record) -> Ruling {
    let behaviour = behaviour.unwrap_or(Behaviour {
        charge: refused("unknown_method"),
        ..Behaviour::PLAIN
    });
    let done = |kind| {
        let mut records = records.iter();
        records.find(|record| record.kind == kind && record.done())
    };
    let charge = records.iter().find(|record| record.kind == Kind::Authorise);
    let captured = done(Kind::Capture);
    match asked.kind {
        Kind::Authorise | Kind::Capture if done(Kind::Void).is_some() => refused("voided"),
        Kind::Authorise => behaviour.charge,
        Kind::Capture if !charge.is_some_and(Record::done) => refused("not_authorised"),
        Kind::Capture if behaviour.capture != DONE => behaviour.capture,
        Kind::Capture if charge.is_some_and(|charge| charge.amount_minor != asked.amount_minor) => {
            refused("amount_differs")
        }
        Kind::Capture => DONE,
        Kind::Void if captured.is_some() => refused("captured"),
        Kind::Void => Ruling {
            stops_charge: charge.is_some_and(|charge| !charge.settled),
            ..DONE
        },
        Kind::Refund => {
            let refunds = records.iter().filter(|record| record.kind == Kind::Refund);
            // Pending ones count: they will be done.
            let given = refunds.filter(|record| record.refused.is_none());
            let given: i64 = given.map(|record| record.amount_minor).sum();
            match captured {
                None => refused("not_captured"),
                Some(captured) if asked.amount_minor > captured.amount_minor - given => {
                    refused("more_than_captured")
                }
                Some(_) => behaviour.refund,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn record(kind: Kind, amount_minor: i64) -> Record {
        Record {
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

    fn pending(record: Record) -> Record {
        Record {
            settled: false,
            ..record
        }
    }

    fn reason(records: &[Record], kind: Kind, amount: i64) -> Option<&'static str> {
        rule(records, Some(Behaviour::PLAIN), &record(kind, amount)).refused
    }

    #[test]
    fn every_offered_method_has_a_name_and_a_behaviour() {
        let offered = offered();
        assert_eq!(offered.len(), METHODS.len());
        for method in offered {
            assert!(Behaviour::of(method.method.as_str()).is_some());
        }
        assert_eq!(Behaviour::of("card"), None);
        let asked = record(Kind::Authorise, 5);
        assert_eq!(rule(&[], None, &asked).refused, Some("unknown_method"));
    }

    #[test]
    fn only_what_is_authorised_and_not_voided_is_captured_and_in_full() {
        let charge = record(Kind::Authorise, 500);
        assert_eq!(reason(&[], Kind::Capture, 500), Some("not_authorised"));
        let waiting = [pending(charge.clone())];
        assert_eq!(reason(&waiting, Kind::Capture, 500), Some("not_authorised"));
        let charged = [charge.clone()];
        assert_eq!(reason(&charged, Kind::Capture, 500), None);
        assert_eq!(reason(&charged, Kind::Capture, 501), Some("amount_differs"));
        let voided = [charge, record(Kind::Void, 500)];
        assert_eq!(reason(&voided, Kind::Capture, 500), Some("voided"));
    }

    #[test]
    fn a_void_stops_a_charge_under_way_and_one_to_come_but_no_capture() {
        assert_eq!(
            reason(&[record(Kind::Void, 5)], Kind::Authorise, 5),
            Some("voided")
        );
        let waiting = [pending(record(Kind::Authorise, 5))];
        let void = record(Kind::Void, 5);
        assert!(rule(&waiting, Behaviour::of("mock_late"), &void).stops_charge);
        let done = [record(Kind::Authorise, 5)];
        assert!(!rule(&done, Some(Behaviour::PLAIN), &void).stops_charge);
        let captured = [record(Kind::Authorise, 5), record(Kind::Capture, 5)];
        assert_eq!(reason(&captured, Kind::Void, 5), Some("captured"));
    }

    #[test]
    fn refunds_never_exceed_what_was_captured_pending_ones_included() {
        let mut records = vec![record(Kind::Authorise, 500)];
        assert_eq!(reason(&records, Kind::Refund, 1), Some("not_captured"));
        records.push(record(Kind::Capture, 500));
        assert_eq!(reason(&records, Kind::Refund, 500), None);
        records.push(pending(record(Kind::Refund, 300)));
        assert_eq!(reason(&records, Kind::Refund, 200), None);
        assert_eq!(
            reason(&records, Kind::Refund, 201),
            Some("more_than_captured")
        );
        let mut refused = record(Kind::Refund, 200);
        refused.refused = Some("account_closed".to_owned());
        records.push(refused);
        assert_eq!(
            reason(&records, Kind::Refund, 200),
            None,
            "a refused one frees its part"
        );
    }
}
