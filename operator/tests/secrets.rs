//! Which pod holds which secret: its own and no others, as files and never as variables.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use ecommercestack_operator::{
    component::{Application, Workload},
    components::deployments::deployment,
    credentials::{Credential, complete},
    database::rbac::PostgresRole,
    kube::labels::labels,
    randomness::Placeholders,
    release::jobs,
    render::{parse, render},
    validate::{ValidStack, validate},
};
use k8s_openapi::{
    ByteString, api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const STACK: &str = "{apiVersion: ecommercestack.dev/v1alpha1, kind: EcommerceStack, metadata: {name: s}, spec: {version: '1', ingress: {host: s.localhost}, database: {managed: {storage: {size: 1Gi}}}}}";

fn objects() -> Vec<Value> {
    let role = PostgresRole {
        name: "r".into(),
        kind: "Role",
    };
    render(&parse(STACK, "shops").unwrap()[0], &role).unwrap()
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// The pods of the stack, by the component label.
fn pods(objects: &[Value]) -> BTreeMap<String, &Value> {
    let pods = objects.iter().filter_map(|object| {
        let template = object.pointer("/spec/template")?;
        let component = &template["metadata"]["labels"]["app.kubernetes.io/name"];
        Some((component.as_str()?.to_owned(), &template["spec"]))
    });
    pods.collect()
}

/// `secret:key` of what a pod mounts; `secret:*` for a whole Secret.
fn mounted(pod: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut add = |name: &Value, source: &Value| {
        let name = name.as_str().unwrap();
        if source["items"].is_array() {
            let keys = list(source, "/items").map(|item| item["key"].as_str().unwrap());
            found.extend(keys.map(|key| format!("{name}:{key}")));
        } else {
            found.insert(format!("{name}:*"));
        }
    };
    for volume in list(pod, "/volumes") {
        if volume["secret"].is_object() {
            add(&volume["secret"]["secretName"], &volume["secret"]);
        }
        for source in list(volume, "/projected/sources") {
            add(&source["secret"]["name"], &source["secret"]);
        }
    }
    found
}

#[test]
fn every_pod_mounts_its_own_secrets_and_hashes_of_the_tokens_that_it_accepts() {
    let objects = objects();
    let expected: [(&str, &[&str]); 9] = [
        (
            "auth",
            &[
                "s-admin:password",
                "s-auth-database:uri",
                "s-internal-tokens:order.sha256",
                "s-internal-tokens:product.sha256",
                "s-jwt:*",
            ],
        ),
        ("auth-migration", &["s-auth-database:uri"]),
        (
            "bootstrap",
            &[
                "s-auth-database:password",
                "s-order-database:password",
                "s-postgres:superuser-password",
                "s-product-database:password",
            ],
        ),
        (
            "order",
            &[
                "s-internal-tokens:operator.sha256",
                "s-internal-tokens:order",
                "s-order-database:uri",
                "s-payment-webhooks:*",
            ],
        ),
        ("order-migration", &["s-order-database:uri"]),
        (
            "order-worker",
            &[
                "s-internal-tokens:order",
                "s-order-database:uri",
                "s-payment-webhooks:*",
            ],
        ),
        (
            "postgres",
            &[
                "s-postgres:replication-password",
                "s-postgres:rewind-password",
                "s-postgres:superuser-password",
            ],
        ),
        (
            "product",
            &[
                "s-internal-tokens:operator.sha256",
                "s-internal-tokens:order.sha256",
                "s-internal-tokens:product",
                "s-product-database:uri",
            ],
        ),
        ("product-migration", &["s-product-database:uri"]),
    ];
    let found: BTreeMap<String, BTreeSet<String>> = pods(&objects)
        .into_iter()
        .map(|(component, pod)| (component, mounted(pod)))
        .collect();
    let expected: BTreeMap<String, BTreeSet<String>> = expected
        .into_iter()
        .map(|(component, keys)| {
            let keys = keys.iter().map(|&key| key.to_owned()).collect();
            (component.to_owned(), keys)
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn no_password_and_no_address_of_a_database_is_a_variable() {
    let objects = objects();
    for (component, pod) in pods(&objects) {
        for container in list(pod, "/containers") {
            for variable in list(container, "/env") {
                let key = variable.pointer("/valueFrom/secretKeyRef/key");
                let harmless = key.is_none_or(|key| key == "username" || key == "email");
                assert!(harmless, "{component}: {variable}");
            }
        }
    }
}

fn stack() -> ValidStack {
    validate(&parse(STACK, "shops").unwrap()[0]).unwrap()
}

/// A Secret of the stack that holds this and nothing else.
fn holding(credential: Credential, content: &[(&str, &str)]) -> BTreeMap<Credential, Secret> {
    let data = content
        .iter()
        .map(|(key, value)| ((*key).to_owned(), ByteString(value.as_bytes().to_vec())));
    let secret = Secret {
        metadata: ObjectMeta {
            labels: Some(labels("s", credential.component())),
            resource_version: Some("7".into()),
            ..Default::default()
        },
        data: Some(data.collect()),
        ..Default::default()
    };
    BTreeMap::from([(credential, secret)])
}

/// Values that are written into a Secret, in addition to its values or in their place.
fn written(credential: Credential, content: &[(&str, &str)]) -> Option<BTreeMap<String, String>> {
    let live = holding(credential, content);
    let credentials = complete(&stack(), &live, false, &mut Placeholders).unwrap();
    let mut writes = credentials.writes.into_iter();
    let write = writes.find(|write| write.credential == credential)?;
    let text = |value: ByteString| String::from_utf8(value.0).unwrap();
    let content = write.content.into_iter();
    Some(content.map(|(key, value)| (key, text(value))).collect())
}

// printf %s first | sha256sum
const FIRST: &str = "sha256:a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e\n";
const SECOND: &str = "sha256:16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4\n";

#[test]
fn a_secret_of_an_older_release_gets_hashes_and_keeps_its_tokens() {
    let tokens = [
        ("order", "first\n"),
        ("product", "second\n"),
        ("operator", "first\n"),
    ];
    let added = written(Credential::InternalTokens, &tokens).unwrap();
    let expected = [
        ("order.sha256", FIRST),
        ("product.sha256", SECOND),
        ("operator.sha256", FIRST),
    ];
    assert_eq!(
        added,
        BTreeMap::from(expected.map(|(key, value)| (key.to_owned(), value.to_owned())))
    );
}

#[test]
fn hashes_follow_tokens_that_a_person_changed_and_two_tokens_have_two() {
    let whole = [
        ("order", "first\nsecond\n"),
        ("order.sha256", FIRST),
        ("product", "second\n"),
        ("product.sha256", SECOND),
        ("operator", "second\n"),
        ("operator.sha256", SECOND),
    ];
    let added = written(Credential::InternalTokens, &whole).unwrap();
    assert_eq!(
        added,
        BTreeMap::from([("order.sha256".to_owned(), format!("{FIRST}{SECOND}"))])
    );
    let settled = [
        ("order", "first\n"),
        whole[1],
        whole[2],
        whole[3],
        whole[4],
        whole[5],
    ];
    assert_eq!(written(Credential::InternalTokens, &settled), None);
}

const ORDER: Credential = Credential::Database(Application::Order);

/// The address is the only change.
fn new_address(content: &[(&str, &str)]) -> Option<String> {
    let mut written = written(ORDER, content)?;
    let uri = written.remove("uri");
    assert!(written.is_empty(), "{written:?}");
    uri
}

#[test]
fn the_address_of_a_database_follows_what_it_is_made_of() {
    let old = "postgresql://order_a:old@s-postgres:5432/order";
    let username = ("username", "order_a");
    let settled = [username, ("password", "old"), ("uri", old)];
    assert_eq!(written(ORDER, &settled), None);

    let changed = |password| new_address(&[username, ("password", password), ("uri", old)]);
    assert_eq!(
        changed("new").as_deref(),
        Some("postgresql://order_a:new@s-postgres:5432/order")
    );
    // Reserved characters of a URI are encoded, and the line end of `echo password | base64` is removed.
    assert_eq!(
        changed("p@:/?#%41 ü-._~\n").as_deref(),
        Some("postgresql://order_a:p%40%3A%2F%3F%23%2541%20%C3%BC-._~@s-postgres:5432/order")
    );
    // The role that a rotation changes to.
    let rotated = [("username", "order_b"), ("password", "old"), ("uri", old)];
    assert_eq!(
        new_address(&rotated).as_deref(),
        Some("postgresql://order_b:old@s-postgres:5432/order")
    );
    // The address is derived and must not be changed separately.
    let edited = [
        username,
        ("password", "old"),
        ("uri", "postgresql://elsewhere/order"),
    ];
    assert_eq!(new_address(&edited).as_deref(), Some(old));
}

/// Both sides learn of a new password from one pass: the database by the Job, the service by its pods.
#[test]
fn a_changed_password_makes_a_new_bootstrap_job_and_rolls_the_pods_of_its_service() {
    let stack = stack();
    let of = |password: &str| {
        let live = holding(ORDER, &[("username", "order_a"), ("password", password)]);
        let credentials = complete(&stack, &live, false, &mut Placeholders).unwrap();
        let job = jobs::bootstrap(&stack, &credentials, "1").metadata.name;
        let pods = Workload::ALL.map(|workload| {
            deployment(&stack, workload, "image", &credentials)
                .spec
                .template
        });
        (job, pods)
    };
    let (before, after) = (of("old"), of("new"));
    assert_ne!(before.0, after.0);
    let rolls: Vec<_> = Workload::ALL
        .into_iter()
        .zip(before.1.iter().zip(&after.1))
        .filter(|(_, (before, after))| before != after)
        .map(|(workload, _)| workload)
        .collect();
    assert_eq!(rolls, [Workload::Order, Workload::Worker]);
}

/// The database's account with both roles: the objects that it may change have the name of its stack.
#[test]
fn the_databases_account_changes_its_own_objects_only() {
    let objects = objects();
    let bindings: Vec<(&str, &str)> = objects
        .iter()
        .filter(|object| object["kind"] == "RoleBinding")
        .map(|binding| {
            assert_eq!(binding["subjects"][0]["name"], "s-postgres");
            let role = &binding["roleRef"];
            (
                role["kind"].as_str().unwrap(),
                role["name"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(bindings, [("Role", "r"), ("Role", "s-postgres-own")]);

    let shared = include_str!("../../charts/ecommercestack-operator/templates/_rules.tpl");
    let (_, shared) = shared.split_once("operator.postgresRules").unwrap();
    for verb in ["get", "patch", "update", "delete", "deletecollection"] {
        assert!(
            !shared.contains(&format!("{verb},")) && !shared.contains(&format!("{verb}]")),
            "{verb}"
        );
    }
    let mut roles = objects.iter().filter(|object| object["kind"] == "Role");
    for rule in list(roles.next().unwrap(), "/rules") {
        let names: Vec<&Value> = list(rule, "/resourceNames").collect();
        assert!(!names.is_empty(), "{rule}");
        let own = |name: &&Value| name.as_str().unwrap().starts_with("s-postgres-");
        assert!(names.iter().all(own), "{rule}");
        assert_eq!(rule["verbs"], serde_json::json!(["get", "patch"]));
    }
    assert!(roles.next().is_none());
}
