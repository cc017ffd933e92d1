//! A time from which to which rows are listed that are sorted by ids which carry their time.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use uuid::Uuid;

/// How far the time in an id and the time that the database stored with it are apart at most: the clocks of two machines,
/// and the length of a transaction.
const SKEW: TimeDelta = TimeDelta::minutes(5);
/// The milliseconds of a UUIDv7 (RFC 9562, section 5.7) are the first 48 of its 128 bits.
const TIME_SHIFT: u32 = 80;
const LAST_MILLISECOND: u64 = (1 << 48) - 1;

#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Period {
    /// At this time or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub to: Option<DateTime<Utc>>,
}

impl Period {
    pub fn contains(&self, time: DateTime<Utc>) -> bool {
        self.from.is_none_or(|from| time >= from) && self.to.is_none_or(|to| time < to)
    }

    /// The ids among which are all of rows of this period, and those of a few minutes before and after.
    pub fn ids(&self) -> Range<Uuid> {
        let from = self.from.and_then(|from| from.checked_sub_signed(SKEW));
        let to = self.to.and_then(|to| to.checked_add_signed(SKEW));
        from.map_or(Uuid::nil(), first_id)..to.map_or(Uuid::max(), first_id)
    }
}

/// The lowest id of a millisecond.
fn first_id(time: DateTime<Utc>) -> Uuid {
    let milliseconds = u64::try_from(time.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128(u128::from(milliseconds.min(LAST_MILLISECOND)) << TIME_SHIFT)
}

#[cfg(test)]
mod tests {
    use clock::Ids;

    use super::*;

    #[test]
    fn a_period_begins_with_its_first_time_and_ends_before_its_last() {
        let time = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let (from, to) = (Some(time(100)), Some(time(200)));
        let period = Period { from, to };
        for (seconds, within) in [(99, false), (100, true), (199, true), (200, false)] {
            assert_eq!(period.contains(time(seconds)), within, "{seconds}");
        }
        assert!(Period::default().contains(time(0)));
    }

    #[test]
    fn the_ids_of_a_period_include_those_made_a_little_earlier_or_later() {
        let id = Ids::system().uuid();
        let (seconds, _) = id.get_timestamp().unwrap().to_unix();
        let made = DateTime::from_timestamp(seconds.cast_signed(), 0).unwrap();
        let minutes = |minutes| Some(made + TimeDelta::minutes(minutes));
        let ids = |from, to| Period { from, to }.ids().contains(&id);
        assert!(ids(None, None));
        assert!(ids(minutes(4), minutes(5)));
        assert!(ids(minutes(-5), minutes(-4)));
        assert!(!ids(minutes(6), None));
        assert!(!ids(None, minutes(-6)));
    }

    #[test]
    fn times_without_ids_are_taken_as_the_first_or_last_ones() {
        let (from, to) = (
            Some(DateTime::<Utc>::MIN_UTC),
            Some(DateTime::<Utc>::MAX_UTC),
        );
        let ids = Period { from, to }.ids();
        assert_eq!(ids.start, Uuid::nil());
        assert_eq!(ids.end, Uuid::max());
        let reversed = Period { from: to, to: from }.ids();
        assert!(reversed.is_empty());
    }
}
