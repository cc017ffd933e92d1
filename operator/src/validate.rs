//! From the resource as the API server stores it to a stack that children can be built from. Pure.
//! The CRD's rules have refused most of what could be wrong; what is checked here guards against an older CRD.

use crate::component::{Application, Workload};
use ecommercestack_crds::{
    Catalog, DeletionPolicy, EcommerceStack, Image, Payments, PullPolicy, Resources,
    ServiceComponent, VendorSignup,
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
    pub currency: String,
    pub deletion_policy: DeletionPolicy,
    pub vendor_signup: VendorSignup,
    pub catalog: Catalog,
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
    pub replicas: i32,
    pub resources: Resources,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ValidateError {
    #[error("the stack has no {0}; it does not come from an API server")]
    Incomplete(&'static str),
    #[error(
        "metadata.name `{0}` cannot make names of Services; make a new stack with a shorter name of a-z, 0-9 and -"
    )]
    Name(String),
    #[error("spec.database names no kind of database; set spec.database.managed")]
    NoDatabase,
}

/// Resolves defaults and checks what the children rely on.
pub fn validate(stack: &EcommerceStack) -> Result<ValidStack, ValidateError> {
    let metadata = &stack.metadata;
    let name = metadata
        .name
        .clone()
        .ok_or(ValidateError::Incomplete("name"))?;
    if !is_stack_name(&name) {
        return Err(ValidateError::Name(name));
    }
    let namespace = metadata
        .namespace
        .clone()
        .ok_or(ValidateError::Incomplete("namespace"))?;
    let owner = stack
        .controller_owner_ref(&())
        .ok_or(ValidateError::Incomplete("uid"))?;
    let spec = &stack.spec;
    let managed = spec
        .database
        .managed
        .clone()
        .ok_or(ValidateError::NoDatabase)?;
    let image = spec.image.clone().unwrap_or_default();
    let registry = image.registry.as_deref().unwrap_or(Image::DEFAULT_REGISTRY);
    let components = spec.components.clone().unwrap_or_default();
    let services =
        [components.auth, components.product, components.order].map(Option::unwrap_or_default);
    let worker = components.worker.unwrap_or_default();

    let mut images = Application::ALL
        .map(|application| format!("{registry}/{}:{}", application.as_str(), spec.version));
    for (reference, service) in images.iter_mut().zip(&services) {
        if let Some(own) = &service.image {
            reference.clone_from(own);
        }
    }
    let [auth, product, order] = services.map(|service| {
        let ServiceComponent {
            image: _,
            replicas,
            resources,
        } = service;
        Settings {
            replicas: replicas.unwrap_or(1),
            resources: resources.unwrap_or_default(),
        }
    });
    let worker = Settings {
        replicas: worker.replicas.unwrap_or(1),
        resources: worker.resources.unwrap_or_default(),
    };
    Ok(ValidStack {
        name,
        namespace,
        owner,
        currency: spec.currency().to_owned(),
        deletion_policy: spec.deletion_policy(),
        vendor_signup: spec.vendor_signup(),
        catalog: spec.catalog.clone().unwrap_or_default(),
        payments: spec.payments.clone().unwrap_or_default(),
        route: spec.ingress.clone().map(|ingress| Route {
            host: ingress.host,
            class_name: ingress.class_name,
            legacy_aliases: ingress.legacy_aliases.unwrap_or(false),
        }),
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

    /// Where the shop answers, as far as the spec says.
    pub fn url(&self) -> Option<String> {
        let host = self.route.as_ref()?.host.as_ref()?;
        Some(format!("http://{host}"))
    }

    /// The issuer in the shop's tokens.
    pub fn token_issuer(&self) -> String {
        self.url()
            .unwrap_or_else(|| format!("urn:ecommercestack:{}:{}", self.namespace, self.name))
    }

    /// The audience in the shop's tokens.
    pub fn token_audience(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    pub fn legacy_aliases(&self) -> bool {
        self.route
            .as_ref()
            .is_some_and(|route| route.legacy_aliases)
    }
}

fn is_stack_name(name: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.len() <= 32
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.bytes().all(inner)
}
