//! "The shop serves at …" is reported after a check, and for one of two shops with the same host.

use crate::scene::{Scene, until};
use axum::{Router, extract::State, http::StatusCode, routing::get};
use ecommercestack_crds::ConditionType::{Available, Ready, Routed};
use k8s_openapi::api::{
    core::v1::Secret,
    networking::v1::{Ingress, IngressClass},
};
use kube::{Api, api::PostParams};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

async fn class(scene: &Scene, name: &str) {
    let classes: Api<IngressClass> = Api::all(scene.client.clone());
    let class =
        json!({ "metadata": { "name": name }, "spec": { "controller": "example.com/none" } });
    let class: IngressClass = serde_json::from_value(class).unwrap();
    classes
        .create(&PostParams::default(), &class)
        .await
        .unwrap();
}

fn at(host: &str, class: &str) -> Value {
    json!({ "ingress": { "host": host, "className": class } })
}

#[tokio::test]
async fn a_class_that_does_not_exist_is_named() {
    let scene = Scene::new("no-ingress-class").await;
    scene.apply("shop", at("a.example", "nope")).await;
    let found = scene
        .reports("shop", Ready, "False", "IngressClassMissing")
        .await;
    assert!(
        found
            .message
            .contains("IngressClass nope of spec.ingress.className does not exist"),
        "{}",
        found.message
    );
    scene
        .reports("shop", Available, "False", "IngressClassMissing")
        .await;
}

#[tokio::test]
async fn a_host_belongs_to_the_older_stack_of_its_class() {
    let scene = Scene::new("host-taken").await;
    class(&scene, "host-taken").await;
    class(&scene, "host-taken-other").await;
    scene.apply("first", at("a.example", "host-taken")).await;
    until("the first has its Ingress", async || {
        scene.api::<Ingress>().get("first").await
    })
    .await;
    // The time of creation is in whole seconds.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    scene.apply("second", at("a.example", "host-taken")).await;
    scene
        .apply("third", at("a.example", "host-taken-other"))
        .await;
    let found = scene.reports("second", Ready, "False", "HostTaken").await;
    assert!(
        found
            .message
            .contains("a.example is taken by the older stack host-taken/first"),
        "{}",
        found.message
    );
    assert_eq!(
        scene
            .stacks()
            .get("second")
            .await
            .unwrap()
            .status
            .unwrap()
            .url,
        None
    );
    scene.reports("second", Routed, "False", "HostTaken").await;
    scene.ready("first").await;
    scene.ready("third").await;
    assert_eq!(scene.names::<Ingress>().await, ["first", "third"]);

    scene.delete_stack("first").await;
    scene.ready("second").await;
    until("the second has its Ingress", async || {
        scene.api::<Ingress>().get("second").await
    })
    .await;
}

/// Answers as an ingress controller with what the test sets.
async fn controller() -> (String, Arc<Mutex<(StatusCode, String)>>) {
    let answer = Arc::new(Mutex::new((
        StatusCode::NOT_FOUND,
        "404 page not found".to_owned(),
    )));
    let router = Router::new()
        .fallback(get(
            |State(answer): State<Arc<Mutex<(StatusCode, String)>>>| async move {
                answer.lock().unwrap().clone()
            },
        ))
        .with_state(answer.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(axum::serve(listener, router).into_future());
    (address, answer)
}

#[tokio::test]
async fn the_url_is_requested_and_the_keys_in_the_answer_tell_whose_it_is() {
    let mut scene = Scene::empty("looked-at").await;
    class(&scene, "looked-at").await;
    let (address, answer) = controller().await;
    scene.start_operator(&["--ingress-address", &address]);
    scene.start_nodes();
    scene.apply("shop", at("look.example", "looked-at")).await;
    scene.reports("shop", Routed, "False", "RoutePending").await;
    let found = scene.reports("shop", Ready, "False", "NotRouted").await;
    assert!(found.message.contains("returned 404"), "{}", found.message);
    scene.reports("shop", Available, "False", "NotRouted").await;

    *answer.lock().unwrap() = (
        StatusCode::OK,
        json!({ "keys": [{ "kid": "another" }] }).to_string(),
    );
    until("another shop is noticed", async || {
        let found = scene.condition("shop", Routed).await.unwrap();
        if found.message.contains("another shop") {
            Ok(())
        } else {
            Err(found.message)
        }
    })
    .await;

    let ring = scene
        .api::<Secret>()
        .get("shop-jwt")
        .await
        .unwrap()
        .data
        .unwrap();
    let kid = String::from_utf8(ring["active"].0.clone()).unwrap();
    *answer.lock().unwrap() = (
        StatusCode::OK,
        json!({ "keys": [{ "kid": kid }] }).to_string(),
    );
    let found = scene.ready("shop").await;
    assert_eq!(found.message, "the shop serves at http://look.example");
}

#[tokio::test]
async fn what_cannot_be_requested_is_called_not_checked_and_why() {
    let scene = Scene::new("not-looked-at").await;
    class(&scene, "not-looked-at").await;
    scene
        .apply("shop", at("blind.example", "not-looked-at"))
        .await;
    let found = scene.ready("shop").await;
    assert!(
        found
            .message
            .contains("was not requested: no ingress controller has published an address"),
        "{}",
        found.message
    );
    scene.reports("shop", Routed, "Unknown", "NotChecked").await;
    let ingress =
        json!({ "host": "blind.example", "className": "not-looked-at", "checkUrl": false });
    scene.apply("shop", json!({ "ingress": ingress })).await;
    until("the setting is said", async || {
        let found = scene.condition("shop", Routed).await.unwrap();
        if found.message.contains("checkUrl is false") {
            Ok(())
        } else {
            Err(found.message)
        }
    })
    .await;
}
