use super::*;
use k8s_openapi::{
    api::apps::v1::{DeploymentSpec, DeploymentStatus},
    apimachinery::pkg::apis::meta::v1::ObjectMeta,
};

fn deployment(workload: Workload, template: &str, ready: i32) -> Deployment {
    Deployment {
        metadata: ObjectMeta {
            name: Some(workload.into_str().to_owned()),
            annotations: Some(
                [(TEMPLATE_HASH.to_owned(), template.to_owned())]
                    .into_iter()
                    .collect(),
            ),
            generation: Some(1),
            ..Default::default()
        },
        spec: DeploymentSpec {
            replicas: Some(1),
            ..Default::default()
        },
        status: Some(DeploymentStatus {
            observed_generation: Some(1),
            replicas: Some(1),
            updated_replicas: Some(1),
            available_replicas: Some(ready),
            ..Default::default()
        }),
    }
}

fn turns_of(desired: &[(Workload, Deployment)], live: &[Deployment]) -> Vec<Turn> {
    let live = live
        .iter()
        .map(|deployment| {
            (
                deployment.metadata.name.clone().unwrap(),
                deployment.clone(),
            )
        })
        .collect();
    turns(
        desired
            .iter()
            .map(|(workload, deployment)| (*workload, deployment)),
        &live,
    )
}

fn desired(templates: [&str; 3]) -> Vec<(Workload, Deployment)> {
    [Workload::Auth, Workload::Product, Workload::Order]
        .into_iter()
        .zip(templates)
        .map(|(workload, template)| (workload, deployment(workload, template, 0)))
        .collect()
}

#[test]
fn a_new_shop_starts_all_at_once() {
    assert_eq!(turns_of(&desired(["a", "a", "a"]), &[]), [Turn::Now; 3]);
}

#[test]
fn a_change_of_all_begins_with_the_first() {
    let live = [Workload::Auth, Workload::Product, Workload::Order].map(|w| deployment(w, "a", 1));
    let expected = [
        Turn::Now,
        Turn::After(Workload::Auth),
        Turn::After(Workload::Auth),
    ];
    assert_eq!(turns_of(&desired(["b", "b", "b"]), &live), expected);
}

#[test]
fn the_next_waits_until_the_first_is_available() {
    let others = [
        deployment(Workload::Product, "a", 1),
        deployment(Workload::Order, "a", 1),
    ];
    let after = Turn::After(Workload::Auth);
    let [product, order] = others;
    let rolling = [
        deployment(Workload::Auth, "b", 0),
        product.clone(),
        order.clone(),
    ];
    assert_eq!(
        turns_of(&desired(["b", "b", "b"]), &rolling),
        [Turn::Now, after, after]
    );
    let rolled = [deployment(Workload::Auth, "b", 1), product, order];
    let expected = [Turn::Now, Turn::Now, Turn::After(Workload::Product)];
    assert_eq!(turns_of(&desired(["b", "b", "b"]), &rolled), expected);
}

#[test]
fn drift_is_repaired_during_a_rollout() {
    let live = [
        deployment(Workload::Auth, "b", 0),
        deployment(Workload::Product, "a", 1),
        deployment(Workload::Order, "a", 1),
    ];
    assert_eq!(turns_of(&desired(["b", "a", "a"]), &live), [Turn::Now; 3]);
}

#[test]
fn a_later_one_that_rolls_is_waited_for_and_one_that_is_stalled_is_not() {
    let mut order = deployment(Workload::Order, "b", 0);
    order.status.as_mut().unwrap().updated_replicas = Some(0);
    let live = |order: Deployment| {
        [
            deployment(Workload::Auth, "a", 1),
            deployment(Workload::Product, "a", 1),
            order,
        ]
    };
    let waiting = [Turn::After(Workload::Order), Turn::Now, Turn::Now];
    assert_eq!(
        turns_of(&desired(["b", "a", "b"]), &live(order.clone())),
        waiting
    );
    stall(&mut order);
    assert_eq!(
        turns_of(&desired(["b", "a", "b"]), &live(order)),
        [Turn::Now; 3]
    );
}

#[test]
fn an_earlier_one_that_stands_still_is_passed_over() {
    let mut auth = deployment(Workload::Auth, "b", 0);
    let live = |auth: &Deployment| {
        [
            auth.clone(),
            deployment(Workload::Product, "a", 1),
            deployment(Workload::Order, "a", 1),
        ]
    };
    let (wanted, waits) = (desired(["b", "b", "b"]), Turn::After(Workload::Auth));
    assert_eq!(turns_of(&wanted, &live(&auth)), [Turn::Now, waits, waits]);
    stall(&mut auth);
    let next = Turn::After(Workload::Product);
    assert_eq!(
        turns_of(&wanted, &live(&auth)),
        [Turn::Now, Turn::Now, next]
    );
    // What it says of the template before says nothing of this one.
    auth.metadata.generation = Some(2);
    assert_eq!(turns_of(&wanted, &live(&auth)), [Turn::Now, waits, waits]);
}

fn stall(deployment: &mut Deployment) {
    deployment.status.as_mut().unwrap().conditions =
        Some(vec![k8s_openapi::api::apps::v1::DeploymentCondition {
            type_: Some("Progressing".into()),
            status: Some("False".into()),
            reason: Some("ProgressDeadlineExceeded".into()),
            ..Default::default()
        }]);
}
