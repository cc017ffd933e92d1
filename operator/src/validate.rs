//! Turns the resource into a stack from which children can be built. Pure. The CRD's rules refuse most invalid values;
//! the checks here guard against an older CRD.

use crate::component::{Application, Workload};
use ecommercestack_crds::{
    Api, Autoscaling, Catalog, Checkout, DeletionPolicy, EcommerceStack, Image, Ingress,
    IssuerKind, Limits, Payments, PullPolicy, Resources, Security, ServiceComponent, VendorSignup,
    currency_codes,
};
use k8s_openapi::{
    api::core::v1::LocalObjectReference, apimachinery::pkg::apis::meta::v1::OwnerReference,
};
use kube::Resource as _;

/// A stack whose spec is complete: every default resolved, every name known.
#[derive(Clone, Debug)]
pub struct ValidStack {
    pub name: String,
    pub namespace: String,
    /// The reference that children carry.
    pub owner: OwnerReference,
    /// The installation of the operator that manages it, if it uses a Lease.
    pub operator: Option<String>,
    pub currency: String,
    pub deletion_policy: DeletionPolicy,
    pub vendor_signup: VendorSignup,
    pub security: Security,
    pub api: Api,
    pub catalog: Catalog,
    pub checkout: Checkout,
    pub limits: Limits,
    pub payments: Payments,
    pub route: Option<Route>,
    pub pull_policy: PullPolicy,
    pub pull_secrets: Vec<LocalObjectReference>,
    pub database: Database,
    images: [String; 3],
    settings: [Settings; 4],
}

/// How the shop is reached from outside.
#[derive(Clone, Debug)]
pub struct Route {
    pub host: Option<String>,
    pub class_name: Option<String>,
    pub legacy_aliases: bool,
    pub tls: Option<Tls>,
    /// Whether the shop's address is requested through the ingress.
    pub check_url: bool,
}

/// TLS at the ingress controller.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The Secret with the certificate.
    pub secret_name: String,
    /// The cert-manager issuer that fills it, if one does.
    pub issuer: Option<(IssuerKind, String)>,
}

/// The database that the operator runs.
#[derive(Clone, Debug)]
pub struct Database {
    pub image: String,
    pub size: String,
    pub storage_class: Option<String>,
    pub resources: Resources,
}

/// What can be set for a workload.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The number of pods, if no autoscaler decides.
    pub replicas: i32,
    pub autoscaling: Option<Autoscaling>,
    pub resources: Resources,
}

/// What the operator allows beyond the rules of the CRD: settings of its administrator, not of a stack's owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Whether a stack may answer for every host name that no other stack has.
    pub allow_catch_all: bool,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ValidateError {
    #[error("the stack has no {0}, so it was not read from an API server")]
    Incomplete(&'static str),
    #[error(
        "metadata.name `{0}` cannot be used in names of Services; create a new stack with a shorter name of a-z, \
         0-9 and -"
    )]
    Name(String),
    #[error("spec.database sets no kind of database; set spec.database.managed")]
    NoDatabase,
    #[error(
        "spec.currency `{0}` is not an active currency of ISO 4217, and the field is immutable; create a new stack \
         with another currency"
    )]
    Currency(String),
    #[error(
        "spec.ingress.host is not set, and a shop without a host would receive requests for the host names of other \
         shops; set spec.ingress.host, \
         or remove spec.ingress, or start the operator with --allow-catch-all"
    )]
    NoHost,
}

impl Policy {
    /// Whether this operator runs such a stack.
    pub fn check(self, stack: &ValidStack) -> Result<(), ValidateError> {
        let route = stack.route.as_ref();
        let catches_all = route.is_some_and(|route| route.host.is_none());
        if catches_all && !self.allow_catch_all {
            return Err(ValidateError::NoHost);
        }
        Ok(())
    }
}

