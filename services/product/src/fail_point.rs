//! Places where tests break a transaction of stock: at its beginning, before its commit and before its answer. Compiled
//! only with the feature `fail-points`: `FAIL_POINT` names the place and what happens there each time it is reached,
//! such as `before_reserve_commit:abort`, `…:sleep` (an hour), `…:delay` (300 ms) or `…:error` (a lost connection).

macro_rules! fail_points {
    ($($variant:ident = $text:literal),+ $(,)?) => {
        /// A step that has just been made, or is about to be.
        #[derive(Clone, Copy, Debug)]
        pub enum FailPoint { $($variant),+ }

        #[cfg(feature = "fail-points")]
        impl FailPoint {
            const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

fail_points! {
    ReserveLocked = "reserve_locked",
    BeforeReserveCommit = "before_reserve_commit",
    AfterReserveCommit = "after_reserve_commit",
    CommitLocked = "commit_locked",
    BeforeCommitCommit = "before_commit_commit",
    AfterCommitCommit = "after_commit_commit",
    ReleaseLocked = "release_locked",
    BeforeReleaseCommit = "before_release_commit",
    AfterReleaseCommit = "after_release_commit",
    ExtendLocked = "extend_locked",
    BeforeExtendCommit = "before_extend_commit",
    AfterExtendCommit = "after_extend_commit",
}

#[cfg(not(feature = "fail-points"))]
pub async fn reach(_: FailPoint) -> Result<(), sqlx::Error> {
    Ok(())
}

#[cfg(feature = "fail-points")]
#[expect(
    clippy::disallowed_methods,
    reason = "no setting: it does not exist in a release"
)]
pub async fn reach(point: FailPoint) -> Result<(), sqlx::Error> {
    use std::{io, time::Duration};
    let setting = std::env::var("FAIL_POINT").unwrap_or_default();
    let here = setting
        .split(',')
        .filter_map(|one| one.split_once(':'))
        .find(|(place, _)| *place == point.as_str());
    match here {
        Some((_, "abort")) => std::process::abort(),
        Some((_, "sleep")) => tokio::time::sleep(Duration::from_hours(1)).await,
        Some((_, "delay")) => tokio::time::sleep(Duration::from_millis(300)).await,
        Some((_, "error")) => {
            return Err(sqlx::Error::Io(io::ErrorKind::ConnectionReset.into()));
        }
        Some(_) | None => {}
    }
    Ok(())
}
