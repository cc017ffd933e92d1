//! The status itself cannot be written.

use crate::{Answer, Operator, TELLS_EVENT, WRITES_STATUS};
use ecommercestack_operator::pace::Reason;
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
    passed.looks_again(Reason::Unreported, 1);
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
    passed.looks_again(Reason::Unreported, 2);

    operator.server.recovers();
    let passed = operator.pass().await;
    assert_eq!(passed.applied(), [""; 0]);
    assert!(passed.has(WRITES_STATUS) && passed.has(TELLS_EVENT));
    assert_eq!(operator.ready().reason, "DatabaseStarting");
    passed.looks_again(Reason::Unready, 1);
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
    passed.looks_again(Reason::Unreported, 1);
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
        passed.looks_again(Reason::Unready, 1);
    }
}
