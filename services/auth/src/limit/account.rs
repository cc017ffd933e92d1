//! Tries per account, in windows of a quarter of an hour that every replica shares.

use sqlx::PgPool;

use super::{LimitError, Quota};
use crate::{secret::Hash, store::attempts};

pub const WINDOW_SECONDS: u32 = 15 * 60;

#[derive(Clone, Copy, Debug, clap::Args)]
pub struct AccountLimits {
    /// Failed logins of one account, and registrations of one address, within 15 minutes.
    #[arg(long, env = "ACCOUNT_LIMIT_PER_15_MINUTES", default_value_t = 10)]
    pub account_limit_per_15_minutes: u32,
    /// Refreshes of one account within 15 minutes, over all of its sessions.
    #[arg(
        long,
        env = "ACCOUNT_REFRESH_LIMIT_PER_15_MINUTES",
        default_value_t = 300
    )]
    pub account_refresh_limit_per_15_minutes: u32,
}

impl AccountLimits {
    pub(crate) fn failures(self) -> u32 {
        self.account_limit_per_15_minutes
    }

    pub(crate) fn refreshes(self) -> u32 {
        self.account_refresh_limit_per_15_minutes
    }
}

/// Counts a try. Whoever succeeds takes the count back.
pub(crate) async fn count(pool: &PgPool, attempted: &Hash, limit: u32) -> Result<(), LimitError> {
    let window = attempts::count(pool, attempted, WINDOW_SECONDS).await?;
    if window.attempts <= limit {
        return Ok(());
    }
    Err(LimitError::Exceeded(Quota {
        name: "account",
        limit,
        window_seconds: WINDOW_SECONDS,
        remaining: 0,
        reset_seconds: window.seconds_left,
    }))
}
