//! Limits by address: the ingress distinguishes clients.

use std::net::{IpAddr, Ipv4Addr};

use e2e::{Answer, Cluster, Shop};
use k8s_openapi::api::apps::v1::Deployment;
use reqwest::Method;
use serde_json::json;

use crate::stacks::{Calm, calm};

/// A loopback address for each client: the ingress of the local node is in the machine's own network.
fn client(number: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 7, number).into()
}

/// With Docker's port mapping, all clients from outside of its network have the same address.
async fn clients_have_addresses(cluster: &Cluster) -> bool {
    let deployments = cluster.namespaced::<Deployment>("traefik");
    let ingress = deployments.get_opt("traefik").await.unwrap();
    let pod = ingress.and_then(|ingress| ingress.spec.template.spec);
    pod.and_then(|pod| pod.host_network) == Some(true)
}

#[tokio::test]
async fn a_flood_of_logins_from_one_address_does_not_delay_another() {
    let Calm { stack, .. } = calm().await;
    if !clients_have_addresses(&stack.cluster).await {
        println!("skipped: the ingress of this cluster does not see its clients' addresses");
        return;
    }
    let flood = Shop::seen_from(&stack.host(), Some(client(1))).unwrap();
    let mut refused = 0;
    for number in 0..50 {
        let guess =
            json!({ "email": format!("x{number}@example.com"), "password": "wrong password" });
        // The ingress discards the addresses that the client claims.
        let request = flood
            .request(Method::POST, "/api/v1/auth/login")
            .header("X-Forwarded-For", format!("198.51.100.{number}"))
            .header("X-Real-Ip", format!("198.51.100.{number}"));
        let answer = Answer::of(request.json(&guess)).await.unwrap();
        if answer.status == 429 {
            assert!(answer.header("retry-after").is_some());
            refused += 1;
        }
    }
    assert!(refused >= 15, "{refused} of 50 were refused");

    let honest = Shop::seen_from(&stack.host(), Some(client(2))).unwrap();
    let customer = honest.register("customer").await.unwrap();
    honest.login_again(&customer).await.unwrap();
}
