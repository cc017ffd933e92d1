//! A telephone number, as a person writes it for a carrier.

/// Up to 15 digits (E.164), with or without the country's code and the usual separators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phone(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "expected a telephone number such as +44 20 7946 0958: 4 to 15 digits, and at most {} characters",
    Phone::MAX
)]
pub struct PhoneError;

impl Phone {
    pub const MAX: usize = 32;

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A number from the database, which may have been accepted under earlier rules.
    pub fn stored(text: String) -> Self {
        Self(text)
    }
}

impl TryFrom<String> for Phone {
    type Error = PhoneError;

    fn try_from(text: String) -> Result<Self, PhoneError> {
        let text = text.trim();
        let number = text.strip_prefix('+').unwrap_or(text);
        let digits = number.bytes().filter(u8::is_ascii_digit).count();
        let formed = number
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b" ()-./".contains(&byte));
        if formed && (4..=15).contains(&digits) && text.len() <= Self::MAX {
            Ok(Self(text.to_owned()))
        } else {
            Err(PhoneError)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_have_the_usual_separators() {
        for text in [
            "+44 20 7946 0958",
            "(030) 123-456/7",
            " 110.22 ",
            "+123456789012345",
        ] {
            let phone = Phone::try_from(text.to_owned()).unwrap();
            assert_eq!(phone.as_str(), text.trim());
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let long = format!("1234{}5", " ".repeat(28));
        for text in [
            "",
            "+",
            "123",
            "1234567890123456",
            "++4412345",
            "44+12345",
            "0800-FLOWERS",
            "１２３４５",
            "123\n45",
            &long,
        ] {
            assert_eq!(Phone::try_from(text.to_owned()), Err(PhoneError), "{text}");
        }
    }
}
