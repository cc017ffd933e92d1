//! What the operator writes is refused, fails, or meets the write of another client.

use crate::{Answer, Operator, Passed, TELLS_EVENT, WRITES_STATUS};
use ecommercestack_operator::pace::Reason;
use serde_json::{Value, json};

/// An object of the stack's that it does not want any more.
fn unwanted(name: &str) -> Value {
    let owner = json!({
        "apiVersion": "ecommercestack.dev/v1alpha1", "kind": "EcommerceStack", "name": "shop", "uid": "uid-of-shop",
        "controller": true,
    });
    let labels = json!({
        "app.kubernetes.io/managed-by": "ecommercestack-operator", "ecommercestack.dev/stack": "shop",
    });
    json!({ "metadata": { "name": name, "labels": labels, "ownerReferences": [owner] } })
}

const OLD_SERVICE: &str = "/api/v1/namespaces/shops/services/shop-old";
const OLD_BUDGET: &str = "/apis/policy/v1/namespaces/shops/poddisruptionbudgets/shop-old";
const OLD_ROLE: &str = "/apis/rbac.authorization.k8s.io/v1/namespaces/shops/roles/shop-old";

/// An operator over a stack whose every kind but one is written; what else came of it.
async fn with_one_refused(line: &'static str, refusal: Answer) -> (Operator, Passed) {
    let operator = Operator::new();
    for path in [OLD_SERVICE, OLD_BUDGET, OLD_ROLE] {
        operator.server.add(path, unwanted("shop-old"));
    }
    operator.server.on(line, refusal);
    let passed = operator.pass().await;
    for written in [
        "PATCH serviceaccounts/shop-postgres",
        "PATCH roles/shop-postgres-own",
        "PATCH rolebindings/shop-postgres",
        "PATCH services/shop-auth",
        "PATCH services/shop-order",
        "PATCH networkpolicies/shop-auth",
        "PATCH networkpolicies/shop-order",
        "PATCH statefulsets/shop-postgres",
        "DELETE poddisruptionbudgets/shop-old",
        WRITES_STATUS,
    ] {
        assert!(passed.has(written), "{written} of {:?}", passed.writes());
    }
    assert_eq!(passed.error, None);
    passed.is_requeued(Reason::Unready, 1);
    (operator, passed)
}

/// The next pass, once nothing is refused, writes what was.
async fn makes_up_for_it(operator: &Operator, writes: &[&str]) {
    operator.server.recovers();
    let passed = operator.pass().await;
    assert_eq!(passed.applied(), writes);
    assert_eq!(operator.ready().reason, "DatabaseStarting");
}

#[tokio::test]
async fn a_new_stack_is_written_in_one_order_by_one_field_manager() {
    let operator = Operator::new();
    let passed = operator.pass().await;
    let mut kinds = Vec::new();
    for line in passed.writes() {
        let kind = line.split('/').next().unwrap().to_owned();
        if kinds.last() != Some(&kind) {
            kinds.push(kind);
        }
    }
    assert_eq!(
        kinds,
        [
            "POST persistentvolumeclaims",
            "POST secrets",
            "PATCH serviceaccounts",
            "PATCH roles",
            "PATCH rolebindings",
            "PATCH services",
            "PATCH networkpolicies",
            "PATCH statefulsets",
            "PATCH ecommercestacks",
            TELLS_EVENT,
        ]
    );
    for asked in &passed.asked {
        let line = asked.line();
        if asked.method == "GET" || line == TELLS_EVENT {
            continue;
        }
        assert_eq!(
            asked.parameter("fieldManager"),
            Some("ecommercestack-operator"),
            "{line}"
        );
        assert_eq!(asked.is_apply, asked.method == "PATCH", "{line}");
        let is_forced = asked.parameter("force") == Some("true");
        assert_eq!(is_forced, asked.is_apply, "{line}");
        assert_eq!(asked.parameter("dryRun"), None, "{line}");
    }
    passed.is_requeued(Reason::Unready, 1);
    // Everything is there: nothing is written twice.
    assert_eq!(operator.pass().await.writes(), [""; 0]);
}

#[tokio::test]
async fn a_conflict_over_one_object_leaves_it_and_its_kind_and_the_next_pass_writes_it() {
    let message = "Operation cannot be fulfilled on services \"shop-auth\": the object has been modified; \
                   please apply your changes to the latest version and try again";
    let conflict = Answer::refusal(409, "Conflict", message);
    let (operator, passed) = with_one_refused("PATCH services/shop-auth", conflict).await;
    let ready = operator.ready();
    assert_eq!(ready.reason, "WriteRefused");
    assert_eq!(
        ready.message,
        format!("the API server refused Service shop-auth: {message}")
    );
    // The old one may be what serves as long as the new one is not there.
    assert!(!passed.has("DELETE services/shop-old"));
    assert!(passed.has("DELETE roles/shop-old"));
    makes_up_for_it(
        &operator,
        &["PATCH services/shop-auth", "DELETE services/shop-old"],
    )
    .await;
}

