//! How orders are paid, as it is configured.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

use crate::payments::model::CaptureMode;

#[derive(Args, Clone, Debug)]
pub struct PaymentSettings {
    /// Who takes the money of new orders; with `none` they are confirmed at once and paid elsewhere.
    #[arg(long, env = "PAYMENT_PROVIDER", value_enum, default_value_t = ProviderChoice::None)]
    pub payment_provider: ProviderChoice,
    /// Seconds that an order's units are kept for its payment.
    #[arg(long, env = "PAYMENT_WINDOW_SECONDS", default_value_t = 900)]
    pub payment_window_seconds: u32,
    /// Orders of one customer that may wait for their payment at the same time.
    #[arg(long, env = "MAX_UNPAID_PER_CUSTOMER", default_value_t = 5)]
    pub max_unpaid_per_customer: u32,
    /// Who has authorised money taken: the shop by itself as soon as the stock is committed, or an admin.
    #[arg(long, env = "PAYMENT_CAPTURE", value_enum, default_value_t = CaptureChoice::Automatic)]
    pub payment_capture: CaptureChoice,
    /// The secrets that the provider signs its webhooks with, a line each: the current and the next one. Without the
    /// file no webhook is believed, and results are found by asking.
    #[arg(long, env = "PAYMENT_WEBHOOK_SECRET_FILE")]
    pub payment_webhook_secret_file: Option<PathBuf>,
    #[command(flatten)]
    pub mock: MockSettings,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProviderChoice {
    None,
    Mock,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CaptureChoice {
    Automatic,
    Manual,
}

impl From<CaptureChoice> for CaptureMode {
    fn from(choice: CaptureChoice) -> Self {
        match choice {
            CaptureChoice::Automatic => Self::Automatic,
            CaptureChoice::Manual => Self::Manual,
        }
    }
}

/// How the mock provider behaves.
#[derive(Args, Clone, Debug)]
pub struct MockSettings {
    /// Milliseconds until a late result is there.
    #[arg(long, env = "MOCK_LATE_MS", default_value_t = 3_000)]
    pub mock_late_ms: u32,
    /// Milliseconds that a slow answer takes.
    #[arg(long, env = "MOCK_SLOW_MS", default_value_t = 2_000)]
    pub mock_slow_ms: u32,
    /// Where the mock sends its webhooks, `…/api/v1/payments/webhooks/mock`; it sends none if absent.
    #[arg(long, env = "MOCK_WEBHOOK_URL")]
    pub mock_webhook_url: Option<String>,
}

impl MockSettings {
    pub(super) fn late(&self) -> Duration {
        Duration::from_millis(self.mock_late_ms.into())
    }

    pub(super) fn slow(&self) -> Duration {
        Duration::from_millis(self.mock_slow_ms.into())
    }
}
