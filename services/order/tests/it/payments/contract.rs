//! What every payment provider must keep, whichever it is: one test a rule, against a provider and what its methods of
//! payment are known to do. A new provider implements [`Bench`] for its test system and runs them all.

use clock::Ids;
use db::testing::eventually;
use futures::FutureExt;
use money::Money;
use order::{
    payments::{
        model::ProviderName,
        ports::{
            Authorisation, Charge, MoneyOperation, OperationAnswer, PaymentProvider, ProviderError,
            ProviderRecord, RefundOperation,
        },
    },
    values::{OrderId, PaymentId, RefundId},
};
use uuid::Uuid;

/// A provider to be tested.
pub trait Bench {
    type Provider: PaymentProvider + Clone;
    const NAME: ProviderName;
    const METHODS: Methods;

    fn provider(&self) -> &Self::Provider;

    /// What is pending has its result now.
    async fn results_arrive(&self);

    /// Minor units set aside, captured and refunded, of all payments, as the provider itself has them.
    async fn moved(&self) -> (i64, i64, i64);
}

/// Methods of payment, by what happens to those who pay with them.
pub struct Methods {
    /// Everything is done at once.
    pub accepted: &'static str,
    /// The same, and the first answer to each request is lost.
    pub lost: &'static str,
    /// Charges stay pending.
    pub late: &'static str,
    /// Everything is done, and the answers take their time.
    pub slow: &'static str,
    pub declined: Refused,
    /// The provider does not have it.
    pub unknown: Refused,
    pub capture_refused: Refused,
    pub refund_refused: Refused,
    /// Why nothing is charged after a void, and why no more is refunded than was captured.
    pub voided: &'static str,
    pub too_much: &'static str,
}

pub struct Refused {
    pub method: &'static str,
    pub reason: &'static str,
}

pub fn usd(minor: i64) -> Money {
    Money::new(minor, "USD".parse().unwrap())
}

/// Of a payment of its own.
pub fn charge(provider: ProviderName, method: &str) -> Charge {
    Charge {
        provider,
        payment: PaymentId(Ids::system().uuid()),
        order: OrderId(Ids::system().uuid()),
        method: method.to_owned().try_into().unwrap(),
        amount: usd(500),
    }
}

pub fn operation(charge: &Charge) -> MoneyOperation {
    MoneyOperation {
        provider: charge.provider,
        payment: charge.payment,
        amount: charge.amount,
    }
}

fn refund(charge: &Charge, id: u128, minor: i64) -> RefundOperation {
    RefundOperation {
        provider: charge.provider,
        payment: charge.payment,
        refund: RefundId(Uuid::from_u128(id)),
        amount: usd(minor),
    }
}

fn refused(answer: &OperationAnswer) -> &str {
    match answer {
        OperationAnswer::Refused { reason } => reason.as_str(),
        OperationAnswer::Done | OperationAnswer::Pending => "",
    }
}

fn declined(answer: &Authorisation) -> &str {
    match answer {
        Authorisation::Declined { reason } => reason.as_str(),
        Authorisation::Authorised { .. } | Authorisation::Pending { .. } => "",
    }
}

pub fn authorised(answer: &Authorisation) -> bool {
    matches!(answer, Authorisation::Authorised { .. })
}

fn pending(answer: &Authorisation) -> bool {
    matches!(answer, Authorisation::Pending { .. })
}

async fn record<B: Bench>(bench: &B, charge: &Charge) -> Option<ProviderRecord> {
    let found = bench.provider().look_up(B::NAME, charge.payment).await;
    found.unwrap()
}

/// A payment whose money is set aside.
async fn charged<B: Bench>(bench: &B, method: &str) -> Charge {
    let charge = charge(B::NAME, method);
    let answer = bench.provider().authorise(&charge).await.unwrap();
    assert!(authorised(&answer), "{answer:?}");
    charge
}

pub async fn the_same_key_answers_the_same_and_charges_once<B: Bench>(bench: &B) {
    let charge = charge(B::NAME, B::METHODS.accepted);
    let tries = (0..8).map(|_| {
        let (provider, charge) = (bench.provider().clone(), charge.clone());
        tokio::spawn(async move { provider.authorise(&charge).await })
    });
    let mut answers = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        answers.push(one.await.unwrap().unwrap());
    }
    assert!(authorised(&answers[0]));
    assert!(answers.iter().all(|answer| *answer == answers[0]));

    let provider = bench.provider();
    for _ in 0..2 {
        let done = provider.capture(&operation(&charge)).await.unwrap();
        assert_eq!(done, OperationAnswer::Done);
        let done = provider.refund(&refund(&charge, 1, 200)).await.unwrap();
        assert_eq!(done, OperationAnswer::Done);
    }
    assert_eq!(bench.moved().await, (500, 500, 200));
    let record = record(bench, &charge).await.unwrap();
    assert_eq!(record.authorisation.as_ref(), Some(&answers[0]));
    assert_eq!(record.capture, Some(OperationAnswer::Done));
    assert_eq!(record.void, None);
    let refunded = (RefundId(Uuid::from_u128(1)), OperationAnswer::Done);
    assert_eq!(record.refunds, [refunded]);
}

pub async fn a_key_is_not_taken_for_another_amount<B: Bench>(bench: &B) {
    let charge = charged(bench, B::METHODS.accepted).await;
    let other = Charge {
        amount: usd(501),
        ..charge
    };
    assert!(matches!(
        bench.provider().authorise(&other).await,
        Err(ProviderError::Unknown(_))
    ));
    assert_eq!(bench.moved().await, (500, 0, 0));
}

