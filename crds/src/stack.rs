//! The root of the resource: what a shop is made of, and the rules over fields that may not change later.
//! Defaults are functions, not schema defaults: a default in the schema shows up as a difference in `GitOps` tools.

use crate::{
    Api, Catalog, Checkout, Components, Database, EcommerceStackStatus, Image, Ingress, Limits,
    Payments, currency::currency_codes,
};
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
        .message("metadata.name must begin with a letter, hold only a-z, 0-9 and '-', end with a letter or digit and have at most 32 characters, since the names of Services and Jobs are made from it"),
    printcolumn(name = "Ready", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].status", description = "Whether everything runs as the spec says"),
    printcolumn(name = "Reason", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].reason", description = "The status in one word"),
    printcolumn(name = "Version", type_ = "string", json_path = ".spec.version", description = "Release of the shop that the spec asks for"),
    printcolumn(name = "URL", type_ = "string", json_path = ".status.url", description = "Where the shop answers"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Status", type_ = "string", json_path = ".status.conditions[?(@.type==\"Ready\")].message", description = "What is going on, and what to do next")
)]
#[x_kube(
    cel,
    validation = Rule::new("(has(self.currency) ? self.currency : 'USD') == (has(oldSelf.currency) ? oldSelf.currency : 'USD')")
        .message("currency cannot change: prices and orders are stored in it; make a new stack").field_path(".currency"),
    // On the parent, since a rule on a field that was removed is skipped (OPERATOR 7).
    validation = Rule::new("has(self.database.managed) == has(oldSelf.database.managed)")
        .message("the kind of database cannot change; make a new stack and move the data").field_path(".database")
)]
#[serde(rename_all = "camelCase")]
pub struct EcommerceStackSpec {
    /// Release of the shop, such as `0.1.0`: the tag of every image that no component overrides.
    #[schemars(
        length(min = 1, max = 128),
        regex(pattern = r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")
    )]
    pub version: String,

    /// Where images come from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,

    /// ISO 4217 code of the one currency of the shop; `USD` if absent. Cannot change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = currency_codes()))]
    pub currency: Option<String>,

    /// What becomes of volumes and credentials when the stack is deleted; `Retain` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_policy: Option<DeletionPolicy>,

    /// The route from outside; without it the shop is reached inside the cluster only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ingress: Option<Ingress>,

    /// The shop's database.
    pub database: Database,

    /// Replicas, resources and images of single components.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<Components>,

    /// How products are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog: Option<Catalog>,

    /// How orders are paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payments: Option<Payments>,

    /// What every request has to carry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<Api>,

    /// What an order has to carry, and how much of it may be unpaid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkout: Option<Checkout>,

    /// How many requests the shop takes from one address and for one account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,

    /// Whether anybody may register as a vendor; `open` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_signup: Option<VendorSignup>,
}

/// What becomes of a shop's data when its stack is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DeletionPolicy {
    /// Volumes and credentials stay, and a stack of the same name takes them up again.
    #[default]
    Retain,
    /// Volumes and credentials go with the stack.
    Delete,
}

impl DeletionPolicy {
    /// As the resource spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retain => "Retain",
            Self::Delete => "Delete",
        }
    }
}

/// Who may register as a vendor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum VendorSignup {
    /// Anybody.
    #[default]
    Open,
    /// Nobody: administrators make vendors.
    Closed,
}

impl VendorSignup {
    /// The word in the spec and in the auth service's environment.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
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
