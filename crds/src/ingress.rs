//! The route from outside the cluster.

use crate::names::{HOST, SUBDOMAIN};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The route from outside: one Ingress. It carries no annotation of an ingress controller, and one of cert-manager's
/// where `tls.issuer` is given.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    cel,
    validation = Rule::new("!has(self.tls) || has(self.host)")
        .message("tls needs a host, since a certificate is for a name: set ingress.host").field_path(".tls")
)]
#[serde(rename_all = "camelCase")]
pub struct Ingress {
    /// Host name of the shop, another for each shop of the cluster. Required, unless the operator runs with
    /// `--allow-catch-all`: a shop without one would answer for the names of others.
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

    /// Whether the operator requests the shop's address through the ingress before it reports that the shop serves there;
    /// `true` if absent. Turn it off where the operator cannot reach the ingress controller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_url: Option<bool>,
}

/// TLS at the ingress controller: a Secret with a certificate, an issuer that makes one, or both.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[x_kube(
    cel,
    validation = Rule::new("has(self.secretName) || has(self.issuer)")
        .message("tls needs a certificate: set tls.secretName, tls.issuer or both")
)]
#[serde(rename_all = "camelCase")]
pub struct IngressTls {
    /// Name of a Secret of type `kubernetes.io/tls` in the stack's namespace; with an issuer, the Secret that it fills,
    /// `<stack>-tls` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = SUBDOMAIN))]
    pub secret_name: Option<String>,

    /// The cert-manager issuer that makes the certificate and renews it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Issuer>,
}

/// An issuer of cert-manager.
#[derive(KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Issuer {
    /// Name of the issuer.
    #[schemars(length(min = 1, max = 253), regex(pattern = SUBDOMAIN))]
    pub name: String,

    /// `Issuer` in the stack's namespace, or `ClusterIssuer`; `Issuer` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<IssuerKind>,
}

/// What kind of issuer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum IssuerKind {
    /// One of the stack's namespace.
    #[default]
    Issuer,
    /// One for all namespaces.
    ClusterIssuer,
}

impl Ingress {
    pub fn check_url(&self) -> bool {
        self.check_url.unwrap_or(true)
    }
}
