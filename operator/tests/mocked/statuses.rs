//! The status itself cannot be written, or meets a write of another client or of an earlier pass.

use crate::{Answer, Operator, STACK, TELLS_EVENT, WRITES_STATUS};
use ecommercestack_operator::pace::Reason;
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test]
async fn a_status_that_could_not_be_written_is_written_by_the_next_pass_and_nothing_else_is() {
    let operator = Operator::new();
    let failed = Answer::refusal(500, "InternalError", "etcdserver: request timed out");
    operator.server.on(WRITES_STATUS, failed);
    let passed = operator.pass().await;
    let error = passed.error.as_deref().unwrap();
    assert!(error.starts_with("cannot write the status: "), "{error}");
    assert!(passed.has("PATCH statefulsets/shop-postgres"));
    assert!(!passed.has(TELLS_EVENT), "of a status that nobody can read");
    passed.is_requeued(Reason::Unreported, 1);
    let told = |passed: &crate::Passed| {
        let mut asked = passed.asked.iter();
        let write = asked.find(|asked| asked.line() == WRITES_STATUS).unwrap();
        write.body["status"]["components"].clone()
    };
    let first = told(&passed);
    assert!(first.is_object());
    let passed = operator.pass().await;
    assert_eq!(passed.writes(), [WRITES_STATUS]);
    assert_eq!(told(&passed), first);
    passed.is_requeued(Reason::Unreported, 2);

    operator.server.recovers();
    let passed = operator.pass().await;
    assert_eq!(passed.applied(), [""; 0]);
    assert!(passed.has(WRITES_STATUS) && passed.has(TELLS_EVENT));
    assert_eq!(operator.ready().reason, "DatabaseStarting");
    passed.is_requeued(Reason::Unready, 1);
}

#[tokio::test(start_paused = true)]
async fn a_status_write_that_is_never_answered_gives_the_place_away() {
    let operator = Operator::new();
    operator.server.on(WRITES_STATUS, Answer::Never);
    let began = Instant::now();
    let passed = operator.pass().await;
    assert!(
        began.elapsed() < Duration::from_secs(20),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(
        passed.error.as_deref(),
        Some("the API server did not respond in time when writing the status")
    );
    passed.is_requeued(Reason::Unreported, 1);
}

/// The API server may process a request after the operator has given it up.
#[tokio::test(start_paused = true)]
async fn a_status_write_that_arrives_late_does_not_replace_a_newer_one() {
    let operator = Operator::new();
    let forbidden = Answer::refusal(403, "Forbidden", "no");
    operator.server.on("PATCH services/shop-auth", forbidden);
    operator.server.on(WRITES_STATUS, Answer::Never);
    let passed = operator.pass().await;
    let mut asked = passed.asked.iter();
    let late = asked.find(|asked| asked.line() == WRITES_STATUS).unwrap();
    let conditions = &late.body["status"]["conditions"];
    assert_eq!(conditions[0]["reason"], "WriteRefused");

    operator.server.recovers();
    operator.pass().await;
    assert_eq!(operator.ready().reason, "DatabaseStarting");
    let newer = operator.status();
    let Answer::Json(code, _) = operator.server.receives(late) else {
        panic!("no answer")
    };
    assert_eq!(code, 409);
    assert_eq!(operator.status(), newer);
}

#[tokio::test]
async fn a_stack_that_a_person_changes_during_a_pass_gets_its_status_in_that_pass() {
    let operator = Operator::new();
    let annotated = json!({ "metadata": { "annotations": { "note": "mine" } } });
    operator.server.changes(WRITES_STATUS, STACK, annotated);
    let passed = operator.pass().await;
    assert_eq!(passed.error, None);
    let mut lines = passed.lines();
    lines.retain(|line| line != TELLS_EVENT);
    let end = [WRITES_STATUS, "GET ecommercestacks/shop", WRITES_STATUS];
    assert!(lines.ends_with(&end.map(str::to_owned)), "{lines:?}");
    assert_eq!(operator.ready().reason, "DatabaseStarting");
    passed.is_requeued(Reason::Unready, 1);
}

/// What was decided from the status before is not written over it.
#[tokio::test]
async fn a_status_that_is_written_during_a_pass_is_kept_until_the_next_pass_has_read_it() {
    let operator = Operator::new();
    let others = json!({ "status": { "url": "http://shop.example" } });
    operator.server.changes(WRITES_STATUS, STACK, others);
    let passed = operator.pass().await;
    assert_eq!(
        passed.error.as_deref(),
        Some("another client changed the status in the meantime")
    );
    let url = operator.status().unwrap().url;
    assert_eq!(url.as_deref(), Some("http://shop.example"));
    passed.is_requeued(Reason::Unreported, 1);
    let passed = operator.pass().await;
    assert_eq!(passed.error, None);
    assert_eq!(operator.ready().reason, "DatabaseStarting");
}

/// Nothing depends on an Event.
#[tokio::test(start_paused = true)]
async fn an_event_that_is_refused_or_never_answered_fails_no_pass() {
    for answer in [Answer::refusal(403, "Forbidden", "no"), Answer::Never] {
        let operator = Operator::new();
        operator.server.on(TELLS_EVENT, answer);
        let began = Instant::now();
        let passed = operator.pass().await;
        assert!(
            began.elapsed() < Duration::from_mins(1),
            "{:?}",
            began.elapsed()
        );
        assert_eq!(passed.error, None);
        assert_eq!(operator.ready().reason, "DatabaseStarting");
        passed.is_requeued(Reason::Unready, 1);
    }
}
