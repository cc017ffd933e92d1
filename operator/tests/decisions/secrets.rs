//! An unusable Secret stops only the components that need it; the loss of the signing key, on which every login
//! depends, is reported.

use super::{World, volume};
use ecommercestack_crds::ConditionType;
use ecommercestack_operator::{
    apply::{Applied, Problem},
    build::Desired,
    component::Application,
    credentials::{Credential, Unusable, complete, secrets},
    randomness::Placeholders,
    release::rollout::Turn,
    status::keys_replaced,
};
use jiff::Timestamp;
use k8s_openapi::{
    ByteString,
    api::{apps::v1::Deployment, core::v1::Secret},
    apimachinery::pkg::apis::meta::v1::Time,
};
use serde_json::{Value, json};

/// A shop that is up, with all its Secrets.
fn up() -> World {
    let mut shop = World::new(", ingress: {host: shop.localhost}");
    shop.fetched.live.jobs.clear();
    shop.with_volume(volume("v"));
    let stack = shop.stack();
    let made = shop.credentials();
    let secrets = made.writes.iter();
    shop.fetched.secrets = secrets
        .map(|write| (write.credential, secrets::secret(&stack, write)))
        .collect();
    // The bootstrap, which lets the migrations start, and then those.
    for _ in 0..2 {
        for job in shop.desired().jobs.create {
            shop.finish(&job, "Complete");
        }
    }
    shop
}

fn with(credential: Credential, change: impl FnOnce(&mut Secret)) -> World {
    let mut shop = up();
    change(shop.fetched.secrets.get_mut(&credential).unwrap());
    shop
}

fn of_another_owner(credential: Credential) -> World {
    with(credential, |secret| {
        secret.metadata.labels = None;
        secret.metadata.annotations = None;
    })
}

impl World {
    /// Reason and message of a condition after a pass over this shop.
    fn says(&self, type_: ConditionType) -> (String, String) {
        let desired = self.desired();
        let problems = desired.unusable.iter().map(|(credential, cause)| {
            let name = self.stack().object(credential.suffix());
            Problem::Unusable {
                credential: *credential,
                name,
                cause: *cause,
            }
        });
        let turns = desired.deployments.iter();
        let applied = Applied {
            problems: problems.collect(),
            turns: turns
                .map(|planned| (planned.workload, planned.turn))
                .collect(),
            stateful_set: self.fetched.live.stateful_sets.values().next().cloned(),
            ..Default::default()
        };
        self.message_after(applied, type_)
    }
}

/// Components that need no Secret.
fn independent(desired: &Desired) -> Value {
    json!([
        desired.volumes,
        desired.service_accounts,
        desired.roles,
        desired.role_bindings,
        desired.services,
        desired.network_policies,
        desired.budgets,
        desired.autoscalers,
        desired.ingresses,
    ])
}

fn held(desired: &Desired, by: Credential) -> Vec<&'static str> {
    let held = desired.deployments.iter().filter(|planned| {
        let is_held = planned.turn == Turn::Without(by);
        assert!(is_held || planned.turn == Turn::Now, "{:?}", planned.turn);
        assert_eq!(
            planned.replicas.is_none(),
            is_held,
            "no pod is made or ended"
        );
        is_held
    });
    held.map(|planned| planned.workload.into_str()).collect()
}

#[test]
fn a_foreign_secret_stops_what_needs_it_and_nothing_else() {
    use Application::{Auth, Order, Product};
    use Credential::{
        Administrator, Database, InternalTokens, PaymentWebhooks, Postgres, SigningKeys,
    };
    let whole = up().desired();
    assert!(held(&whole, Postgres).is_empty());
    let needed: [(Credential, &[&str]); 8] = [
        (Postgres, &[]),
        (Database(Auth), &["auth"]),
        (Database(Product), &["product"]),
        (Database(Order), &["order", "order-worker"]),
        (SigningKeys, &["auth"]),
        (Administrator, &["auth"]),
        (
            InternalTokens,
            &["auth", "product", "order", "order-worker"],
        ),
        (PaymentWebhooks, &["order", "order-worker"]),
    ];
    assert_eq!(needed.map(|(credential, _)| credential), Credential::ALL);
    for (credential, workloads) in needed {
        let mut shop = of_another_owner(credential);
        let desired = shop.desired();
        assert_eq!(held(&desired, credential), workloads, "{credential:?}");
        assert_eq!(desired.deployments.len(), 4, "{credential:?}");
        assert_eq!(
            desired.stateful_sets.len(),
            usize::from(credential != Postgres)
        );
        assert_eq!(independent(&desired), independent(&whole));
        // The volume gets its marks, and so does every other Secret.
        let mut marked = desired.metadata_changes.iter();
        assert!(marked.any(|change| change.name == "data-shop-postgres-0"));
        assert!(desired.credentials.is_empty());
        shop.fetched.secrets.retain(|other, _| *other == credential);
        let written: Vec<_> = shop.desired().credentials.into_iter().collect();
        assert_eq!(written.len(), 7, "{credential:?}");
        assert!(written.iter().all(|write| write.credential != credential));
    }
}

