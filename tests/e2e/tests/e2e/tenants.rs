//! Shops that share a cluster: none answers for another, and an attacker in one has no access to another.

use e2e::{
    Cluster,
    kubectl::{kubectl, kubectl_with_input},
    raw_http,
    wait::{self, seconds},
};
use ecommercestack_crds::{ConditionType, Reason};
use k8s_openapi::api::{core::v1::Service, networking::v1::Ingress};
use kube::api::{DeleteParams, ListParams, PostParams};
use serde_json::{Value, json};

use crate::stacks::{calm, own, rough};

#[tokio::test]
async fn a_stack_without_a_host_gets_no_objects_and_reports_the_reason() {
    let namespace = own("hostless").await;
    let stack = namespace.stack("shop");
    stack
        .apply(&json!({ "ingress": { "host": null } }))
        .await
        .unwrap();
    let ready = stack
        .reports(ConditionType::Ready, "False", Reason::InvalidSpec, 30)
        .await
        .unwrap();
    assert!(
        ready.message.contains("spec.ingress.host"),
        "{}",
        ready.message
    );
    let services = namespace.api::<Service>();
    let services = services.list(&ListParams::default()).await.unwrap();
    assert!(services.items.is_empty(), "{services:?}");
    namespace.delete().await.unwrap();
}

/// An Ingress of a neighbour that matches every host must not receive requests for a shop that is down.
#[tokio::test]
async fn a_shop_whose_service_has_no_pod_answers_itself() {
    const PATH: &str = "/api/v1/auth/version";
    let rough = rough().await;
    let ingresses = rough.namespace.api::<Ingress>();
    let backend = json!({ "service": { "name": "rough-product", "port": { "name": "http" } } });
    let neighbour: Ingress = serde_json::from_value(json!({
        "metadata": { "name": "takes-every-host" },
        "spec": { "rules": [{ "http": { "paths": [{ "path": PATH, "pathType": "Exact", "backend": backend }] } }] },
    }))
    .unwrap();
    ingresses
        .create(&PostParams::default(), &neighbour)
        .await
        .unwrap();
    let taken = wait::until("the neighbour's route is active", seconds(30), async || {
        let answer = raw_http::get("unused.localhost", PATH).await?;
        anyhow::ensure!(answer.text.contains("trace_id"), "{}", answer.text);
        Ok(())
    });
    taken.await.unwrap();

    let none = json!({ "components": { "auth": { "replicas": 0 } } });
    rough.stack.apply(&none).await.unwrap();
    let answered = wait::until("the shop is down", seconds(60), async || {
        let answer = raw_http::get(&rough.stack.host(), PATH).await?;
        anyhow::ensure!(answer.status != 200, "auth still answers");
        Ok(answer)
    });
    let answer = answered.await.unwrap();
    assert_eq!(answer.status, 503, "{}", answer.text);
    assert!(!answer.text.contains("trace_id"), "{}", answer.text);

    ingresses
        .delete("takes-every-host", &DeleteParams::default())
        .await
        .unwrap();
    rough.stack.apply(&json!({})).await.unwrap();
    rough.stack.serving().await.unwrap();
}

#[tokio::test]
async fn the_databases_account_changes_nothing_but_its_own() {
    let calm = calm().await;
    let namespace = calm.namespace.name.as_str();
    let account = format!("system:serviceaccount:{namespace}:calm-postgres");
    let may = async |verb: &str, object: &str| {
        let arguments = ["auth", "can-i", verb, object, "-n", namespace, "--as"];
        let arguments = arguments.into_iter().chain([account.as_str()]);
        let answer = kubectl(arguments).await.unwrap();
        answer.stdout.trim() == "yes"
    };
    for (verb, object) in [
        ("patch", "configmaps/calm-postgres-leader"),
        ("get", "configmaps/calm-postgres-config"),
        ("create", "configmaps"),
        ("list", "configmaps"),
        ("watch", "pods"),
        ("patch", "pods/calm-postgres-0"),
    ] {
        assert!(may(verb, object).await, "{verb} {object}");
    }
    for (verb, object) in [
        ("patch", "configmaps/other-postgres-leader"),
        ("get", "configmaps/kube-root-ca.crt"),
        ("delete", "configmaps/calm-postgres-leader"),
        ("patch", "pods/calm-auth-0"),
        ("patch", "pods/other-postgres-0"),
        ("delete", "pods/calm-postgres-0"),
        ("get", "secrets/calm-postgres"),
        ("list", "secrets"),
    ] {
        assert!(!may(verb, object).await, "{verb} {object}");
    }
}

#[tokio::test]
async fn no_address_of_a_customer_reaches_the_databases_log() {
    let calm = calm().await;
    let shop = calm.stack.shop().unwrap();
    let customer = shop.register("customer").await.unwrap();
    let again = json!({ "email": customer.email, "password": "another long password 1", "full_name": "Again" });
    shop.post("/api/v1/auth/register", &again)
        .await
        .unwrap()
        .expect(409)
        .unwrap();
    let statement = format!(
        "INSERT INTO users SELECT * FROM users WHERE email = '{}'",
        customer.email
    );
    let refused = calm.stack.database().run("auth", &statement).await;
    assert!(refused.is_err(), "{refused:?}");
    let arguments = ["logs", "calm-postgres-0", "-n", &calm.namespace.name];
    let log = kubectl(arguments).await.unwrap().ok().unwrap();
    assert!(log.contains("violates unique constraint"), "{log}");
    assert!(!log.contains("@example.com"), "{log}");
}

/// A self-signed certificate for a host, and its key.
fn certificate(host: &str) -> (String, String) {
    let name = format!("subjectAltName=DNS:{host}");
    let output = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
        ])
        .args([
            "-nodes", "-days", "2", "-subj", "/CN=shop", "-addext", &name,
        ])
        .args([
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            "-",
        ])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (key, certificate) = text.split_once("-----BEGIN CERTIFICATE").unwrap();
    (
        format!("-----BEGIN CERTIFICATE{certificate}"),
        key.to_owned(),
    )
}

#[tokio::test]
async fn a_shop_with_a_certificate_serves_by_tls() {
    let cluster = Cluster::connect_for_scenario().await.unwrap();
    let namespace = e2e::Namespace::take(&cluster, "tls").await.unwrap();
    let stack = namespace.stack("shop");
    let (pem, key) = certificate(&stack.host());
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": { "name": "certificate" },
        "stringData": { "tls.crt": pem, "tls.key": key },
    });
    kubectl_with_input(
        ["-n", &namespace.name, "apply", "-f", "-"],
        &secret.to_string(),
    )
    .await
    .unwrap()
    .ok()
    .unwrap();
    stack
        .apply(&json!({ "ingress": { "tls": { "secretName": "certificate" } } }))
        .await
        .unwrap();
    let ready = stack.ready().await.unwrap();
    assert_eq!(
        ready.status.unwrap().url,
        Some(format!("https://{}", stack.host()))
    );

    let shop = e2e::Shop::by_tls(&stack.host(), &pem).unwrap();
    let served = wait::until("the shop serves by TLS", seconds(30), async || {
        shop.get("/api/v1/products").await?.expect(200)
    });
    let answer = served.await.unwrap();
    assert_eq!(
        answer.header("strict-transport-security"),
        Some("max-age=31536000")
    );
    let body: Value = answer.json().unwrap();
    assert!(body["data"].is_array(), "{body}");
    namespace.delete().await.unwrap();
}
