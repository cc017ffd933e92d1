//! The ways of a payment, and those that it cannot go.

use uuid::Uuid;

use super::*;

pub fn dollars(minor: i64) -> Money {
    Money::new(minor, "USD".parse().unwrap())
}

pub fn payment(state: PaymentState) -> Payment {
    let amount = dollars(1_000);
    let (authorized, captured) = match state {
        PaymentState::Authorized => (amount, dollars(0)),
        state if state.is_captured() => (amount, amount),
        _ => (dollars(0), dollars(0)),
    };
    Payment::stored(StoredPayment {
        id: PaymentId(Uuid::nil()),
        order_id: OrderId(Uuid::nil()),
        customer: UserId(Uuid::nil()),
        provider: ProviderName::Mock,
        method: PaymentMethod::try_from("mock_ok".to_owned()).unwrap(),
        capture: CaptureMode::Automatic,
        state,
        decision: None,
        amount,
        authorized,
        captured,
        refund_pending: dollars(0),
        refunded: dollars(0),
        reference: None,
        refusal: None,
        note: None,
        secured: false,
        asked: false,
        version: 1,
        created_at: DateTime::UNIX_EPOCH,
        updated_at: DateTime::UNIX_EPOCH,
    })
}

#[test]
fn what_is_written_at_once_is_one_version_and_nothing_is_none() {
    let mut authorized = payment(PaymentState::Authorized);
    authorized.annotate(&Precondition::Any, None).unwrap();
    assert_eq!(authorized, payment(PaymentState::Authorized));
    authorized.secure();
    authorized.decide(PaymentDecision::Capture).unwrap();
    authorized.capture().unwrap();
    let note = Some("paid by the company");
    authorized.annotate(&Precondition::Any, note).unwrap();
    assert_eq!((authorized.read_version(), authorized.version), (1, 2));
}

#[test]
fn an_answer_that_is_awaited_already_changes_nothing() {
    let mut pending = payment(PaymentState::Pending);
    let reference = ProviderReference::try_from("ref".to_owned()).unwrap();
    pending.await_answer(Some(reference.clone()));
    let asked = pending.clone();
    pending.await_answer(None);
    pending.await_answer(Some(reference));
    assert_eq!(pending, asked);
    assert!(pending.asked);
}

#[test]
fn a_decision_stands() {
    let mut authorized = payment(PaymentState::Authorized);
    assert_eq!(authorized.decide(PaymentDecision::Capture), Ok(true));
    assert_eq!(authorized.decide(PaymentDecision::Capture), Ok(false));
    assert_eq!(
        authorized.decide(PaymentDecision::Void),
        Err(PaymentError::Decided(PaymentDecision::Capture))
    );
    assert!(
        payment(PaymentState::Pending)
            .decide(PaymentDecision::Capture)
            .is_err()
    );
    for ended in [PaymentState::Failed, PaymentState::Captured] {
        assert!(payment(ended).decide(PaymentDecision::Void).is_err());
    }
}

#[test]
fn no_more_goes_back_than_was_taken_even_while_refunds_are_under_way() {
    let mut payment = payment(PaymentState::Captured);
    payment.request_refund(dollars(600)).unwrap();
    assert_eq!(
        payment.request_refund(dollars(401)),
        Err(PaymentError::TooMuch { left: dollars(400) })
    );
    assert_eq!(
        payment.request_refund(dollars(0)),
        Err(PaymentError::NoAmount)
    );
    payment.request_refund(dollars(400)).unwrap();
    payment.refund(dollars(600)).unwrap();
    assert_eq!(payment.state, PaymentState::PartiallyRefunded);
    payment.refund_refused(dollars(400));
    assert_eq!(payment.refundable(), dollars(400));
    payment.request_refund(dollars(400)).unwrap();
    payment.refund(dollars(400)).unwrap();
    assert_eq!(payment.state, PaymentState::Refunded);
    assert!(payment.refund(dollars(1)).is_err(), "nothing is set aside");
}

#[test]
fn money_that_was_taken_is_not_voided_and_what_ended_stays_ended() {
    for state in [
        PaymentState::Captured,
        PaymentState::Failed,
        PaymentState::Voided,
    ] {
        assert!(payment(state).void().is_err());
        assert!(payment(state).capture().is_err());
    }
    let mut pending = payment(PaymentState::Pending);
    assert!(pending.capture().is_err(), "nothing is set aside yet");
    assert_eq!(pending.void(), Ok(EventType::PaymentVoided));
}

#[test]
fn a_note_is_written_over_the_version_that_was_read() {
    let mut payment = payment(PaymentState::Pending);
    let other = Precondition::OneOf(vec![7]);
    assert_eq!(
        payment.annotate(&other, Some("a")),
        Err(IntentRefusal::Stale)
    );
    assert_eq!(payment.note, None);
    let read = Precondition::OneOf(vec![payment.version]);
    payment.annotate(&read, Some("a")).unwrap();
    assert_eq!((payment.note.as_deref(), payment.version), (Some("a"), 2));
}
