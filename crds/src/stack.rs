//! The root of the resource: what a shop is made of, and the rules over fields that may not change later.
//! Defaults are functions, not schema defaults: a default in the schema shows up as a difference in `GitOps` tools.

use crate::{
    Api, Catalog, Checkout, Components, Database, EcommerceStackStatus, Image, Ingress, Limits,
    Payments, Security, currency::currency_codes,
};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

/// One shop: auth, product and order services, their database, secrets, migrations and routes.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "ecommercestack.dev",
    version = "v1alpha1",
    kind = "EcommerceStack",
    plural = "ecommercestacks",
    shortname = "estack",
    category = "all",
    namespaced,
    cel,
    status = "EcommerceStackStatus",
    derive = "PartialEq",
    doc = "EcommerceStack runs one whole shop in its namespace.",
    validation = Rule::new("self.metadata.name.matches('^[a-z]([-a-z0-9]{0,30}[a-z0-9])?$')")
        .message("metadata.name must begin with a letter, contain only a-z, 0-9 and '-', end with a letter or digit \
        and have at most 32 characters, since the names of Services and Jobs are derived from it"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status", description = "Whether everything runs as the spec says"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason", description = "The reason of the Ready condition"),
    printcolumn(name = "Version", type_ = "string", json_path = ".spec.version", description = "Release of the shop requested by the spec"),
    printcolumn(name = "URL", type_ = "string", json_path = ".status.url", description = "The URL of the shop"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Status", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].message", description = "The current state, and what to do next")
)]
#[x_kube(
    cel,
    validation = Rule::new("(has(self.currency) ? self.currency : 'USD') == (has(oldSelf.currency) ? oldSelf.currency : 'USD')")
        .message("currency cannot change: prices and orders are stored in it; create a new stack").field_path(".currency"),
    // On the parent, since a rule on a field that was removed is skipped (OPERATOR 7).
    validation = Rule::new("has(self.database.managed) == has(oldSelf.database.managed)")
        .message("the kind of database cannot change; create a new stack and move the data").field_path(".database")
)]
#[serde(rename_all = "camelCase")]
pub struct EcommerceStackSpec {
    /// Release of the shop, such as `0.1.0`: the tag of every image that no component overrides.
    #[schemars(
        length(min = 1, max = 128),
        regex(pattern = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")
    )]
    pub version: String,

    /// Where images are pulled from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,

    /// ISO 4217 code of the shop's currency; `USD` if absent. Immutable.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = currency_codes()))]
    pub currency: Option<String>,

    /// Whether volumes and credentials are retained or deleted when the stack is deleted; `Retain` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,

    /// External access through an Ingress; if absent, the shop is reachable only inside the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress: Option<Ingress>,

    /// The shop's database.
    pub database: Database,

    /// Replicas, resources and images of individual components.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<Components>,

    /// How products are served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog: Option<Catalog>,

    /// How orders are paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payments: Option<Payments>,

    /// What the shop's API requires of requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<Api>,

    /// What an order requires, and how many units may be unpaid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkout: Option<Checkout>,

    /// Rate limits by address, account and customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,

    /// What the shop requires of the accounts of its users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,

    /// Whether users may register themselves as vendors; `open` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_signup: Option<VendorSignup>,
}

/// Whether a shop's data is retained or deleted with its stack.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr,
)]
#[strum(const_into_str)]
pub enum DeletionPolicy {
    /// Volumes and credentials are retained, and a stack of the same name uses them again.
    #[default]
    Retain,
    /// Volumes and credentials are deleted with the stack.
    Delete,
}

/// Whether users may register themselves as vendors: any user (`open`, the default), any user, who has no permissions of a
/// vendor until an administrator activates the account (`approval`), or none, so that only administrators create vendors
/// (`closed`). Existing vendors keep their role.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum VendorSignup {
    /// Any user.
    #[default]
    Open,
    /// Any user, with the status `pending` until an administrator activates the account.
    Approval,
    /// Only administrators create vendors.
    Closed,
}

impl EcommerceStackSpec {
    pub const DEFAULT_CURRENCY: &str = "USD";

    pub fn currency(&self) -> &str {
        self.currency.as_deref().unwrap_or(Self::DEFAULT_CURRENCY)
    }

    pub fn deletion_policy(&self) -> DeletionPolicy {
        self.deletion_policy.unwrap_or_default()
    }

    pub fn vendor_signup(&self) -> VendorSignup {
        self.vendor_signup.unwrap_or_default()
    }
}
