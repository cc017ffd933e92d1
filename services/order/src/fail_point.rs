//! Places where a test on a cluster halts this process between two steps. Compiled only with the feature
//! `fail-points`: `FAIL_POINT` names the place and what happens there, such as `after_reserve:abort` or `…:sleep`.

/// A step that has just been made, or is about to be.
#[derive(Clone, Copy, Debug)]
pub enum FailPoint {
    AfterReserve,
    AfterOrderRow,
    BeforeCommitHold,
    AfterCommitHold,
}

#[cfg(not(feature = "fail-points"))]
pub async fn reach(_: FailPoint) {}

#[cfg(feature = "fail-points")]
#[expect(
    clippy::disallowed_methods,
    reason = "no setting: it does not exist in a release"
)]
pub async fn reach(point: FailPoint) {
    let name = match point {
        FailPoint::AfterReserve => "after_reserve",
        FailPoint::AfterOrderRow => "after_order_row",
        FailPoint::BeforeCommitHold => "before_commit_hold",
        FailPoint::AfterCommitHold => "after_commit_hold",
    };
    let setting = std::env::var("FAIL_POINT").unwrap_or_default();
    match setting.split_once(':') {
        Some((place, "abort")) if place == name => std::process::abort(),
        Some((place, "sleep")) if place == name => {
            tokio::time::sleep(std::time::Duration::from_hours(1)).await;
        }
        Some(_) | None => {}
    }
}
