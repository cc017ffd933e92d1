//! From a setting of the spec to the fields of a child, and settings that are refused before a child is built.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use ecommercestack_crds::Components;
use ecommercestack_operator::{
    component::Workload,
    components::environment::POOL_CONNECTIONS,
    database::{
        rbac::PostgresRole,
        stateful_set::{MAX_CONNECTIONS, RESERVED_CONNECTIONS},
    },
    render::{parse, render},
    validate::{Policy, ValidStack, ValidateError, validate},
};
use serde_json::{Value, json};

fn yaml(spec: &str) -> String {
    format!(
        "{{apiVersion: ecommercestack.dev/v1alpha1, kind: EcommerceStack, metadata: {{name: s}}, spec: {{version: '1', database: {{managed: {{storage: {{size: 1Gi}}}}}}{spec}}}}}"
    )
}

fn valid(spec: &str) -> Result<ValidStack, ValidateError> {
    validate(&parse(&yaml(spec), "shops").unwrap()[0])
}

fn objects(spec: &str) -> Vec<Value> {
    let role = PostgresRole {
        name: "r".into(),
        kind: "Role",
    };
    render(&parse(&yaml(spec), "shops").unwrap()[0], &role).unwrap()
}

fn object<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let mut found = objects
        .iter()
        .filter(|object| object["kind"] == kind && object["metadata"]["name"] == name);
    found.next().unwrap()
}

/// A variable of a Deployment's container.
fn variable(objects: &[Value], deployment: &str, name: &str) -> Option<String> {
    let deployment = object(objects, "Deployment", deployment);
    let variables = &deployment["spec"]["template"]["spec"]["containers"][0]["env"];
    let mut variables = variables.as_array().unwrap().iter();
    let found = variables.find(|variable| variable["name"] == name)?;
    found["value"].as_str().map(ToOwned::to_owned)
}

#[test]
fn what_orders_must_carry_reaches_the_order_service() {
    let of = |spec: &str| {
        let objects = objects(spec);
        [
            "REQUIRE_IDEMPOTENCY_KEY",
            "REQUIRE_SHIPPING_ADDRESS",
            "MAX_UNPAID_UNITS_PER_SKU",
        ]
        .map(|name| variable(&objects, "s-order", name).unwrap())
    };
    assert_eq!(of(""), ["false", "false", "100"]);
    let strict = ", api: {requireIdempotencyKey: true}, checkout: {requireShippingAddress: true, maxUnpaidUnitsPerSku: 3}";
    assert_eq!(of(strict), ["true", "true", "3"]);
}

#[test]
fn what_accounts_must_fulfill_reaches_the_auth_service() {
    let of = |spec: &str| {
        let objects = objects(spec);
        ["VENDOR_SIGNUP", "REQUIRE_MFA"].map(|name| variable(&objects, "s-auth", name).unwrap())
    };
    assert_eq!(of(""), ["open", "none"]);
    let strict = ", vendorSignup: approval, security: {requireMfa: admins}";
    assert_eq!(of(strict), ["approval", "admins"]);
}

#[test]
fn limits_reach_the_services_that_keep_them_and_only_where_they_are_set() {
    const VARIABLES: [(&str, &str, &str); 8] = [
        ("s-auth", "TRUSTED_PROXIES", "10.0.0.0/8,fd00::/8"),
        ("s-product", "TRUSTED_PROXIES", "10.0.0.0/8,fd00::/8"),
        ("s-auth", "LOGIN_LIMIT_PER_ADDRESS_PER_MINUTE", "1"),
        ("s-auth", "ADDRESS_LIMIT_PER_MINUTE", "2"),
        ("s-auth", "ACCOUNT_LIMIT_PER_15_MINUTES", "3"),
        ("s-auth", "ACCOUNT_REFRESH_LIMIT_PER_15_MINUTES", "4"),
        ("s-product", "GUEST_LIMIT_PER_ADDRESS_PER_MINUTE", "5"),
        ("s-order", "CHANGES_PER_CUSTOMER_PER_MINUTE", "6"),
    ];
    let set = objects(
        ", limits: {trustedProxies: [10.0.0.0/8, 'fd00::/8'], loginsPerAddressPerMinute: 1, requestsPerAddressPerMinute: 2, \
         failedLoginsPerAccount: 3, refreshesPerAccount: 4, guestRequestsPerAddressPerMinute: 5, changesPerCustomerPerMinute: 6}",
    );
    let unset = objects("");
    for (deployment, name, value) in VARIABLES {
        assert_eq!(
            variable(&set, deployment, name).as_deref(),
            Some(value),
            "{name}"
        );
        assert_eq!(variable(&unset, deployment, name), None, "{name}");
    }
    let none = objects(", limits: {trustedProxies: []}");
    assert_eq!(
        variable(&none, "s-auth", "TRUSTED_PROXIES").as_deref(),
        Some("")
    );
}

