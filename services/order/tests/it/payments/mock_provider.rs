//! The mock provider: one charge for each key, whatever happens to the responses, and results sent by signed webhooks.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use clock::{Clock, Ids};
use futures::FutureExt;
use money::Money;
use order::{
    payments::{
        model::ProviderName,
        ports::{
            Authorisation, Charge, MoneyOperation, OperationAnswer, PaymentProvider,
            PaymentWebhooks, ProviderError, RefundOperation, Webhook, WebhookError,
        },
        providers::{
            CaptureChoice, MockSettings, MockWebhooks, PaymentSettings, ProviderChoice, Providers,
            SignedWebhooks,
        },
    },
    values::{OrderId, PaymentId, RefundId},
};
use postgres::testing::eventually;
use sqlx::PgPool;
use tokio::{net::TcpListener, sync::mpsc};
use uuid::Uuid;

pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub const OTHER_SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

pub fn settings(late: Duration) -> PaymentSettings {
    PaymentSettings {
        payment_provider: ProviderChoice::Mock,
        payment_window_seconds: 900,
        max_unpaid_per_customer: 5,
        payment_capture: CaptureChoice::Automatic,
        payment_webhook_secret_file: Some(secret_file()),
        mock: MockSettings {
            mock_late_ms: late.as_millis().try_into().unwrap(),
            mock_slow_ms: 300,
            mock_webhook_url: None,
        },
    }
}

pub fn secret_file() -> PathBuf {
    let file = std::env::temp_dir().join(format!("order-webhook-secret-{}", std::process::id()));
    std::fs::write(&file, SECRET).unwrap();
    file
}

fn providers(pool: &PgPool, late: Duration) -> Providers {
    Providers::new(&settings(late), pool.clone())
}

fn usd(minor: i64) -> Money {
    Money::new(minor, "USD".parse().unwrap())
}

fn charge(method: &str) -> Charge {
    Charge {
        provider: ProviderName::Mock,
        payment: PaymentId(Ids::system().uuid()),
        order: OrderId(Ids::system().uuid()),
        method: method.to_owned().try_into().unwrap(),
        amount: usd(500),
    }
}

