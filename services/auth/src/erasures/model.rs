//! When a service is asked to forget a user, and when it has.

use std::{cmp::max, collections::BTreeMap};

use chrono::{DateTime, TimeDelta, Utc};
use strum::IntoStaticStr;

use crate::{accounts::model::UserId, tokens::model::REVOCATION_SECONDS};

/// Users in one answer, and in each list of one report.
pub const MAX_BATCH: usize = 100;
/// The time after which a service is asked again about data that it still needed or failed to erase.
const POSTPONED: TimeDelta = TimeDelta::minutes(10);
/// The time after a deletion in which a request with an access token from before it may still write.
const IN_FLIGHT: TimeDelta = TimeDelta::seconds(REVOCATION_SECONDS);

/// A service that has data of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Service {
    Order,
}

impl Service {
    pub const ALL: [Self; 1] = [Self::Order];
}

/// What a service reports of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The service has no data of the user any more.
    Erased,
    /// The service still has some.
    Postponed,
}

/// An erasure that is not completed.
#[derive(Clone, Copy, Debug)]
pub struct Erasure {
    pub requested_at: DateTime<Utc>,
}

/// What follows from a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Completed,
    /// The service is asked again at this time, which lies ahead.
    Due(DateTime<Utc>),
}

impl Erasure {
    /// An erased user is asked for once more when no request from before the deletion can write any more.
    pub fn after(self, outcome: Outcome, now: DateTime<Utc>) -> Next {
        let last_write = self.requested_at + IN_FLIGHT;
        match outcome {
            Outcome::Postponed => Next::Due(now + POSTPONED),
            Outcome::Erased if now >= last_write => Next::Completed,
            Outcome::Erased => Next::Due(last_write),
        }
    }
}

/// A user who is in both lists, or in one of them repeatedly, is reported once: as postponed, if that was said.
pub fn outcomes(
    erased: impl IntoIterator<Item = UserId>,
    postponed: impl IntoIterator<Item = UserId>,
) -> BTreeMap<UserId, Outcome> {
    let erased = erased.into_iter().map(|user| (user, Outcome::Erased));
    let postponed = postponed.into_iter();
    let postponed = postponed.map(|user| (user, Outcome::Postponed));
    let mut outcomes = BTreeMap::new();
    for (user, outcome) in erased.chain(postponed) {
        let known = outcomes.entry(user).or_insert(outcome);
        *known = max(*known, outcome);
    }
    outcomes
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_000_000 + seconds, 0).unwrap()
    }

    const ERASURE: Erasure = Erasure {
        requested_at: DateTime::from_timestamp(1_000_000, 0).unwrap(),
    };

    #[test]
    fn what_is_postponed_is_due_again_in_ten_minutes_however_old_it_is() {
        for seconds in [0, 1, REVOCATION_SECONDS, 400 * 86_400] {
            assert_eq!(
                ERASURE.after(Outcome::Postponed, at(seconds)),
                Next::Due(at(seconds + 600))
            );
        }
    }

    #[test]
    fn an_erasure_is_completed_once_no_token_from_before_the_deletion_is_valid() {
        let end = 15 * 60 + 300;
        for seconds in [0, 1, end - 1] {
            assert_eq!(
                ERASURE.after(Outcome::Erased, at(seconds)),
                Next::Due(at(end)),
                "{seconds}"
            );
        }
        for seconds in [end, end + 1, 400 * 86_400] {
            assert_eq!(
                ERASURE.after(Outcome::Erased, at(seconds)),
                Next::Completed,
                "{seconds}"
            );
        }
    }

    #[test]
    fn no_report_leaves_an_erasure_due_at_once() {
        // Otherwise the service would ask again without a pause.
        for seconds in 0..=REVOCATION_SECONDS {
            for outcome in [Outcome::Erased, Outcome::Postponed] {
                match ERASURE.after(outcome, at(seconds)) {
                    Next::Completed => {}
                    Next::Due(due) => assert!(due > at(seconds), "{outcome:?} {seconds}"),
                }
            }
        }
    }

    #[test]
    fn a_user_who_is_reported_twice_is_postponed() {
        let user = |number| UserId(Uuid::from_u128(number));
        let reported = outcomes([user(2), user(1), user(2)], [user(2), user(3), user(3)]);
        let reported: Vec<_> = reported.into_iter().collect();
        assert_eq!(
            reported,
            [
                (user(1), Outcome::Erased),
                (user(2), Outcome::Postponed),
                (user(3), Outcome::Postponed)
            ]
        );
    }
}
