//! A user's settings. The moment at which a consent was given or withdrawn is decided here.

mod locale;
mod time_zone;

use chrono::{DateTime, Utc};

pub use self::{
    locale::{Locale, LocaleError},
    time_zone::{TimeZone, TimeZoneError},
};

/// What a user chooses; `None` is the shop's default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    pub locale: Option<Locale>,
    pub time_zone: Option<TimeZone>,
    pub marketing_consent: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub choices: Choices,
    /// When the consent was last given or withdrawn; `None` if it was never given.
    pub marketing_consent_at: Option<DateTime<Utc>>,
    /// 0 before the user has chosen anything.
    pub version: i64,
}

impl Settings {
    #[must_use]
    pub fn replaced(&self, choices: Choices, at: DateTime<Utc>) -> Self {
        let same_consent = choices.marketing_consent == self.choices.marketing_consent;
        Self {
            marketing_consent_at: if same_consent {
                self.marketing_consent_at
            } else {
                Some(at)
            },
            choices,
            version: self.version + 1,
        }
    }

    /// The names of the choices that differ.
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let (one, other) = (&self.choices, &other.choices);
        [
            ("locale", one.locale != other.locale),
            ("time_zone", one.time_zone != other.time_zone),
            (
                "marketing_consent",
                one.marketing_consent != other.marketing_consent,
            ),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consent(marketing_consent: bool) -> Choices {
        Choices {
            marketing_consent,
            ..Choices::default()
        }
    }

    #[test]
    fn the_time_of_a_consent_is_that_of_its_last_change() {
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let refused = Settings::default().replaced(consent(false), at(1));
        assert_eq!((refused.marketing_consent_at, refused.version), (None, 1));
        let given = refused.replaced(consent(true), at(2));
        assert_eq!(
            (given.marketing_consent_at, given.version),
            (Some(at(2)), 2)
        );
        let again = given.replaced(consent(true), at(3));
        assert_eq!(again.marketing_consent_at, Some(at(2)));
        let withdrawn = again.replaced(consent(false), at(4));
        assert_eq!(withdrawn.marketing_consent_at, Some(at(4)));
    }

    #[test]
    fn a_difference_is_named() {
        let choices = Choices {
            locale: Some(Locale::try_from("de".to_owned()).unwrap()),
            time_zone: None,
            marketing_consent: true,
        };
        let settings = Settings::default();
        let other = settings.replaced(choices, DateTime::UNIX_EPOCH);
        assert_eq!(
            settings.differences(&other),
            ["locale", "marketing_consent"]
        );
        assert!(other.differences(&other).is_empty());
    }
}
