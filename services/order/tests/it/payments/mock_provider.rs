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
use clock::Clock;
use order::payments::{
    model::ProviderName,
    ports::{Charge, OperationAnswer, PaymentProvider, Webhook, WebhookError},
    providers::{
        CaptureChoice, MockSettings, MockWebhooks, PaymentSettings, ProviderChoice, Providers,
        SignedWebhooks,
    },
};
use sqlx::PgPool;
use tokio::{net::TcpListener, sync::mpsc};

use super::contract::{self, Bench, Methods, Refused, operation};

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

/// Keeps charges by its late methods pending until the test says otherwise.
struct Mock {
    pool: PgPool,
    provider: Providers,
}

impl Mock {
    fn with(pool: PgPool) -> Self {
        Self {
            provider: Providers::new(&settings(Duration::from_mins(1)), pool.clone()),
            pool,
        }
    }
}

impl Bench for Mock {
    type Provider = Providers;
    const NAME: ProviderName = ProviderName::Mock;
    const METHODS: Methods = Methods {
        accepted: "mock_ok",
        lost: "mock_unknown",
        late: "mock_late",
        slow: "mock_slow",
        declined: Refused {
            method: "mock_declined",
            reason: "card_declined",
        },
        unknown: Refused {
            method: "card_of_mine",
            reason: "unknown_method",
        },
        capture_refused: Refused {
            method: "mock_capture_refused",
            reason: "authorisation_expired",
        },
        refund_refused: Refused {
            method: "mock_refund_refused",
            reason: "account_closed",
        },
        voided: "voided",
        too_much: "more_than_captured",
    };

    fn provider(&self) -> &Providers {
        &self.provider
    }

    async fn results_arrive(&self) {
        let late = "UPDATE mock_provider_operations SET result_at = now() WHERE result_at > now()";
        sqlx::query(late).execute(&self.pool).await.unwrap();
    }

    async fn moved(&self) -> (i64, i64, i64) {
        ledger(&self.pool).await
    }
}

macro_rules! keeps {
    ($($rule:ident),+ $(,)?) => {$(
        #[sqlx::test(migrator = "order::infrastructure::postgres::MIGRATOR")]
        async fn $rule(pool: PgPool) {
            contract::$rule(&Mock::with(pool)).await;
        }
    )+};
}

keeps! {
    the_same_key_answers_the_same_and_charges_once,
    a_key_is_not_taken_for_another_amount,
    no_more_is_refunded_than_was_captured,
    a_lost_answer_is_found_in_the_record,
    refusals_are_for_good_and_say_why,
    a_void_stops_a_charge_under_way_and_one_to_come,
    what_is_voided_is_not_captured_and_what_is_captured_not_voided,
    a_late_result_is_pending_until_it_is_there,
    a_caller_that_goes_away_cancels_nothing,
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
async fn a_slow_answer_takes_its_time(pool: PgPool) {
    let mock = Mock::with(pool);
    let started = tokio::time::Instant::now();
    mock.provider.authorise(&charge("mock_slow")).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(300));
    assert_eq!(mock.moved().await, (500, 0, 0));
}

fn charge(method: &str) -> Charge {
    contract::charge(ProviderName::Mock, method)
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
    let providers = Providers::new(&settings(Duration::ZERO), pool.clone());
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