#[test]
fn jobs_whose_names_hang_on_an_unusable_secret_are_neither_made_nor_pruned() {
    for credential in Credential::ALL {
        let mut shop = of_another_owner(credential);
        // Another image of auth, whose migration logs in to the database.
        let spec = json!({ "auth": { "image": "auth:2" } });
        shop.fetched.stack.spec.components = Some(serde_json::from_value(spec).unwrap());
        let jobs = shop.desired().jobs;
        let is_bootstrapped = !matches!(credential, Credential::Postgres | Credential::Database(_));
        assert_eq!(jobs.create.len(), usize::from(is_bootstrapped));
        assert_eq!(jobs.prune.len(), usize::from(is_bootstrapped));
    }
}

#[test]
fn a_component_says_which_secret_it_waits_for() {
    let shop = of_another_owner(Credential::SigningKeys);
    let (reason, message) = shop.says(ConditionType::AuthReady);
    assert_eq!(reason, "Conflict");
    assert!(
        message.starts_with(
            "auth is left unchanged: Secret shop-jwt does not belong to this stack and was left unchanged"
        ),
        "{message}"
    );
    assert!(
        message.contains("ecommercestack.dev/stack=<stack>"),
        "{message}"
    );
    let (reason, message) = shop.says(ConditionType::Ready);
    assert_eq!(reason, "Conflict");
    assert!(
        message.starts_with("Secret shop-jwt does not belong to this stack"),
        "{message}"
    );
    assert_eq!(shop.says(ConditionType::Degraded).0, "Conflict");
    assert_eq!(shop.says(ConditionType::ProductReady).0, "Starting");
    assert_eq!(shop.says(ConditionType::PostgresReady).0, "Running");

    let shop = of_another_owner(Credential::Database(Application::Order));
    let (reason, message) = shop.says(ConditionType::PostgresReady);
    assert_eq!(reason, "Conflict");
    assert!(message.contains("Secret shop-order-database"), "{message}");
}

#[test]
fn a_value_that_is_no_text_is_told_apart_and_stops_as_little() {
    let shop = with(Credential::Database(Application::Product), |secret| {
        let content = secret.data.as_mut().unwrap();
        content.insert("password".into(), ByteString(vec![0xff]));
    });
    let desired = shop.desired();
    let credential = Credential::Database(Application::Product);
    assert_eq!(held(&desired, credential), ["product"]);
    assert_eq!(desired.unusable[&credential], Unusable::NotText);
    let (reason, message) = shop.says(ConditionType::ProductReady);
    assert_eq!(reason, "InvalidSpec");
    assert!(
        message.ends_with(
            "Secret shop-product-database holds a value that is not UTF-8 text; delete that key, and the operator \
             generates it again"
        ),
        "{message}"
    );
}

/// The message of an Event after a pass over this shop.
fn told(shop: &World) -> Option<(String, String)> {
    let stack = shop.stack();
    let credentials = complete(&stack, &shop.fetched.secrets, false, &mut Placeholders).unwrap();
    let finding = keys_replaced(&stack, &shop.fetched, &credentials)?;
    Some((finding.reason.into_str().to_owned(), finding.message))
}

#[test]
fn lost_keys_of_tokens_are_told_once_and_only_of_a_shop_that_was_up() {
    let mut shop = up();
    shop.fetched.secrets.remove(&Credential::SigningKeys);
    assert_eq!(told(&shop), None, "a new shop has no sessions");
    let auth = Deployment::default();
    shop.fetched
        .live
        .deployments
        .insert("shop-auth".into(), auth);
    let (reason, message) = told(&shop).unwrap();
    assert_eq!(reason, "SigningKeysReplaced");
    assert!(
        message.starts_with(
            "all users are logged out: Secret shop-jwt was missing and was generated again"
        ),
        "{message}"
    );

    let auth = shop.fetched.live.deployments;
    let mut shop = with(Credential::SigningKeys, |_| {});
    shop.fetched.live.deployments = auth.clone();
    assert_eq!(told(&shop), None, "the next pass finds them");

    let without = |key: &'static str| {
        let mut shop = with(Credential::SigningKeys, |secret| {
            secret.data.as_mut().unwrap().remove(key).unwrap();
        });
        shop.fetched.live.deployments = auth.clone();
        told(&shop)
    };
    // Clients refresh, and get tokens of the new key.
    assert_eq!(without("active"), None);
    let (_, message) = without("refresh.key").unwrap();
    assert!(message.contains("had lost refresh.key"), "{message}");
}

#[test]
fn keys_of_tokens_that_only_finalizers_keep_are_said_before_they_go() {
    let shop = with(Credential::SigningKeys, |secret| {
        secret.metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
    });
    let (reason, message) = shop.says(ConditionType::Degraded);
    assert_eq!(reason, "SigningKeysLeaving");
    assert!(message.contains("all users are logged out"), "{message}");
    let shop = with(Credential::PaymentWebhooks, |secret| {
        secret.metadata.deletion_timestamp = Some(Time(Timestamp::UNIX_EPOCH));
    });
    assert_eq!(shop.says(ConditionType::Degraded).0, "None");
}
