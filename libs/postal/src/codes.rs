//! Facts about the postal codes and regions of countries, as the Universal Postal Union publishes them (its addressing
//! solutions, by country) and as Google's address metadata (libaddressinput) has them for forms.

/// Whether and how the addresses of a country have postal codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PostalCodes {
    /// The country has none, or mail is delivered without them.
    Unused,
    /// Required, in a form that is not checked.
    Required,
    /// Required, in one of these forms: `N` is a digit, `A` a letter; a space or hyphen may be left out.
    Of(&'static [&'static str]),
}

impl PostalCodes {
    pub(crate) fn of(country: &str) -> Self {
        if UNUSED.contains(&country) {
            return Self::Unused;
        }
        let forms = FORMS
            .iter()
            .find(|(countries, _)| countries.contains(&country));
        forms.map_or(Self::Required, |(_, forms)| Self::Of(forms))
    }
}

/// Whether a letter to this country needs a region: a state, province, prefecture, parish or island. Where the postal code
/// determines the region, as in Germany, or the country is one region, as Guam is, it does not.
pub(crate) fn needs_region(country: &str) -> bool {
    REGIONS.contains(&country)
}

/// Countries without postal codes (AE, HK, …), and those where mail is delivered without them (CL, CO, KE, NG, PE, …).
pub(crate) const UNUSED: [&str; 81] = [
    "AE", "AG", "AO", "AQ", "AW", "BF", "BI", "BJ", "BO", "BQ", "BS", "BV", "BW", "BZ", "CD", "CF",
    "CG", "CI", "CK", "CL", "CM", "CO", "CW", "DJ", "DM", "ER", "FJ", "GA", "GD", "GH", "GM", "GQ",
    "GY", "HK", "HM", "HN", "IQ", "JM", "KE", "KI", "KM", "KN", "KP", "LC", "LY", "ML", "MO", "MR",
    "MS", "MW", "NA", "NG", "NR", "NU", "PA", "PE", "PS", "QA", "RW", "SB", "SC", "SL", "SR", "SS",
    "ST", "SX", "SY", "TD", "TF", "TG", "TK", "TL", "TO", "TT", "TV", "UG", "UM", "VU", "WS", "YE",
    "ZW",
];

/// Countries whose postal codes have a few well-known forms.
pub(crate) const FORMS: &[(&[&str], &[&str])] = &[
    (
        &["AS", "FM", "GU", "MH", "MP", "PR", "PW", "US", "VI"],
        &["NNNNN", "NNNNN-NNNN"],
    ),
    (&["CA"], &["ANA NAN"]),
    (
        &["GB", "GG", "IM", "JE"],
        &[
            "AN NAA", "ANN NAA", "ANA NAA", "AAN NAA", "AANN NAA", "AANA NAA",
        ],
    ),
    (
        &[
            "BL", "DE", "ES", "FI", "FR", "GF", "GP", "ID", "IT", "KR", "MC", "MF", "MQ", "MX",
            "MY", "NC", "PF", "PM", "RE", "SM", "TH", "TR", "UA", "WF", "YT",
        ],
        &["NNNNN"],
    ),
    (
        &[
            "AT", "AU", "BE", "BG", "CH", "DK", "GL", "HU", "LI", "LU", "NO", "NZ", "PH", "SI",
            "SJ", "ZA",
        ],
        &["NNNN"],
    ),
    (&["CN", "RO", "RU", "SG"], &["NNNNNN"]),
    (&["CZ", "GR", "SE", "SK"], &["NNN NN"]),
    (&["BR"], &["NNNNN-NNN"]),
    (&["IN"], &["NNN NNN"]),
    (&["JP"], &["NNN-NNNN"]),
    (&["NL"], &["NNNN AA"]),
    (&["PL"], &["NN-NNN"]),
    (&["PT"], &["NNNN-NNN"]),
    (&["TW"], &["NNN", "NNN-NN", "NNN-NNN"]),
];

pub(crate) const REGIONS: [&str; 23] = [
    "AU", "BR", "CA", "CN", "ES", "HK", "HN", "IN", "IQ", "IT", "JM", "JP", "KN", "KR", "KY", "MX",
    "PF", "PG", "SO", "SV", "TW", "US", "VE",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_a_country_and_has_one_rule() {
        let formed = FORMS.iter().flat_map(|(countries, _)| countries.iter());
        let mut ruled: Vec<&str> = UNUSED.iter().chain(formed).copied().collect();
        let count = ruled.len();
        ruled.sort_unstable();
        ruled.dedup();
        assert_eq!(ruled.len(), count);
        for country in ruled.iter().chain(&REGIONS) {
            assert!(rust_iso3166::from_alpha2(country).is_some(), "{country}");
        }
    }

    #[test]
    fn a_form_has_digits_letters_and_separators() {
        for form in FORMS.iter().flat_map(|(_, forms)| *forms) {
            assert!(form.bytes().all(|byte| b"NA -".contains(&byte)), "{form:?}");
        }
    }
}
