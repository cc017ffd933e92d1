//! A language and its variety, as a tag of BCP 47: language, and optionally script, region and variants.

use icu_locale_core::LanguageIdentifier;
use serde::Deserialize;

/// In the canonical letter case: `zh-Hant-TW`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Locale(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "expected a language tag (BCP 47) such as en-GB, of at most {} characters",
    Locale::MAX
)]
pub struct LocaleError;

impl Locale {
    /// Enough for every language with script, region and two variants (RFC 5646, section 4.4.1).
    pub const MAX: usize = 35;

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A tag from the database, which may have been accepted under earlier rules.
    pub fn stored(text: String) -> Self {
        Self(text)
    }
}

impl TryFrom<String> for Locale {
    type Error = LocaleError;

    fn try_from(text: String) -> Result<Self, LocaleError> {
        if text.len() > Self::MAX {
            return Err(LocaleError);
        }
        let tag = LanguageIdentifier::try_from_str(&text).map_err(|_| LocaleError)?;
        // `und` is no language.
        if tag.language.is_unknown() {
            return Err(LocaleError);
        }
        Ok(Self(tag.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_gets_its_canonical_letter_case() {
        for (text, locale) in [
            ("en", "en"),
            ("EN-gb", "en-GB"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("de-CH-1996", "de-CH-1996"),
            ("ast", "ast"),
        ] {
            let read = Locale::try_from(text.to_owned());
            assert_eq!(read.as_ref().map(Locale::as_str), Ok(locale));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let long = format!("de-{}", "1996-1901-".repeat(4));
        for text in [
            "",
            "e",
            "und",
            "und-DE",
            "en_GB",
            "en-",
            "-en",
            "english",
            "en-GB-GB",
            "en gb",
            "en-u-ca-buddhist",
            "x-private",
            "d\u{e9}",
            "en\0",
            &long,
        ] {
            assert_eq!(
                Locale::try_from(text.to_owned()),
                Err(LocaleError),
                "{text}"
            );
        }
    }
}
