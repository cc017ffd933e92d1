//! The environment of the services' containers.

use crate::{
    component::{Application, Workload},
    credentials::Credential,
    kube::pods::{secret_volume, some_keys},
    validate::ValidStack,
};
use ecommercestack_crds::{Limits, PaymentProvider};
use k8s_openapi::api::core::v1::{
    EnvVar, EnvVarSource, ObjectFieldSelector, SecretKeySelector, Volume, VolumeMount,
};

/// Where Secrets are mounted in the services' containers.
pub const JWT_DIRECTORY: &str = "/etc/ecommercestack/jwt";
pub const DATABASE_DIRECTORY: &str = "/etc/ecommercestack/database";
pub const ADMINISTRATOR_DIRECTORY: &str = "/etc/ecommercestack/admin";
/// The token with which a service calls others.
pub const OWN_TOKEN_DIRECTORY: &str = "/etc/ecommercestack/token";
/// The hashes of the tokens that others call it with, a file for each caller.
pub const CALLERS_DIRECTORY: &str = "/etc/ecommercestack/callers";
pub const PAYMENT_WEBHOOKS_DIRECTORY: &str = "/etc/ecommercestack/payment-webhooks";

/// The connections of each pod's pool. It is set here rather than left to the service's default, since the sum over all
/// pods is checked against the database's limit. // OPERATOR 15
pub const POOL_CONNECTIONS: i32 = 8;

pub fn variable(name: &str, value: impl Into<String>) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value: Some(value.into()),
        value_from: None,
    }
}

/// A key of a Secret, by reference; an optional Secret may not exist.
pub fn secret_variable(
    stack: &ValidStack,
    name: &str,
    credential: Credential,
    key: &str,
    optional: Option<bool>,
) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value: None,
        value_from: Some(EnvVarSource {
            secret_key_ref: Some(SecretKeySelector {
                name: stack.object(credential.suffix()),
                key: key.to_owned(),
                optional,
            }),
            ..Default::default()
        }),
    }
}

fn own_token() -> EnvVar {
    variable(
        "INTERNAL_TOKEN_FILE",
        format!("{OWN_TOKEN_DIRECTORY}/token"),
    )
}

/// A field of the pod itself.
pub fn field_variable(name: &str, path: &str) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value: None,
        value_from: Some(EnvVarSource {
            field_ref: Some(ObjectFieldSelector {
                field_path: path.to_owned(),
                api_version: None,
            }),
            ..Default::default()
        }),
    }
}

/// The address of a service's database, as a file, so that it appears neither in the pod's definition nor in its
/// environment.
pub fn database_file(
    stack: &ValidStack,
    application: Application,
) -> (EnvVar, (Volume, VolumeMount)) {
    let secret = stack.object(Credential::Database(application).suffix());
    let keys = some_keys(secret, [("uri", "uri")]);
    let file = secret_volume("database", DATABASE_DIRECTORY, keys);
    let variable = variable("DATABASE_URL_FILE", format!("{DATABASE_DIRECTORY}/uri"));
    (variable, file)
}