/// Resolves defaults and checks what the children rely on.
pub fn validate(stack: &EcommerceStack) -> Result<ValidStack, ValidateError> {
    let metadata = &stack.metadata;
    let missing = ValidateError::Incomplete;
    let name = metadata.name.clone().ok_or(missing("name"))?;
    if !is_stack_name(&name) {
        return Err(ValidateError::Name(name));
    }
    let namespace = metadata.namespace.clone().ok_or(missing("namespace"))?;
    let owner = stack.controller_owner_ref(&()).ok_or(missing("uid"))?;
    let spec = &stack.spec;
    let managed = spec.database.managed.clone();
    let managed = managed.ok_or(ValidateError::NoDatabase)?;
    // The CRD has refused it since it lists currencies; a stack may be older.
    if !currency_codes().contains(&spec.currency()) {
        return Err(ValidateError::Currency(spec.currency().to_owned()));
    }
    let image = spec.image.clone().unwrap_or_default();
    let registry = image.registry.as_deref().unwrap_or(Image::DEFAULT_REGISTRY);
    let components = spec.components.clone().unwrap_or_default();
    let services =
        [components.auth, components.product, components.order].map(Option::unwrap_or_default);
    let worker = components.worker.unwrap_or_default();

    let mut images = Application::ALL
        .map(|application| format!("{registry}/{}:{}", application.into_str(), spec.version));
    for (reference, service) in images.iter_mut().zip(&services) {
        if let Some(own) = &service.image {
            reference.clone_from(own);
        }
    }
    let [auth, product, order] = services.map(|service| {
        let ServiceComponent {
            image: _,
            replicas,
            autoscaling,
            resources,
        } = service;
        Settings {
            replicas: replicas.unwrap_or(1),
            autoscaling,
            resources: resources.unwrap_or_default(),
        }
    });
    let worker = Settings {
        replicas: worker.replicas.unwrap_or(1),
        autoscaling: worker.autoscaling,
        resources: worker.resources.unwrap_or_default(),
    };
    let route = spec.ingress.clone().map(|ingress| route(&name, ingress));
    Ok(ValidStack {
        name,
        namespace,
        owner,
        operator: None,
        currency: spec.currency().to_owned(),
        deletion_policy: spec.deletion_policy(),
        vendor_signup: spec.vendor_signup(),
        security: spec.security.clone().unwrap_or_default(),
        api: spec.api.clone().unwrap_or_default(),
        catalog: spec.catalog.clone().unwrap_or_default(),
        checkout: spec.checkout.clone().unwrap_or_default(),
        limits: spec.limits.clone().unwrap_or_default(),
        payments: spec.payments.clone().unwrap_or_default(),
        route,
        pull_policy: image.pull_policy.unwrap_or_default(),
        pull_secrets: image
            .pull_secrets
            .unwrap_or_default()
            .into_iter()
            .map(|secret| LocalObjectReference { name: secret.name })
            .collect(),
        database: Database {
            image: managed
                .image
                .unwrap_or_else(|| format!("{registry}/postgres:{}", spec.version)),
            size: managed.storage.size,
            storage_class: managed.storage.class_name,
            resources: managed.resources.unwrap_or_default(),
        },
        images,
        settings: [auth, product, order, worker],
    })
}

fn route(stack: &str, ingress: Ingress) -> Route {
    let check_url = ingress.check_url();
    let tls = ingress.tls.map(|tls| Tls {
        secret_name: tls.secret_name.unwrap_or_else(|| format!("{stack}-tls")),
        issuer: tls
            .issuer
            .map(|issuer| (issuer.kind.unwrap_or_default(), issuer.name)),
    });
    Route {
        host: ingress.host,
        class_name: ingress.class_name,
        legacy_aliases: ingress.legacy_aliases.unwrap_or(false),
        tls,
        check_url,
    }
}

impl Settings {
    /// The least number of pods.
    pub fn least(&self) -> i32 {
        let scaling = self.autoscaling.as_ref();
        scaling.map_or(self.replicas, Autoscaling::min)
    }

    /// The largest number of pods.
    pub fn most(&self) -> i32 {
        let scaling = self.autoscaling.as_ref();
        scaling.map_or(self.replicas, |scaling| scaling.max)
    }
}

impl ValidStack {
    /// The name of an object of this stack: `shop-auth`.
    pub fn object(&self, suffix: &str) -> String {
        format!("{}-{suffix}", self.name)
    }

    /// The image that the spec asks for.
    pub fn image(&self, application: Application) -> &str {
        &self.images[application as usize]
    }

    pub fn settings(&self, workload: Workload) -> &Settings {
        &self.settings[workload as usize]
    }

    /// The shop's URL according to the spec.
    pub fn url(&self) -> Option<String> {
        let host = self.route.as_ref()?.host.as_ref()?;
        let scheme = if self.tls().is_some() {
            "https"
        } else {
            "http"
        };
        Some(format!("{scheme}://{host}"))
    }

    /// TLS at the ingress controller, if there is any.
    pub fn tls(&self) -> Option<&Tls> {
        self.route.as_ref()?.tls.as_ref()
    }

    /// The issuer in the shop's tokens: a name, not an address (ADR 8). Neither the host nor TLS has a part in it, since a
    /// stack that changes them would otherwise log all users out.
    pub fn token_issuer(&self) -> String {
        format!("urn:ecommercestack:{}:{}", self.namespace, self.name)
    }

    /// The audience in the shop's tokens.
    pub fn token_audience(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    pub fn legacy_aliases(&self) -> bool {
        let route = self.route.as_ref();
        route.is_some_and(|route| route.legacy_aliases)
    }
}

fn is_stack_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.len() <= 32
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.bytes().all(inner)
}
