//! How the shop's orders are paid.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// How orders are paid. Existing orders keep the settings under which they were placed.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payments {
    /// The payment provider; `none` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<PaymentProvider>,

    /// Seconds for which an order's units are held while its payment is pending; 900 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 604_800))]
    pub window_seconds: Option<i32>,

    /// Who captures authorized payments; `automatic` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capture: Option<PaymentCapture>,
}

/// The payment provider.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum PaymentProvider {
    /// No provider: orders are confirmed at once and paid outside the shop.
    #[default]
    None,
    /// A built-in provider that moves no money, for trials and tests.
    Mock,
}

/// Who captures authorized payments: the shop as soon as the order's units are committed (`automatic`, the default),
/// or an admin, payment by payment (`manual`). A payment keeps the setting under which it was started.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum PaymentCapture {
    /// The shop, as soon as the order's units are committed.
    #[default]
    Automatic,
    /// An admin, by `POST /payments/{id}/capture`.
    Manual,
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
