//! An operator of one release with the resource definition of another one.

use crate::scene::{Scene, definition, until};
use clap::Parser as _;
use ecommercestack_crds::EcommerceStack;
use ecommercestack_operator::{
    config::Config,
    database::deleted_stacks::DeletedStacks,
    kube::{
        installation::Installation,
        readiness::Readiness,
        skew::{Definition, Guard},
    },
    reconcile::reconcile,
    run::{context, work},
};
use futures::FutureExt as _;
use k8s_openapi::{
    api::core::v1::Service, apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps,
};
use kube::core::PartialObjectMetaExt as _;
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

/// The cluster's definition, its spec changed as another release might have it.
async fn other(
    scene: &Scene,
    change: impl FnOnce(&mut BTreeMap<String, JSONSchemaProps>),
) -> Definition {
    let mut definition = definition(&scene.client).await;
    let schema = definition.spec.versions[0].schema.as_mut().unwrap();
    let mut whole = schema
        .open_api_v3_schema
        .as_mut()
        .unwrap()
        .properties
        .as_mut();
    let spec = whole.as_mut().unwrap().get_mut("spec").unwrap();
    change(spec.properties.as_mut().unwrap());
    Definition::of(&definition)
}

/// A definition of a release with a field that the cluster's definition lacks.
async fn newer_operator(scene: &Scene) -> Definition {
    other(scene, |spec| {
        spec.insert("giftWrap".to_owned(), JSONSchemaProps::default());
    })
    .await
}

async fn has_status(scene: &Scene) -> Result<(), &'static str> {
    let stack = scene.stacks().get("shop").await.unwrap();
    stack.status.map(|_| ()).ok_or("no status")
}

#[tokio::test]
async fn an_operator_whose_definition_is_another_one_works_on_no_stack() {
    let mut scene = Scene::empty("skew").await;
    scene.apply("shop", json!({})).await;
    let older_operator = other(&scene, |spec| {
        spec.remove("currency");
    });
    let cases = [
        (
            newer_operator(&scene).await,
            "is older than this operator and lacks spec.giftWrap",
        ),
        (
            older_operator.await,
            "is newer than this operator, which does not know spec.currency",
        ),
    ];
    for (known, said) in cases {
        let config = Config::parse_from(["operator", "--namespace", "skew"]).run;
        let readiness = Readiness::new(&config.scopes());
        let never = std::future::pending().boxed().shared();
        let (client, told) = (scene.client.clone(), readiness.clone());
        let operator = tokio::spawn(async move { work(client, &config, known, told, never).await });
        until(said, async || match readiness.obstacle(Instant::now()) {
            Some(obstacle) if obstacle.contains(said) => Ok(()),
            obstacle => Err(format!("{obstacle:?}")),
        })
        .await;
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(has_status(&scene).await, Err("no status"));
        assert_eq!(scene.names::<Service>().await, <[String; 0]>::default());
        operator.abort();
    }
    scene.start_operator(&[]);
    until("the shop has a status", async || has_status(&scene).await).await;
}

/// As after an apply of the definition of an older release.
#[tokio::test]
async fn a_definition_that_loses_fields_while_the_operator_works_stops_its_writes() {
    let scene = Scene::empty("skew-later").await;
    let stack = scene.apply("shop", json!({})).await;
    let config = Config::parse_from(["operator", "--namespace", "skew-later"]).run;
    let readiness = Readiness::new(&[]);
    let client = scene.client.clone();
    let pass = async |known: Definition| {
        let deleted_stacks = DeletedStacks {
            client: client.clone(),
            installation: Installation::new(client.clone(), None),
            stacks: Arc::default(),
            locks: Arc::default(),
        };
        let guard = Guard::new(client.clone(), readiness.clone(), known);
        let context = context(&client, &config, guard, &deleted_stacks);
        let stack = stack
            .metadata
            .clone()
            .into_request_partial::<EcommerceStack>();
        Box::pin(reconcile(Arc::new(stack), Arc::new(context)))
            .await
            .unwrap()
    };
    pass(newer_operator(&scene).await).await;
    assert_eq!(has_status(&scene).await, Err("no status"));
    let obstacle = readiness.obstacle(Instant::now()).unwrap();
    assert!(obstacle.contains("lacks spec.giftWrap"), "{obstacle}");

    // A newer definition affects the stacks that use its fields, and each reports that itself.
    let older_operator = other(&scene, |spec| {
        spec.remove("currency");
    });
    pass(older_operator.await).await;
    assert_eq!(has_status(&scene).await, Ok(()));
    assert_eq!(readiness.obstacle(Instant::now()), None);
}