#[test]
fn a_route_without_a_host_is_refused_unless_the_operator_allows_it() {
    let strict = Policy::default();
    let lenient = Policy {
        allow_catch_all: true,
    };
    let catch_all = valid(", ingress: {}").unwrap();
    assert_eq!(strict.check(&catch_all), Err(ValidateError::NoHost));
    assert_eq!(lenient.check(&catch_all), Ok(()));
    for spec in [", ingress: {host: shop.localhost}", ""] {
        assert_eq!(strict.check(&valid(spec).unwrap()), Ok(()), "{spec}");
    }
    let message = ValidateError::NoHost.to_string();
    assert!(
        message.contains("spec.ingress.host") && message.contains("--allow-catch-all"),
        "{message}"
    );
}

#[test]
fn a_currency_that_is_none_is_refused_before_anything_is_built() {
    for code in ["ZZZ", "XXX", "HRK"] {
        let refused = valid(&format!(", currency: {code}")).map(|stack| stack.currency);
        assert_eq!(refused, Err(ValidateError::Currency(code.to_owned())));
    }
    assert_eq!(valid(", currency: JPY").unwrap().currency, "JPY");
}

#[test]
fn tls_reaches_the_ingress_and_the_address_and_leaves_the_issuer_of_tokens() {
    let spec = |tls: &str| format!(", ingress: {{host: shop.example.com{tls}}}");
    let plain = spec("");
    let with_secret = spec(", tls: {secretName: our-certificate}");
    let with_issuer = spec(", tls: {issuer: {name: letsencrypt, kind: ClusterIssuer}}");
    let with_own_issuer = spec(", tls: {secretName: c, issuer: {name: ours}}");
    let url = |spec: &str| valid(spec).unwrap().url().unwrap();
    assert_eq!(url(&plain), "http://shop.example.com");
    assert_eq!(url(&with_secret), "https://shop.example.com");

    let ingress = |spec: &str| object(&objects(spec), "Ingress", "s").clone();
    let tls = |ingress: &Value| ingress["spec"]["tls"].clone();
    let annotations = |ingress: &Value| ingress["metadata"]["annotations"].clone();
    let found = ingress(&plain);
    assert_eq!(
        (tls(&found), annotations(&found)),
        (Value::Null, Value::Null)
    );
    let found = ingress(&with_secret);
    assert_eq!(
        tls(&found),
        json!([{ "hosts": ["shop.example.com"], "secretName": "our-certificate" }])
    );
    assert_eq!(annotations(&found), Value::Null);
    let found = ingress(&with_issuer);
    assert_eq!(tls(&found)[0]["secretName"], "s-tls");
    assert_eq!(
        annotations(&found),
        json!({ "cert-manager.io/cluster-issuer": "letsencrypt" })
    );
    assert_eq!(
        annotations(&ingress(&with_own_issuer)),
        json!({ "cert-manager.io/issuer": "ours" })
    );

    let hsts = |spec: &str| {
        let objects = objects(spec);
        ["s-auth", "s-product", "s-order", "s-order-worker"]
            .map(|deployment| variable(&objects, deployment, "HSTS"))
    };
    let on = || Some("true".to_owned());
    assert_eq!(hsts(&plain), [None, None, None, None]);
    assert_eq!(hsts(&with_secret), [on(), on(), on(), None]);
}

/// A token is valid as long as its keys are, whatever the shop's address. // ADR 8
#[test]
fn a_changed_host_or_tls_leaves_the_issuer_of_tokens_as_it_is() {
    let issuers = |spec: &str| {
        let objects = objects(spec);
        ["s-auth", "s-product", "s-order", "s-order-worker"]
            .map(|deployment| variable(&objects, deployment, "TOKEN_ISSUER").unwrap())
    };
    for spec in [
        "",
        ", ingress: {host: s.localhost}",
        ", ingress: {host: other.localhost}",
        ", ingress: {host: s.localhost, tls: {secretName: t}}",
    ] {
        assert_eq!(
            issuers(spec),
            [(); 4].map(|()| "urn:ecommercestack:shops:s")
        );
    }
}

#[test]
fn an_autoscaler_decides_the_bounds_of_pods() {
    let stack = valid(
        ", components: {order: {replicas: 1, autoscaling: {min: 2, max: 6}}, auth: {replicas: 3}}",
    )
    .unwrap();
    let bounds = |workload| {
        let settings = stack.settings(workload);
        (settings.least(), settings.most())
    };
    assert_eq!(bounds(Workload::Order), (2, 6));
    assert_eq!(bounds(Workload::Auth), (3, 3));
    assert_eq!(bounds(Workload::Worker), (1, 1));
}

/// The CRD's own number, which its rule repeats, against what the database takes. // OPERATOR 15
#[test]
fn the_largest_number_of_pods_is_what_the_connections_are_enough_for() {
    let rolling = i32::try_from(Workload::ALL.len()).unwrap();
    let needed = |pods: i32| (pods + rolling) * POOL_CONNECTIONS;
    let free = MAX_CONNECTIONS - RESERVED_CONNECTIONS;
    assert!(needed(Components::MAX_PODS) <= free);
    assert!(needed(Components::MAX_PODS + 1) > free);
    let definition = include_str!("../../crds/ecommercestacks.yaml");
    assert!(definition.contains(&format!("<= {}", Components::MAX_PODS)));
}