fn operation(charge: &Charge) -> MoneyOperation {
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

fn authorised(answer: &Authorisation) -> bool {
    matches!(answer, Authorisation::Authorised { .. })
}

/// Authorised, captured and refunded, of all payments.
async fn ledger(pool: &PgPool) -> (i64, i64, i64) {
    sqlx::query_as(
        "SELECT coalesce(sum(authorized_minor), 0)::bigint, coalesce(sum(captured_minor), 0)::bigint,
                coalesce(sum(refunded_minor), 0)::bigint FROM mock_provider_ledger",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

async fn run(pool: &PgPool, statement: &'static str) {
    sqlx::query(statement).execute(pool).await.unwrap();
}

#[sqlx::test(migrator = "order::infrastructure::postgres::MIGRATOR")]
async fn the_same_key_answers_the_same_and_charges_once(pool: PgPool) {
    let providers = providers(&pool, Duration::ZERO);
    let charge = charge("mock_ok");
    let tries = (0..8).map(|_| {
        let (providers, charge) = (providers.clone(), charge.clone());
        tokio::spawn(async move { providers.authorise(&charge).await })
    });
    let mut answers = Vec::new();
    for one in tries.collect::<Vec<_>>() {
        answers.push(one.await.unwrap().unwrap());
    }
    assert!(authorised(&answers[0]));
    assert!(answers.iter().all(|answer| *answer == answers[0]));

    for _ in 0..2 {
        let done = providers.capture(&operation(&charge)).await.unwrap();
        assert_eq!(done, OperationAnswer::Done);
        let done = providers.refund(&refund(&charge, 1, 200)).await.unwrap();
        assert_eq!(done, OperationAnswer::Done);
    }
    assert_eq!(ledger(&pool).await, (500, 500, 200));

    let other = Charge {
        amount: usd(501),
        ..charge.clone()
    };
    assert!(matches!(
        providers.authorise(&other).await,
        Err(ProviderError::Unknown(_))
    ));
    let too_much = providers.refund(&refund(&charge, 2, 301)).await.unwrap();
    assert_eq!(refused(&too_much), "more_than_captured");
    let books = providers
        .look_up(ProviderName::Mock, charge.payment)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(books.authorisation.as_ref(), Some(&answers[0]));
    assert_eq!(books.capture, Some(OperationAnswer::Done));
    assert_eq!(books.void, None);
    assert_eq!(books.refunds.len(), 2);
    assert_eq!(ledger(&pool).await, (500, 500, 200));
}

#[sqlx::test(migrator = "order::infrastructure::postgres::MIGRATOR")]
async fn a_lost_answer_is_found_in_the_books(pool: PgPool) {
    let providers = providers(&pool, Duration::ZERO);
    let charge = charge("mock_unknown");
    let unheard = providers
        .look_up(ProviderName::Mock, charge.payment)
        .await
        .unwrap();
    assert_eq!(unheard, None);
    assert!(matches!(
        providers.authorise(&charge).await,
        Err(ProviderError::Unknown(_))
    ));
    let books = providers
        .look_up(ProviderName::Mock, charge.payment)
        .await
        .unwrap()
        .unwrap();
    assert!(books.authorisation.as_ref().is_some_and(authorised));
    assert!(authorised(&providers.authorise(&charge).await.unwrap()));
    assert!(providers.capture(&operation(&charge)).await.is_err());
    assert_eq!(
        providers.capture(&operation(&charge)).await.unwrap(),
        OperationAnswer::Done
    );
    assert_eq!(ledger(&pool).await, (500, 500, 0));
}

#[sqlx::test(migrator = "order::infrastructure::postgres::MIGRATOR")]
async fn methods_do_what_their_names_say(pool: PgPool) {
    let providers = providers(&pool, Duration::ZERO);
    let answer = providers.authorise(&charge("mock_declined")).await.unwrap();
    assert_eq!(declined(&answer), "card_declined");
    let answer = providers.authorise(&charge("card_of_mine")).await.unwrap();
    assert_eq!(declined(&answer), "unknown_method");

    let fragile = charge("mock_capture_refused");
    assert!(authorised(&providers.authorise(&fragile).await.unwrap()));
    let answer = providers.capture(&operation(&fragile)).await.unwrap();
    assert_eq!(refused(&answer), "authorisation_expired");

    let closed = charge("mock_refund_refused");
    providers.authorise(&closed).await.unwrap();
    providers.capture(&operation(&closed)).await.unwrap();
    let answer = providers.refund(&refund(&closed, 1, 5)).await.unwrap();
    assert_eq!(refused(&answer), "account_closed");

    let started = tokio::time::Instant::now();
    providers.authorise(&charge("mock_slow")).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!(ledger(&pool).await, (1_500, 500, 0));
}

#[sqlx::test(migrator = "order::infrastructure::postgres::MIGRATOR")]
async fn a_void_stops_a_charge_under_way_and_one_to_come(pool: PgPool) {
    let providers = providers(&pool, Duration::from_mins(1));
    let late = charge("mock_late");
    assert!(matches!(
        providers.authorise(&late).await.unwrap(),
        Authorisation::Pending { .. }
    ));
    assert_eq!(
        providers.void(&operation(&late)).await.unwrap(),
        OperationAnswer::Done
    );
    assert_eq!(
        declined(&providers.authorise(&late).await.unwrap()),
        "voided"
    );

    let to_come = charge("mock_ok");
    providers.void(&operation(&to_come)).await.unwrap();
    assert_eq!(
        declined(&providers.authorise(&to_come).await.unwrap()),
        "voided"
    );
    assert_eq!(ledger(&pool).await, (0, 0, 0));
}

#[sqlx::test(migrator = "order::infrastructure::postgres::MIGRATOR")]
async fn a_caller_that_goes_away_cancels_nothing(pool: PgPool) {
    let providers = providers(&pool, Duration::ZERO);
    let charge = charge("mock_slow");
    // The first poll starts the call; the caller is dropped before the second.
    let call = providers.authorise(&charge).now_or_never();
    assert!(call.is_none(), "the call takes 300 ms");
    eventually("the charge is made", async || ledger(&pool).await.0 > 0).await;
    assert!(authorised(&providers.authorise(&charge).await.unwrap()));
    assert_eq!(ledger(&pool).await, (500, 0, 0));
}

/// A receiver that refuses the first webhook and passes on all webhooks.
async fn receiver() -> (String, mpsc::UnboundedReceiver<Webhook>) {
    let (sender, received) = mpsc::unbounded_channel();
    let calls = Arc::new(AtomicUsize::new(0));
    let take =
        |State((sender, calls)): State<(mpsc::UnboundedSender<Webhook>, Arc<AtomicUsize>)>,
         headers: HeaderMap,
         body: Bytes| async move {
            sender
                .send(Webhook {
                    headers: headers
                        .iter()
                        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                        .collect(),
                    body: body.to_vec(),
                })
                .unwrap();
            if calls.fetch_add(1, Ordering::Relaxed) == 0 {
                axum::http::StatusCode::SERVICE_UNAVAILABLE
            } else {
                axum::http::StatusCode::NO_CONTENT
            }
        };
    let router = Router::new()
        .route("/hook", post(take))
        .with_state((sender, calls));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, received)
}

#[sqlx::test(migrator = "order::infrastructure::postgres::MIGRATOR")]
async fn a_late_result_is_told_until_it_is_taken(pool: PgPool) {
    let (url, mut received) = receiver().await;
    let mut settings = settings(Duration::from_hours(1));
    settings.mock.mock_webhook_url = Some(url);
    let providers = Providers::new(&settings, pool.clone());
    let clock = Clock::system();
    let webhooks = MockWebhooks::try_new(&settings, pool.clone(), clock)
        .unwrap()
        .unwrap();
    let charge = charge("mock_late");
    providers.authorise(&charge).await.unwrap();
    assert_eq!(webhooks.deliver().await.unwrap(), 0, "it is not due yet");
    assert_eq!(ledger(&pool).await, (0, 0, 0));
    run(
        &pool,
        "UPDATE mock_provider_operations SET result_at = now()",
    )
    .await;
    run(&pool, "UPDATE mock_provider_webhooks SET due_at = now()").await;
    assert_eq!(ledger(&pool).await, (500, 0, 0));

    assert_eq!(webhooks.deliver().await.unwrap(), 0, "it was refused");
    assert_eq!(webhooks.deliver().await.unwrap(), 0, "there is a pause");
    run(&pool, "UPDATE mock_provider_webhooks SET due_at = now()").await;
    assert_eq!(webhooks.deliver().await.unwrap(), 1);
    assert_eq!(webhooks.deliver().await.unwrap(), 0);

    let (first, second) = (
        received.recv().await.unwrap(),
        received.recv().await.unwrap(),
    );
    assert!(received.try_recv().is_err());
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    let shop = SignedWebhooks::new(settings.payment_webhook_secret_file.clone(), clock);
    let notice = shop.read(ProviderName::Mock, &second).await.unwrap();
    assert_eq!(notice.payment, charge.payment);

    let mut forged = second.clone();
    forged.body.push(b' ');
    assert!(matches!(
        shop.read(ProviderName::Mock, &forged).await,
        Err(WebhookError::Untrusted(_))
    ));
    let trusting = SignedWebhooks::new(None, clock);
    assert!(matches!(
        trusting.read(ProviderName::Mock, &second).await,
        Err(WebhookError::Untrusted(_))
    ));
}

#[sqlx::test(migrator = "order::infrastructure::postgres::MIGRATOR")]
async fn mock_twice_tells_twice_and_charges_once(pool: PgPool) {
    let providers = providers(&pool, Duration::ZERO);
    let charge = charge("mock_twice");
    providers.authorise(&charge).await.unwrap();
    providers.authorise(&charge).await.unwrap();
    let told: i64 = sqlx::query_scalar("SELECT count(*) FROM mock_provider_webhooks")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(told, 2);
    assert_eq!(ledger(&pool).await, (500, 0, 0));
}

#[sqlx::test(migrator = "order::infrastructure::postgres::MIGRATOR")]
async fn without_a_provider_nothing_is_offered_and_old_payments_stay_known(pool: PgPool) {
    let mut settings = settings(Duration::ZERO);
    let charge = charge("mock_ok");
    let before = Providers::new(&settings, pool.clone());
    assert!(
        before
            .methods()
            .iter()
            .any(|offered| offered.method == charge.method)
    );
    before.authorise(&charge).await.unwrap();
    settings.payment_provider = ProviderChoice::None;
    let after = Providers::new(&settings, pool.clone());
    assert!(after.methods().is_empty());
    assert_eq!(
        after.void(&operation(&charge)).await.unwrap(),
        OperationAnswer::Done
    );
}