/// The environment of a workload's container.
pub fn environment(stack: &ValidStack, workload: Workload) -> Vec<EnvVar> {
    let application = workload.application();
    let mut environment = vec![
        database_file(stack, application).0,
        variable("DATABASE_MAX_CONNECTIONS", POOL_CONNECTIONS.to_string()),
        variable("TOKEN_ISSUER", stack.token_issuer()),
        variable("TOKEN_AUDIENCE", stack.token_audience()),
    ];
    match application {
        Application::Auth => environment.extend([
            variable("JWT_KEYS_DIR", JWT_DIRECTORY),
            variable("INTERNAL_TOKENS_DIR", CALLERS_DIRECTORY),
            variable("REFRESH_KEY_FILE", format!("{JWT_DIRECTORY}/refresh.key")),
            secret_variable(
                stack,
                "ADMIN_EMAIL",
                Credential::Administrator,
                "email",
                Some(true),
            ),
            variable(
                "ADMIN_PASSWORD_FILE",
                format!("{ADMINISTRATOR_DIRECTORY}/password"),
            ),
            variable("VENDOR_SIGNUP", stack.vendor_signup.into_str()),
            variable("REQUIRE_MFA", stack.security.require_mfa().into_str()),
        ]),
        Application::Product => {
            environment.extend(shop(stack));
            environment.extend([
                variable("INTERNAL_TOKENS_DIR", CALLERS_DIRECTORY),
                own_token(),
                variable(
                    "PRODUCT_VIEW_MILLISECONDS",
                    stack.catalog.cache_milliseconds().to_string(),
                ),
            ]);
        }
        Application::Order => {
            environment.extend(shop(stack));
            environment.extend([
                variable(
                    "PRODUCT_INTERNAL_URL",
                    format!("http://{}:8081", stack.object("product-internal")),
                ),
                own_token(),
                variable("PAYMENT_PROVIDER", stack.payments.provider().into_str()),
                variable(
                    "PAYMENT_WINDOW_SECONDS",
                    stack.payments.window_seconds().to_string(),
                ),
                variable("PAYMENT_CAPTURE", stack.payments.capture().into_str()),
                variable(
                    "PAYMENT_WEBHOOK_SECRET_FILE",
                    format!("{PAYMENT_WEBHOOKS_DIRECTORY}/secrets"),
                ),
                variable(
                    "REQUIRE_IDEMPOTENCY_KEY",
                    stack.api.require_idempotency_key().to_string(),
                ),
                variable(
                    "REQUIRE_SHIPPING_ADDRESS",
                    stack.checkout.require_shipping_address().to_string(),
                ),
                variable(
                    "MAX_UNPAID_UNITS_PER_SKU",
                    stack.checkout.max_unpaid_units_per_sku().to_string(),
                ),
            ]);
            if workload.serves() {
                environment.push(variable("INTERNAL_TOKENS_DIR", CALLERS_DIRECTORY));
            }
            if stack.payments.provider() == PaymentProvider::Mock {
                let order = stack.object("order");
                environment.push(variable(
                    "MOCK_WEBHOOK_URL",
                    format!("http://{order}/api/v1/payments/webhooks/mock"),
                ));
            }
        }
    }
    // A worker has no public port.
    if workload.serves() {
        environment.extend(limits(stack, application));
        if stack.tls().is_some() {
            environment.push(variable("HSTS", "true"));
        }
    }
    environment
}

/// The limits that the spec sets; the services have defaults for the others.
fn limits(stack: &ValidStack, application: Application) -> Vec<EnvVar> {
    let Limits {
        trusted_proxies,
        logins_per_address_per_minute,
        requests_per_address_per_minute,
        failed_logins_per_account,
        refreshes_per_account,
        guest_requests_per_address_per_minute,
        changes_per_customer_per_minute,
    } = &stack.limits;
    let proxies = || {
        let ranges = trusted_proxies.as_ref()?;
        Some(variable("TRUSTED_PROXIES", ranges.join(",")))
    };
    let number = |name, limit: &Option<i32>| limit.map(|limit| variable(name, limit.to_string()));
    let set = match application {
        Application::Auth => vec![
            proxies(),
            number("ADDRESS_LIMIT_PER_MINUTE", requests_per_address_per_minute),
            number(
                "LOGIN_LIMIT_PER_ADDRESS_PER_MINUTE",
                logins_per_address_per_minute,
            ),
            number("ACCOUNT_LIMIT_PER_15_MINUTES", failed_logins_per_account),
            number(
                "ACCOUNT_REFRESH_LIMIT_PER_15_MINUTES",
                refreshes_per_account,
            ),
        ],
        Application::Product => vec![
            proxies(),
            number(
                "GUEST_LIMIT_PER_ADDRESS_PER_MINUTE",
                guest_requests_per_address_per_minute,
            ),
        ],
        Application::Order => vec![number(
            "CHANGES_PER_CUSTOMER_PER_MINUTE",
            changes_per_customer_per_minute,
        )],
    };
    set.into_iter().flatten().collect()
}

/// The variables that product and order share.
fn shop(stack: &ValidStack) -> [EnvVar; 4] {
    [
        variable(
            "JWKS_URL",
            format!("http://{}/.well-known/jwks.json", stack.object("auth")),
        ),
        variable(
            "REVOCATIONS_URL",
            format!(
                "http://{}:8081/internal/revocations",
                stack.object("auth-internal")
            ),
        ),
        variable("CURRENCY", &stack.currency),
        variable("LEGACY_ALIASES", stack.legacy_aliases().to_string()),
    ]
}
