//! Tokens that are invalid although they have not expired: of sessions that ended, and of users whose epoch has risen.
//! They are read from a feed of auth (ORDERS 30), whose age decides which operations are still allowed.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, MissedTickBehavior};
use tracing::{info, warn};
use uuid::Uuid;

use super::signatures::Token;
use crate::internal::{AuthCallError, AuthClient};

/// How often the feed is read.
const POLL: Duration = Duration::from_secs(1);
/// A late commit carries an earlier time, so each request reaches back this far; a transaction of auth takes a few
/// seconds at most.
const OVERLAP: TimeDelta = TimeDelta::seconds(30);
/// A feed older than this is too old for money and administrators.
const STALE: Duration = Duration::from_secs(30);

/// A response of the feed: revocations since the requested time, or all that can still matter.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Revoked {
    /// The time of this response, by the clock of the requested times.
    pub as_of: DateTime<Utc>,
    pub sessions: Vec<EndedSession>,
    pub users: Vec<RaisedEpoch>,
}

/// No token of this session is valid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndedSession {
    pub id: Uuid,
    /// Every affected token has expired by then.
    pub until: DateTime<Utc>,
}

/// No token of this user with a lower epoch is valid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RaisedEpoch {
    pub id: Uuid,
    pub epoch: i64,
    /// Every affected token has expired by then.
    pub until: DateTime<Utc>,
}

/// Why a token with a valid signature is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Revocation {
    SessionEnded,
    AccountChanged,
}

/// How old the last response of the feed is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    Fresh,
    Stale,
    /// The feed has not responded yet.
    Missing,
}

#[derive(Default)]
pub(super) struct Revocations {
    /// `None`: the holder queries the database instead.
    feed: Option<AuthClient>,
    known: RwLock<Known>,
}

#[derive(Default)]
struct Known {
    sessions: HashMap<Uuid, DateTime<Utc>>,
    users: HashMap<Uuid, (i64, DateTime<Utc>)>,
    /// Of the last response: the feed's time, and the local time of the request.
    as_of: Option<(DateTime<Utc>, Instant)>,
}

impl Revocations {
    pub(super) fn followed(feed: AuthClient) -> Self {
        Self {
            feed: Some(feed),
            known: RwLock::default(),
        }
    }

    pub(super) fn is_followed(&self) -> bool {
        self.feed.is_some()
    }

    pub(super) fn freshness(&self) -> Freshness {
        if self.feed.is_none() {
            return Freshness::Fresh;
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        match known.as_of {
            None => Freshness::Missing,
            Some((_, asked)) if asked.elapsed() > STALE => Freshness::Stale,
            Some(_) => Freshness::Fresh,
        }
    }

    pub(super) fn of(&self, token: &Token) -> Option<Revocation> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.sessions.contains_key(&token.session) {
            return Some(Revocation::SessionEnded);
        }
        let (epoch, _) = known.users.get(&token.user)?;
        (token.epoch < *epoch).then_some(Revocation::AccountChanged)
    }

    /// Reads the feed every second for as long as the process runs.
    pub(super) async fn follow(&self) {
        let Some(feed) = &self.feed else { return };
        let mut ticks = tokio::time::interval(POLL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut failing = false;
        loop {
            ticks.tick().await;
            let asked = Instant::now();
            match read(feed, self.since()).await {
                Ok(revoked) => {
                    self.learn(revoked, asked);
                    if std::mem::take(&mut failing) {
                        info!("revocation feed available again");
                    }
                }
                Err(error) if !failing => {
                    failing = true;
                    warn!(
                        error = &error as &dyn std::error::Error,
                        "revocation feed unavailable"
                    );
                }
                Err(_) => {}
            }
        }
    }

    pub(super) fn learn(&self, revoked: Revoked, asked: Instant) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for session in revoked.sessions {
            known.sessions.insert(session.id, session.until);
        }
        for user in revoked.users {
            let entry = known
                .users
                .entry(user.id)
                .or_insert((user.epoch, user.until));
            *entry = (entry.0.max(user.epoch), entry.1.max(user.until));
        }
        known.sessions.retain(|_, until| *until > revoked.as_of);
        known.users.retain(|_, (_, until)| *until > revoked.as_of);
        known.as_of = Some((revoked.as_of, asked));
    }

    fn since(&self) -> Option<DateTime<Utc>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.as_of.map(|(as_of, _)| as_of - OVERLAP)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.sessions.len() + known.users.len()
    }
}

/// The revocations since a time; `None`: all that can still matter.
async fn read(auth: &AuthClient, since: Option<DateTime<Utc>>) -> Result<Revoked, AuthCallError> {
    let since = since.map_or_else(String::new, |since| {
        format!(
            "?since={}",
            since.to_rfc3339_opts(SecondsFormat::Micros, true)
        )
    });
    auth.get(&format!("revocations{since}")).await
}