#[tokio::test]
async fn what_an_admission_refuses_of_one_object_is_said_with_the_field() {
    let message = "admission webhook \"ports.example\" denied the request: NetworkPolicy.networking.k8s.io \
                   \"shop-auth\" is invalid: spec.ingress[0].ports[0].port: Invalid value: 8080: not in 9000-9999";
    let invalid = Answer::refusal(422, "Invalid", message);
    let (operator, _) = with_one_refused("PATCH networkpolicies/shop-auth", invalid).await;
    let ready = operator.ready();
    assert_eq!(
        (ready.status.as_str(), ready.reason.as_str()),
        ("False", "WriteRefused")
    );
    assert_eq!(
        ready.message,
        format!("the API server refused NetworkPolicy shop-auth: {message}")
    );
    makes_up_for_it(&operator, &["PATCH networkpolicies/shop-auth"]).await;
}

#[tokio::test]
async fn without_the_right_to_write_one_kind_the_others_are_written_and_no_right_is_taken() {
    let message = "roles.rbac.authorization.k8s.io \"shop-postgres-own\" is forbidden: user \"operator\" is \
                   attempting to grant RBAC permissions not currently held";
    let forbidden = Answer::refusal(403, "Forbidden", message);
    let (operator, passed) = with_one_refused("PATCH roles/shop-postgres-own", forbidden).await;
    assert_eq!(
        operator.ready().message,
        format!("the API server refused Role shop-postgres-own: {message}")
    );
    assert!(!passed.has("DELETE roles/shop-old"));
    assert!(passed.has("DELETE services/shop-old"));
    makes_up_for_it(
        &operator,
        &["PATCH roles/shop-postgres-own", "DELETE roles/shop-old"],
    )
    .await;
}

#[tokio::test]
async fn a_server_error_ends_the_pass_and_the_next_one_goes_on_from_there() {
    let operator = Operator::new();
    let failed = Answer::refusal(500, "InternalError", "etcdserver: request timed out");
    operator.server.on("PATCH roles/shop-postgres-own", failed);
    let passed = operator.pass().await;
    assert!(passed.has("PATCH serviceaccounts/shop-postgres"));
    for later in [
        "rolebindings",
        "services",
        "networkpolicies",
        "statefulsets",
    ] {
        let start = format!("PATCH {later}/");
        let writes = passed.writes();
        assert!(
            !writes.iter().any(|line| line.starts_with(&start)),
            "{writes:?}"
        );
    }
    let ready = operator.ready();
    assert_eq!(ready.reason, "ApiUnavailable");
    assert!(
        ready
            .message
            .starts_with("cannot write Role shop-postgres-own: "),
        "{}",
        ready.message
    );
    assert!(
        ready.message.ends_with("; the operator retries"),
        "{}",
        ready.message
    );
    passed.is_requeued(Reason::Failed, 1);

    operator.server.recovers();
    let passed = operator.pass().await;
    let applied = passed.applied();
    assert_eq!(applied[0], "PATCH roles/shop-postgres-own", "{applied:?}");
    assert!(passed.has("PATCH statefulsets/shop-postgres"));
}

#[tokio::test]
async fn a_secret_that_another_client_makes_first_is_read_again_and_never_replaced() {
    let operator = Operator::new();
    operator.pass().await;
    let before = operator.status();
    let keys = "/api/v1/namespaces/shops/secrets/shop-jwt";
    let others = operator.server.get(keys).unwrap();
    operator.server.remove(keys);
    let exists = Answer::refusal(409, "AlreadyExists", "secrets \"shop-jwt\" already exists");
    operator.server.on("POST secrets", exists);
    let passed = operator.pass().await;
    // Pods would be built from keys that the cluster does not have.
    assert_eq!(passed.writes(), ["POST secrets"]);
    assert_eq!(operator.status(), before);
    passed.is_requeued(Reason::Passing, 1);

    operator.server.recovers();
    operator.server.add(keys, others);
    assert_eq!(operator.pass().await.writes(), [""; 0]);
}

#[tokio::test]
async fn a_quota_on_secrets_ends_the_pass_with_its_numbers() {
    let operator = Operator::new();
    let message = "secrets \"shop-postgres\" is forbidden: exceeded quota: few, requested: count/secrets=1, \
                   used: count/secrets=3, limited: count/secrets=3";
    operator
        .server
        .on("POST secrets", Answer::refusal(403, "Forbidden", message));
    let passed = operator.pass().await;
    assert_eq!(
        passed.applied(),
        ["POST persistentvolumeclaims", "POST secrets"]
    );
    let ready = operator.ready();
    assert_eq!(ready.reason, "QuotaExceeded");
    assert_eq!(
        ready.message,
        "Secret shop-postgres cannot be created: ResourceQuota few allows count/secrets=3; count/secrets=3 is in \
         use and \
         count/secrets=1 more is needed; raise the quota"
    );
    passed.is_requeued(Reason::Failed, 1);
}
