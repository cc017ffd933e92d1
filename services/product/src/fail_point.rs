//! Places where tests break a transaction of stock: at its beginning, before its commit and before its answer. An error
//! there is a lost connection.

use std::io;

fail_points::fail_points! {
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

pub async fn reach(point: FailPoint) -> Result<(), sqlx::Error> {
    let reached = fail_points::reach(point.as_str()).await;
    reached.map_err(|_| sqlx::Error::Io(io::ErrorKind::ConnectionReset.into()))
}
