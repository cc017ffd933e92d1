//! How a customer pays: the method that they name, at whose provider, and what a provider says about it.

use serde::Serialize;

use crate::values::{states::states, text::shown};

states! {
    /// A payment provider; an order that needs none has none of these. Mock: ours, for trying out and for tests: no money
    /// moves.
    ProviderName { Mock = "mock" }
}

/// `[a-z0-9_]{1,64}`: a name that the provider knows, or a token that it made for a card.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct PaymentMethod(String);

/// What a provider calls its side of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProviderReference(String);

/// Why a provider refused, as a word that programs can read, such as `card_declined`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RefusalReason(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PaymentNameError {
    #[error("a payment method must be 1 to 64 of the characters a-z, 0-9 and '_'")]
    Method,
    #[error("a provider's reference or reason must be 1 to 255 printable ASCII characters")]
    Foreign,
}

impl TryFrom<String> for PaymentMethod {
    type Error = PaymentNameError;

    fn try_from(text: String) -> Result<Self, PaymentNameError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err(PaymentNameError::Method)
        }
    }
}

fn foreign(text: String) -> Result<String, PaymentNameError> {
    if (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(text)
    } else {
        Err(PaymentNameError::Foreign)
    }
}

impl TryFrom<String> for ProviderReference {
    type Error = PaymentNameError;

    fn try_from(text: String) -> Result<Self, PaymentNameError> {
        foreign(text).map(Self)
    }
}

impl TryFrom<String> for RefusalReason {
    type Error = PaymentNameError;

    fn try_from(text: String) -> Result<Self, PaymentNameError> {
        foreign(text).map(Self)
    }
}

shown!(PaymentMethod, ProviderReference, RefusalReason);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::UnknownName;

    #[test]
    fn names_are_narrow() {
        assert_eq!(
            PaymentMethod::try_from("mock_ok".to_owned())
                .unwrap()
                .as_str(),
            "mock_ok"
        );
        for text in ["", "Mock", "a b", "ü", "a\0", &"a".repeat(65)] {
            assert_eq!(
                PaymentMethod::try_from(text.to_owned()),
                Err(PaymentNameError::Method),
                "{text}"
            );
        }
        for text in ["", "a b", "ü", "a\n", &"a".repeat(256)] {
            assert_eq!(
                ProviderReference::try_from(text.to_owned()),
                Err(PaymentNameError::Foreign),
                "{text}"
            );
        }
        assert_eq!("mock".parse(), Ok(ProviderName::Mock));
        assert_eq!("none".parse::<ProviderName>(), Err(UnknownName));
    }
}
