//! Tries per account, in windows of a quarter of an hour that every replica shares.

use std::time::Duration;

use db::Pool;
use web::limit::{Exceeded, Meter, Policy, Quota};

use super::{LimitError, postgres as attempts};
use crate::tokens::model::Hash;

pub const WINDOW: Duration = Duration::from_mins(15);
/// Refreshes of one session within a window. Honest clients need one or two; the holder of a copy of one session's
/// token cannot use up what the account has for its other sessions.
const SESSION_REFRESHES: u32 = 30;

#[derive(Clone, Copy, Debug, clap::Args)]
pub struct AccountLimits {
    /// Failed logins of one account, and registrations of one e-mail address, within 15 minutes. A device that the account
    /// has logged in from before counts its own.
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
    pub(crate) fn failures(self) -> Policy {
        policy("account", self.account_limit_per_15_minutes)
    }

    pub(crate) fn refreshes(self) -> Policy {
        policy("account", self.account_refresh_limit_per_15_minutes)
    }

    pub(crate) fn session_refreshes(self) -> Policy {
        let limit = SESSION_REFRESHES.min(self.account_refresh_limit_per_15_minutes);
        policy("session", limit)
    }
}

fn policy(name: &'static str, limit: u32) -> Policy {
    Policy {
        name,
        limit,
        window: WINDOW,
    }
}

/// Counts an attempt. One that succeeds takes the count back.
pub(crate) async fn count(
    pool: &Pool,
    attempted: &Hash,
    policy: Policy,
    meter: &Meter,
) -> Result<(), LimitError> {
    let quota = |window: attempts::Window| Quota {
        policy,
        remaining: policy.limit.saturating_sub(window.attempts),
        reset_seconds: window.seconds_left,
    };
    // A flood on one account must not make its replicas queue for the row: once it is full, it is only read.
    let full = attempts::full(pool, attempted, policy.window, policy.limit).await?;
    if let Some(window) = full {
        return Ok(meter.record(Err(Exceeded(quota(window))))?);
    }
    let window = attempts::count(pool, attempted, policy.window).await?;
    let counted = if window.attempts <= policy.limit {
        Ok(quota(window))
    } else {
        Err(Exceeded(quota(window)))
    };
    Ok(meter.record(counted)?)
}
