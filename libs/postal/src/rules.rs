//! Which parts an address needs in its country.

use crate::{
    Country,
    codes::{PostalCodes, needs_region},
};

/// What an address lacks to be delivered in its country.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    #[error("an address in {country} needs a region: the state, province, prefecture or island")]
    RegionMissing { country: Country },
    #[error("an address in {country} needs a postal code{}", expected(.forms))]
    PostalCodeMissing {
        country: Country,
        forms: &'static [&'static str],
    },
    #[error("this is not a postal code of {country}; send one{}", expected(.forms))]
    PostalCodeForm {
        country: Country,
        forms: &'static [&'static str],
    },
}

/// ` of the form NNNNN or NNNNN-NNNN, where N is a digit and A a letter`
fn expected(forms: &[&str]) -> String {
    match forms {
        [] => String::new(),
        [form] => format!(" of the form {form}, where N is a digit and A a letter"),
        [most @ .., last] => format!(
            " of the form {} or {last}, where N is a digit and A a letter",
            most.join(", ")
        ),
    }
}

impl Country {
    /// What an address with these parts lacks in this country.
    pub fn flaws(&self, region: Option<&str>, postal_code: Option<&str>) -> Vec<Flaw> {
        let country = || self.clone();
        let region = (region.is_none() && needs_region(self.as_str()))
            .then(|| Flaw::RegionMissing { country: country() });
        let postal_code = match (PostalCodes::of(self.as_str()), postal_code) {
            (PostalCodes::Unused, _) | (PostalCodes::Required, Some(_)) => None,
            (PostalCodes::Required, None) => Some(Flaw::PostalCodeMissing {
                country: country(),
                forms: &[],
            }),
            (PostalCodes::Of(forms), None) => Some(Flaw::PostalCodeMissing {
                country: country(),
                forms,
            }),
            (PostalCodes::Of(forms), Some(code)) => {
                let formed = forms.iter().any(|form| has_form(code, form));
                (!formed).then(|| Flaw::PostalCodeForm {
                    country: country(),
                    forms,
                })
            }
        };
        region.into_iter().chain(postal_code).collect()
    }
}

/// Whether a code has this form; letters may be lower case, and separators may be left out.
fn has_form(code: &str, form: &str) -> bool {
    let mut code = code.chars().peekable();
    let fits = form.chars().all(|expected| match expected {
        'N' => code.next().is_some_and(|digit| digit.is_ascii_digit()),
        'A' => code
            .next()
            .is_some_and(|letter| letter.is_ascii_alphabetic()),
        _ => {
            code.next_if(|separator| matches!(separator, ' ' | '-'));
            true
        }
    });
    fits && code.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flaws(country: &str, region: Option<&str>, postal_code: Option<&str>) -> Vec<String> {
        let country = Country::try_from(country.to_owned()).unwrap();
        let flaws = country.flaws(region, postal_code);
        flaws.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn complete_addresses_have_no_flaws() {
        for (country, region, postal_code) in [
            ("US", Some("CA"), Some("95014")),
            ("US", Some("CA"), Some("22162-1010")),
            ("CA", Some("ON"), Some("k1a 0b1")),
            ("CA", Some("ON"), Some("K1A0B1")),
            ("GB", None, Some("SW1Y 4JH")),
            ("GB", None, Some("M2 5BQ")),
            ("GB", None, Some("ec1a1hq")),
            ("GB", Some("Kent"), Some("CR0 2YR")),
            ("DE", None, Some("10115")),
            ("NL", None, Some("2490AA")),
            ("BR", Some("SP"), Some("01310100")),
            ("JP", Some("Tokyo"), Some("154-0023")),
            ("IN", Some("DL"), Some("110034")),
            ("PL", None, Some("00-950")),
            ("SE", None, Some("114 55")),
            ("IE", None, Some("D02 AF30")),
            ("AE", None, None),
            ("AE", None, Some("00000")),
            ("HK", Some("Kowloon"), None),
            ("GU", None, Some("96910")),
        ] {
            let found = flaws(country, region, postal_code);
            assert_eq!(found, Vec::<String>::new(), "{country} {postal_code:?}");
        }
    }

    #[test]
    fn postal_codes_of_other_forms_are_refused() {
        for (country, code) in [
            ("US", "9501"),
            ("US", "950145"),
            ("US", "95014-"),
            ("US", "9-5014"),
            ("US", "９５０１４"),
            ("GB", "SW1Y  4JH"),
            ("GB", "12345"),
            ("DE", "D-10115"),
            ("CA", "K1A 0B"),
            ("JP", "154--0023"),
        ] {
            assert_eq!(flaws(country, Some("R"), Some(code)).len(), 1, "{code}");
        }
    }

    #[test]
    fn a_flaw_says_what_is_expected() {
        assert_eq!(
            flaws("US", None, None),
            [
                "an address in US needs a region: the state, province, prefecture or island",
                "an address in US needs a postal code of the form NNNNN or NNNNN-NNNN, where N is a digit and A a letter",
            ]
        );
        assert_eq!(
            flaws("IE", None, None),
            ["an address in IE needs a postal code"]
        );
        assert_eq!(
            flaws("DE", None, Some("1011")),
            [
                "this is not a postal code of DE; send one of the form NNNNN, where N is a digit and A a letter"
            ]
        );
    }
}
