//! How the shop's orders are paid.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How orders are paid. Orders that exist keep what they were placed under.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payments {
    /// Who takes the money; `none` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<PaymentProvider>,

    /// Seconds that an order's units are kept for its payment; 900 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 604_800))]
    pub window_seconds: Option<i32>,

    /// Who takes authorised money; `automatic` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture: Option<PaymentCapture>,
}

/// Who takes the money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PaymentProvider {
    /// Nobody: orders are confirmed at once and paid elsewhere.
    #[default]
    None,
    /// A provider inside the shop that moves no money, for trying and testing.
    Mock,
}

/// Who takes authorised money: the shop by itself as soon as the order's units are committed (`automatic`, the default),
/// or an admin, payment by payment (`manual`). A payment that was started keeps what it was started under.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PaymentCapture {
    /// The shop, as soon as the order's units are committed.
    #[default]
    Automatic,
    /// An admin, by `POST /payments/{id}/capture`.
    Manual,
}

impl PaymentCapture {
    /// The word in the spec and in the order service's environment.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Manual => "manual",
        }
    }
}

impl PaymentProvider {
    /// The word in the spec and in the order service's environment.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Mock => "mock",
        }
    }
}

impl Payments {
    pub const DEFAULT_WINDOW_SECONDS: i32 = 900;

    pub fn provider(&self) -> PaymentProvider {
        self.provider.unwrap_or_default()
    }

    pub fn window_seconds(&self) -> i32 {
        self.window_seconds.unwrap_or(Self::DEFAULT_WINDOW_SECONDS)
    }

    pub fn capture(&self) -> PaymentCapture {
        self.capture.unwrap_or_default()
    }
}
