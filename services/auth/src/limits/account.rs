//! Attempts per account, in windows of 15 minutes that all replicas share, and messages in windows of an hour.

use std::time::Duration;

use db::Pool;
use web::limit::{Exceeded, Meter, Policy, Quota};

use super::{LimitError, postgres as attempts};
use crate::tokens::model::Hash;

pub const WINDOW: Duration = Duration::from_mins(15);
/// No counted attempt matters for longer.
pub const LONGEST_WINDOW: Duration = MESSAGES.window;
/// Refreshes of one session within a window. Honest clients need one or two; a client with a copy of one session's
/// token cannot use up the limit of the account's other sessions.
const SESSION_REFRESHES: u32 = 30;
/// API keys that a user creates within a window. Each that is revoked is an entry of the feed that all services hold in
/// memory: a user must not fill it by creating and revoking keys without end.
const API_KEYS: u32 = 60;
/// Messages of one kind to one user: a first one, one that was lost, and one more.
pub(crate) const MESSAGES: Policy = Policy {
    name: "messages",
    limit: 3,
    window: Duration::from_hours(1),
};
/// Exports of personal data within a window, by one account. Each reads every table of this service.
const EXPORTS: u32 = 5;

#[derive(Clone, Copy, Debug, clap::Args)]
pub struct AccountLimits {
    /// Failed logins of one account, and registrations of one e-mail address, within 15 minutes. Devices that the account
    /// has logged in from before are each counted separately.
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

pub(crate) fn api_keys() -> Policy {
    policy("account", API_KEYS)
}

pub(crate) fn exports() -> Policy {
    policy("export", EXPORTS)
}

fn policy(name: &'static str, limit: u32) -> Policy {
    Policy {
        name,
        limit,
        window: WINDOW,
    }
}

/// Counts an attempt; a successful one is subtracted afterwards.
pub(crate) async fn count(
    pool: &Pool,
    attempted: &Hash,
    policy: Policy,
    meter: &Meter,
) -> Result<(), LimitError> {
    // A flood on one account must not make replicas wait for the lock of its row: once the window is full, it is only read.
    let full = attempts::full(pool, attempted, policy.window, policy.limit).await?;
    let window = match full {
        Some(full) => full,
        None => attempts::count(pool, attempted, policy.window).await?,
    };
    let attempts = u32::try_from(window.attempts).unwrap_or(0);
    let quota = Quota {
        policy,
        remaining: policy.limit.saturating_sub(attempts),
        reset_seconds: u32::try_from(window.seconds_left).unwrap_or(0),
    };
    let counted = if attempts <= policy.limit {
        Ok(quota)
    } else {
        Err(Exceeded(quota))
    };
    Ok(meter.record(counted)?)
}
