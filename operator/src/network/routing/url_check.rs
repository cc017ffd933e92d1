//! One request to the shop's URL on the path that customers take: to the ingress controller, with the shop's host. The
//! published keys identify the shop that answers, since no two shops have the same.

use super::Routing;
use crate::{
    kube::per_stack::{PerStack, StackKey},
    network::request::body,
};
use k8s_openapi::api::networking::v1::Ingress;
use kube::{Api, Client};
use reqwest::{Url, redirect};
use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

/// A pass waits for it.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How long a successful check is valid. // OPERATOR 5
const FRESH: Duration = Duration::from_secs(30);
const KEYS: &str = "/.well-known/jwks.json";
const LONGEST_ANSWER: usize = 64 * 1024;

/// What to request, and how to recognize the shop's own response.
#[derive(Clone, Debug)]
pub struct Target {
    pub key: StackKey,
    /// The URL for customers; absent if the shop has no host of its own.
    pub url: Option<String>,
    /// The name of the key that the shop signs tokens with.
    pub signing_key: String,
    /// The address of the ingress controller, `host` or `host:port`, which overrides the one in the Ingress's status.
    pub address: Option<String>,
}

/// When the last successful check of each URL was.
pub type UrlChecks = PerStack<(Instant, Option<String>)>;

/// Requests the shop's keys through the ingress.
pub async fn check_url(client: &Client, url_checks: &UrlChecks, target: &Target) -> Routing {
    let last = url_checks.fresh(&target.key, FRESH);
    if last.is_some_and(|url| url == target.url) {
        return Routing::Serves;
    }
    let routing = request(client, target).await;
    let routing = routing.unwrap_or_else(Routing::NotChecked);
    if routing == Routing::Serves {
        url_checks.insert(&target.key, (Instant::now(), target.url.clone()));
    } else {
        url_checks.remove(&target.key);
    }
    routing
}

/// The result of the request, or why none was possible.
async fn request(client: &Client, target: &Target) -> Result<Routing, String> {
    let place = match &target.address {
        Some(address) => address.clone(),
        None => published_address(client, &target.key).await?,
    };
    let base = target.url.clone();
    let base = base.unwrap_or_else(|| format!("http://{place}"));
    let url = Url::parse(&base)
        .and_then(|url| url.join(KEYS))
        .map_err(|error| format!("{base} is not a URL: {error}"))?;
    let address = resolve(&place, url.port_or_known_default().unwrap_or(80)).await?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let builder = reqwest::Client::builder()
        .resolve(&host, address)
        .redirect(redirect::Policy::none())
        .no_proxy()
        // The keys identify the shop; its certificate may come from an authority that the operator does not know.
        .tls_danger_accept_invalid_certs(true)
        .timeout(TIMEOUT);
    let client = builder
        .build()
        .map_err(|error| format!("cannot create an HTTP client: {error}"))?;
    let answer = client.get(url).send().await.map_err(|error| {
        format!(
            "no response from {address}: {}",
            telemetry::root_cause(&error)
        )
    })?;
    let status = answer.status();
    if status.as_u16() != 200 {
        return Ok(Routing::Misrouted(format!("GET {KEYS} returned {status}")));
    }
    let body = body(answer, LONGEST_ANSWER).await.map_err(|error| {
        let cause = telemetry::root_cause(&error);
        format!("the response from {address} is incomplete: {cause}")
    })?;
    if names_key(&body.unwrap_or_default(), &target.signing_key) {
        return Ok(Routing::Serves);
    }
    let what = "another shop or server responded, since its public keys are not this shop's";
    Ok(Routing::Misrouted(what.to_owned()))
}

/// The address that the ingress controller has published for this Ingress.
async fn published_address(
    client: &Client,
    (namespace, name): &StackKey,
) -> Result<String, String> {
    let api: Api<Ingress> = Api::namespaced(client.clone(), namespace);
    let ingress = api
        .get_opt(name)
        .await
        .map_err(|error| format!("the Ingress cannot be read: {error}"))?;
    let balancer = ingress.and_then(|ingress| ingress.status?.load_balancer?.ingress);
    let point = balancer
        .and_then(|points| points.into_iter().next())
        .and_then(|point| point.ip.or(point.hostname))
        .ok_or("no ingress controller has published an address in the Ingress's status")?;
    let is_local = point
        .parse::<IpAddr>()
        .map_or(point == "localhost", |address| address.is_loopback());
    if is_local {
        return Err(format!(
            "the ingress controller publishes the address {point}, which is the pod itself when requested from the \
             operator's pod; set the chart value ingress.address"
        ));
    }
    Ok(point)
}

/// `host`, `host:port` or an IP address of either family.
async fn resolve(place: &str, port: u16) -> Result<SocketAddr, String> {
    if let Ok(address) = place.parse::<SocketAddr>() {
        return Ok(address);
    }
    if let Ok(address) = place.parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, port));
    }
    let with_port = if place.contains(':') {
        place.to_owned()
    } else {
        format!("{place}:{port}")
    };
    let looked_up = tokio::time::timeout(TIMEOUT, tokio::net::lookup_host(&with_port)).await;
    let mut addresses = looked_up
        .map_err(|_| format!("resolving {place} timed out"))?
        .map_err(|error| format!("{place} cannot be resolved: {error}"))?;
    addresses
        .next()
        .ok_or_else(|| format!("{place} has no address"))
}

fn names_key(body: &[u8], signing_key: &str) -> bool {
    let Ok(keys) = serde_json::from_slice::<serde_json::Value>(body) else {
        return false;
    };
    let mut keys = keys["keys"].as_array().into_iter().flatten();
    keys.any(|key| key["kid"] == signing_key)
}
