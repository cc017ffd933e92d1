//! What the operator reads is refused, fails, or does not come.

use crate::{Answer, Operator, STACK, stack};
use ecommercestack_operator::pace::Reason;
use kube::runtime::controller::Action;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test]
async fn without_the_right_to_read_a_kind_nothing_is_written_and_the_status_names_it() {
    let operator = Operator::new();
    let message = "networkpolicies.networking.k8s.io is forbidden: User \"operator\" cannot list \
                   resource \"networkpolicies\" in API group \"networking.k8s.io\" in the namespace \"shops\"";
    let forbidden = Answer::refusal(403, "Forbidden", message);
    operator.server.on("GET networkpolicies", forbidden);
    let passed = operator.pass().await;
    assert_eq!(passed.applied(), [""; 0]);
    let ready = operator.ready();
    assert_eq!(
        (ready.status.as_str(), ready.reason.as_str()),
        ("False", "WriteRefused")
    );
    assert!(
        ready
            .message
            .starts_with("cannot read NetworkPolicies: ApiError: networkpolicies"),
        "{}",
        ready.message
    );
    assert!(
        ready
            .message
            .ends_with("; compare the operator's role with the chart's"),
        "{}",
        ready.message
    );
    passed.is_requeued(Reason::Failed, 1);
    // What was said is not said again, and the next look is later.
    let passed = operator.pass().await;
    assert_eq!(passed.writes(), [""; 0]);
    passed.is_requeued(Reason::Failed, 2);
}

#[tokio::test]
async fn a_stack_that_is_deleted_during_a_pass_is_no_error_and_is_forgotten() {
    let operator = Operator::new();
    let gone = Answer::refusal(404, "NotFound", "ecommercestacks \"shop\" not found");
    operator
        .server
        .on("PATCH ecommercestacks/shop/status", gone);
    let passed = operator.pass().await;
    assert_eq!(passed.error, None);
    assert!(!passed.has("POST events"), "of a stack that is gone");
    passed.is_requeued(Reason::Unready, 1);

    operator.server.recovers();
    operator.server.remove(STACK);
    let passed = operator.pass().await;
    assert_eq!(passed.lines(), ["GET ecommercestacks/shop"]);
    assert_eq!(passed.action, Action::await_change());
    assert_eq!(passed.counted, [""; 0]);

    // What was applied for the one before is not taken for applied.
    operator.server.add(STACK, stack("shop"));
    let passed = operator.pass().await;
    assert!(
        passed.has("PATCH services/shop-auth"),
        "{:?}",
        passed.writes()
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_to_wait_is_asked_again_after_that_time() {
    let operator = Operator::new();
    let mut busy = Some(Answer::RetryAfter(429, 7));
    operator.server.rule(move |asked| {
        if asked.line() == "GET services" {
            busy.take()
        } else {
            None
        }
    });
    let began = Instant::now();
    let passed = operator.pass().await;
    assert_eq!(began.elapsed().as_secs(), 7);
    let asked = passed.lines();
    let lists = asked.iter().filter(|line| *line == "GET services");
    assert_eq!(lists.count(), 2);
    assert!(passed.has("PATCH services/shop-auth"));
    assert_eq!(operator.ready().reason, "DatabaseStarting");
    passed.is_requeued(Reason::Unready, 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_unavailable_for_long_ends_the_pass_and_the_status_says_so() {
    let operator = Operator::new();
    let unavailable = Answer::refusal(503, "ServiceUnavailable", "etcdserver: no leader");
    operator.server.on("GET jobs", unavailable);
    let began = Instant::now();
    let passed = operator.pass().await;
    assert_eq!(began.elapsed().as_secs(), 60);
    let asked = passed.lines();
    let lists = asked.iter().filter(|line| *line == "GET jobs").count();
    assert!(
        (3..=15).contains(&lists),
        "less and less often, not {lists} times"
    );
    assert_eq!(passed.applied(), [""; 0]);
    assert_eq!(operator.ready().reason, "ApiUnavailable");
    passed.is_requeued(Reason::Failed, 1);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_never_answered_ends_the_pass_at_its_deadline() {
    let operator = Operator::new();
    operator.server.on("GET statefulsets", Answer::Never);
    let began = Instant::now();
    let passed = operator.pass().await;
    assert_eq!(began.elapsed().as_secs(), 60);
    assert_eq!(passed.applied(), [""; 0]);
    let ready = operator.ready();
    assert_eq!(
        ready.message,
        "the API server has not responded for a minute; the operator retries"
    );
    passed.is_requeued(Reason::Failed, 1);
    // The stack has its next pass.
    operator.server.recovers();
    assert!(
        operator
            .pass()
            .await
            .has("PATCH statefulsets/shop-postgres")
    );
}

#[tokio::test(start_paused = true)]
async fn a_stack_that_is_never_read_gives_its_place_away() {
    let operator = Operator::new();
    operator
        .server
        .on("GET ecommercestacks/shop", Answer::Never);
    let began = Instant::now();
    let passed = operator.pass().await;
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(
        passed.error.as_deref(),
        Some("the API server did not respond in time when reading the stack")
    );
    assert_eq!(passed.writes(), [""; 0]);
    passed.is_requeued(Reason::Unreported, 1);
    operator.server.recovers();
    assert_eq!(operator.pass().await.error, None);
}

/// Half an answer is not an absent Secret, for which new keys would be made.
#[tokio::test]
async fn a_secret_that_cannot_be_read_is_not_made_again() {
    let operator = Operator::new();
    let half =
        r#"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"shop-jwt"},"data":{"active":"#;
    operator
        .server
        .on("GET secrets/shop-jwt", Answer::Text(half.to_owned()));
    let passed = operator.pass().await;
    assert_eq!(passed.applied(), [""; 0]);
    let ready = operator.ready();
    assert_eq!(ready.reason, "ApiUnavailable");
    assert!(
        ready
            .message
            .starts_with("cannot read the stack's Secrets: "),
        "{}",
        ready.message
    );
    passed.is_requeued(Reason::Failed, 1);
    operator.server.recovers();
    let passed = operator.pass().await;
    let made = passed
        .asked
        .iter()
        .filter(|asked| asked.line() == "POST secrets");
    let names: Vec<_> = made
        .map(|asked| asked.body["metadata"]["name"].clone())
        .collect();
    assert!(names.contains(&json!("shop-jwt")), "{names:?}");
}