pub async fn no_more_is_refunded_than_was_captured<B: Bench>(bench: &B) {
    let charge = charged(bench, B::METHODS.accepted).await;
    let provider = bench.provider();
    let early = provider.refund(&refund(&charge, 1, 1)).await.unwrap();
    assert_ne!(refused(&early), "");
    provider.capture(&operation(&charge)).await.unwrap();
    provider.refund(&refund(&charge, 2, 200)).await.unwrap();
    for _ in 0..2 {
        let too_much = provider.refund(&refund(&charge, 3, 301)).await.unwrap();
        assert_eq!(refused(&too_much), B::METHODS.too_much);
    }
    let record = record(bench, &charge).await.unwrap();
    assert_eq!(record.refunds.len(), 3);
    assert_eq!(bench.moved().await, (500, 500, 200));
}

pub async fn a_lost_answer_is_found_in_the_record<B: Bench>(bench: &B) {
    let provider = bench.provider();
    let charge = charge(B::NAME, B::METHODS.lost);
    assert_eq!(record(bench, &charge).await, None, "unheard of");
    assert!(matches!(
        provider.authorise(&charge).await,
        Err(ProviderError::Unknown(_))
    ));
    let known = record(bench, &charge).await.unwrap();
    assert!(known.authorisation.as_ref().is_some_and(authorised));
    assert!(authorised(&provider.authorise(&charge).await.unwrap()));
    assert!(provider.capture(&operation(&charge)).await.is_err());
    let known = record(bench, &charge).await.unwrap();
    assert_eq!(known.capture, Some(OperationAnswer::Done));
    assert_eq!(
        provider.capture(&operation(&charge)).await.unwrap(),
        OperationAnswer::Done
    );
    assert_eq!(bench.moved().await, (500, 500, 0));
}

pub async fn refusals_are_for_good_and_say_why<B: Bench>(bench: &B) {
    let provider = bench.provider();
    let methods = B::METHODS;
    for Refused { method, reason } in [methods.declined, methods.unknown] {
        let charge = charge(B::NAME, method);
        for _ in 0..2 {
            let answer = provider.authorise(&charge).await.unwrap();
            assert_eq!(declined(&answer), reason);
        }
        let known = record(bench, &charge).await.unwrap();
        assert_eq!(known.authorisation.as_ref().map(declined), Some(reason));
    }
    let fragile = charged(bench, methods.capture_refused.method).await;
    for _ in 0..2 {
        let answer = provider.capture(&operation(&fragile)).await.unwrap();
        assert_eq!(refused(&answer), methods.capture_refused.reason);
    }
    let closed = charged(bench, methods.refund_refused.method).await;
    provider.capture(&operation(&closed)).await.unwrap();
    for _ in 0..2 {
        let answer = provider.refund(&refund(&closed, 1, 5)).await.unwrap();
        assert_eq!(refused(&answer), methods.refund_refused.reason);
    }
    assert_eq!(bench.moved().await, (1_000, 500, 0));
}

pub async fn a_void_stops_a_charge_under_way_and_one_to_come<B: Bench>(bench: &B) {
    let provider = bench.provider();
    let late = charge(B::NAME, B::METHODS.late);
    assert!(pending(&provider.authorise(&late).await.unwrap()));
    let to_come = charge(B::NAME, B::METHODS.accepted);
    for stopped in [late, to_come] {
        for _ in 0..2 {
            let done = provider.void(&operation(&stopped)).await.unwrap();
            assert_eq!(done, OperationAnswer::Done);
        }
        let answer = provider.authorise(&stopped).await.unwrap();
        assert_eq!(declined(&answer), B::METHODS.voided);
        let known = record(bench, &stopped).await.unwrap();
        assert_eq!(known.void, Some(OperationAnswer::Done));
    }
    bench.results_arrive().await;
    assert_eq!(bench.moved().await, (0, 0, 0));
}

pub async fn what_is_voided_is_not_captured_and_what_is_captured_not_voided<B: Bench>(bench: &B) {
    let provider = bench.provider();
    let voided = charged(bench, B::METHODS.accepted).await;
    provider.void(&operation(&voided)).await.unwrap();
    let answer = provider.capture(&operation(&voided)).await.unwrap();
    assert_eq!(refused(&answer), B::METHODS.voided);
    let captured = charged(bench, B::METHODS.accepted).await;
    provider.capture(&operation(&captured)).await.unwrap();
    let answer = provider.void(&operation(&captured)).await.unwrap();
    assert_ne!(refused(&answer), "");
    assert_eq!(bench.moved().await.1, 500);
}

pub async fn a_late_result_is_pending_until_it_is_there<B: Bench>(bench: &B) {
    let provider = bench.provider();
    let late = charge(B::NAME, B::METHODS.late);
    for _ in 0..2 {
        assert!(pending(&provider.authorise(&late).await.unwrap()));
    }
    let known = record(bench, &late).await.unwrap();
    assert!(known.authorisation.as_ref().is_some_and(pending));
    assert_eq!(bench.moved().await, (0, 0, 0));
    bench.results_arrive().await;
    let known = record(bench, &late).await.unwrap();
    assert!(known.authorisation.as_ref().is_some_and(authorised));
    assert!(authorised(&provider.authorise(&late).await.unwrap()));
    assert_eq!(bench.moved().await, (500, 0, 0));
}

pub async fn a_caller_that_goes_away_cancels_nothing<B: Bench>(bench: &B) {
    let charge = charge(B::NAME, B::METHODS.slow);
    // The first poll starts the call; the caller is dropped before the second.
    let call = bench.provider().authorise(&charge).now_or_never();
    assert!(call.is_none(), "the call takes its time");
    eventually("the charge is made", async || bench.moved().await.0 > 0).await;
    assert!(authorised(
        &bench.provider().authorise(&charge).await.unwrap()
    ));
    assert_eq!(bench.moved().await, (500, 0, 0));
}
