//! An order about to be written: what product holds, as the order's lines.

use std::time::Duration;

use money::MoneyError;

use super::HeldLine;
use crate::{
    orders::model::{NewEvent, OrderLine, Totals},
    payments::model::NewPayment,
    saga::model::{Step, Turn},
    values::{Actor, EventType, Fingerprint, Note, OrderId, RequestIdentity, ShippingAddress},
};

/// An order about to be written, together with the request that it answers.
#[derive(Clone, Debug)]
pub struct NewOrder {
    pub id: OrderId,
    pub identity: RequestIdentity,
    pub fingerprint: Fingerprint,
    pub lines: Vec<OrderLine>,
    pub totals: Totals,
    pub shipping_address: Option<ShippingAddress>,
    pub note: Option<Note>,
    /// How long it may wait for its payment; `None`: there is nothing to pay.
    pub pay_within: Option<Duration>,
    /// The payment that begins with it.
    pub payment: Option<NewPayment>,
}

impl NewOrder {
    /// How long an order may be neither confirmed nor cancelled before it needs attention.
    const DEADLINE: Duration = Duration::from_mins(1);
    /// The same after the time to pay: a payment that began in time may take a little longer.
    const UNPAID_DEADLINE: Duration = Duration::from_mins(10);

    /// Where nothing is to be paid, the process that places the order takes its saga as it writes it.
    pub fn first_turn(&self) -> Option<Turn> {
        self.pay_within.is_none().then(|| Turn::first(self.id))
    }

    /// What its saga does first.
    pub const fn first_step(&self) -> Step {
        match self.pay_within {
            Some(_) => Step::ExtendHold,
            None => Step::CommitHold,
        }
    }

    /// The event of its first version.
    pub fn created(&self) -> NewEvent {
        let customer = self.identity.principal;
        NewEvent::new(EventType::OrderCreated, Actor::Customer(customer))
            .with("user_id", customer.0.to_string())
            .with("currency", self.totals.currency().code())
            .with("total_minor", self.totals.total.minor)
    }

    /// After which its saga counts as stuck.
    pub fn deadline(&self) -> Duration {
        self.pay_within
            .map_or(Self::DEADLINE, |within| within + Self::UNPAID_DEADLINE)
    }
}

impl TryFrom<HeldLine> for OrderLine {
    type Error = MoneyError;

    fn try_from(held: HeldLine) -> Result<Self, MoneyError> {
        Ok(Self {
            total: held.unit_price.checked_mul(held.quantity.get())?,
            product_id: held.product_id,
            vendor_id: held.vendor_id,
            sku: held.sku,
            name: held.name,
            unit_price: held.unit_price,
            quantity: held.quantity,
        })
    }
}

#[cfg(test)]
mod tests {
    use money::Money;
    use uuid::Uuid;

    use super::*;
    use crate::values::{ProductId, Quantity, Sku, UserId};

    fn line(price: i64, units: u32) -> Result<OrderLine, MoneyError> {
        OrderLine::try_from(HeldLine {
            product_id: ProductId(Uuid::nil()),
            vendor_id: UserId(Uuid::nil()),
            sku: Sku::try_from("MUG".to_owned()).unwrap(),
            name: "Mug".to_owned(),
            unit_price: Money::new(price, "USD".parse().unwrap()),
            quantity: Quantity::try_from(units).unwrap(),
        })
    }

    #[test]
    fn totals_are_the_sum_of_the_lines_and_never_overflow() {
        let currency = "USD".parse().unwrap();
        let lines = [line(999, 2).unwrap(), line(1, 3).unwrap()];
        assert_eq!(Totals::of(&lines, currency).unwrap().total.minor, 2_001);
        assert_eq!(line(i64::MAX, 2), Err(MoneyError::TooLarge));
        let huge = [line(i64::MAX, 1).unwrap(), line(1, 1).unwrap()];
        assert_eq!(Totals::of(&huge, currency), Err(MoneyError::TooLarge));
        assert_eq!(
            Totals::of(&lines, "EUR".parse().unwrap()),
            Err(MoneyError::CurrencyMismatch)
        );
    }
}
