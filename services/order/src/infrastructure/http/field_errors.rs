//! Fields of a body that break a rule, gathered while the others are read: the response names all of them.

use money::{Amount, Currency, Money};
use web::{FieldError, Problem};

#[derive(Default)]
pub struct FieldErrors(pub Vec<FieldError>);

impl FieldErrors {
    pub fn check(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Problem::invalid(self.0))
        }
    }

    /// The value of a field, or `None` if it breaks a rule.
    pub fn keep<T, E: ToString>(
        &mut self,
        pointer: impl Into<String>,
        result: Result<T, E>,
    ) -> Option<T> {
        result
            .map_err(|error| {
                self.0
                    .push(FieldError::new(pointer, "invalid", error.to_string()));
            })
            .ok()
    }

    /// A text that may be absent; a blank one is absent too, as forms send it.
    pub fn optional<T: TryFrom<String, Error: ToString>>(
        &mut self,
        pointer: &str,
        text: Option<String>,
    ) -> Option<T> {
        let text = text.filter(|text| !text.trim().is_empty())?;
        self.keep(pointer, T::try_from(text))
    }

    /// An amount of at least this many minor units; `refusal` says so.
    pub fn amount(
        &mut self,
        pointer: &str,
        amount: &Amount,
        currency: Currency,
        least: i64,
        refusal: &str,
    ) -> Option<Money> {
        let refusal = match amount.in_currency(currency) {
            Ok(money) if money.minor >= least => return Some(money),
            Ok(_) => refusal.to_owned(),
            Err(error) => error.to_string(),
        };
        self.0
            .push(FieldError::new(pointer, "invalid_amount", refusal));
        None
    }
}
