//! External access to the shop.

use crate::names::{HOST, SUBDOMAIN};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// External access: one Ingress. It has no annotations of an ingress controller, and one cert-manager annotation if
/// `tls.issuer` is set.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    cel,
    validation = Rule::new("!has(self.tls) || has(self.host)")
        .message("tls needs a host, since a certificate is for a name: set ingress.host").field_path(".tls")
)]
#[serde(rename_all = "camelCase")]
pub struct Ingress {
    /// Host name of the shop, unique among the shops of the cluster. Required unless the operator runs with
    /// `--allow-catch-all`: a shop without a host would receive requests for the host names of other shops.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = HOST))]
    pub host: Option<String>,

    /// Name of the `IngressClass`; the cluster's default class if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = SUBDOMAIN))]
    pub class_name: Option<String>,

    /// Whether the short paths `/products` and `/orders` are routed too; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legacy_aliases: Option<bool>,

    /// TLS at the ingress controller; absent means plain HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<IngressTls>,

    /// Whether the operator requests the shop's URL through the ingress before it reports the shop as reachable
    /// there; `true` if absent. Disable it if the operator cannot reach the ingress controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_url: Option<bool>,
}

/// TLS at the ingress controller: a Secret with a certificate, an issuer that issues one, or both.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    cel,
    validation = Rule::new("has(self.secretName) || has(self.issuer)")
        .message("tls needs a certificate: set tls.secretName, tls.issuer or both")
)]
#[serde(rename_all = "camelCase")]
pub struct IngressTls {
    /// Name of a Secret of type `kubernetes.io/tls` in the stack's namespace; with an issuer, the Secret in which
    /// cert-manager stores the certificate, `<stack>-tls` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = SUBDOMAIN))]
    pub secret_name: Option<String>,

    /// The cert-manager issuer that issues and renews the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Issuer>,
}

/// A cert-manager issuer.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Issuer {
    /// Name of the issuer.
    #[schemars(length(min = 1, max = 253), regex(pattern = SUBDOMAIN))]
    pub name: String,

    /// `Issuer` in the stack's namespace, or `ClusterIssuer`; `Issuer` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<IssuerKind>,
}

/// The kind of the issuer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum IssuerKind {
    /// An issuer in the stack's namespace.
    #[default]
    Issuer,
    /// An issuer for all namespaces.
    ClusterIssuer,
}

impl Ingress {
    pub fn check_url(&self) -> bool {
        self.check_url.unwrap_or(true)
    }
}
