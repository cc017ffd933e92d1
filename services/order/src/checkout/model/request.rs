//! What a customer asks for, checked, with lines of the same product made one.

use money::Money;
use serde::Serialize;

use crate::{
    payments::model::PaymentMethod,
    values::{Note, ProductId, Quantity, ShippingAddress, Sku},
};

/// A request for an order. Its serialised form is what its fingerprint is made of: fields may be added only
/// where absent ones leave no trace, or a retry across an upgrade would look like another request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderRequest {
    pub lines: RequestedLines,
    /// Shops may do without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<ShippingAddress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// What the customer saw as the total.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_total: Option<Money>,
    /// Pays at once; else the order waits for its payment (ORDERS 24).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<PaymentMethod>,
}

/// How a customer names a product.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductReference {
    ProductId(ProductId),
    Sku(Sku),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestedLine {
    pub product: ProductReference,
    pub quantity: Quantity,
    /// Which of the customer's items this line is made of.
    #[serde(skip)]
    pub positions: Vec<usize>,
}

/// 1 to 50 lines, each of another reference, in the order in which they were asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RequestedLines(Vec<RequestedLine>);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum LinesError {
    #[error("an order must have 1 to 50 items")]
    Count,
    #[error("the items of one product add up to more than 10,000 units")]
    TooManyUnits { position: usize },
}

impl RequestedLines {
    pub const MAX: usize = 50;

    pub fn try_new(items: Vec<(ProductReference, Quantity)>) -> Result<Self, LinesError> {
        if !(1..=Self::MAX).contains(&items.len()) {
            return Err(LinesError::Count);
        }
        let mut lines: Vec<RequestedLine> = Vec::with_capacity(items.len());
        for (position, (product, quantity)) in items.into_iter().enumerate() {
            if let Some(line) = lines.iter_mut().find(|line| line.product == product) {
                line.quantity = line
                    .quantity
                    .checked_add(quantity)
                    .map_err(|_| LinesError::TooManyUnits { position })?;
                line.positions.push(position);
            } else {
                lines.push(RequestedLine {
                    product,
                    quantity,
                    positions: vec![position],
                });
            }
        }
        Ok(Self(lines))
    }

    pub fn as_slice(&self) -> &[RequestedLine] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(sku: &str, units: u32) -> (ProductReference, Quantity) {
        (
            ProductReference::Sku(Sku::try_from(sku.to_owned()).unwrap()),
            Quantity::try_from(units).unwrap(),
        )
    }

    #[test]
    fn items_of_the_same_product_become_one_line() {
        let lines =
            RequestedLines::try_new(vec![item("mug", 1), item("cup", 2), item("MUG", 3)]).unwrap();
        let seen: Vec<_> = lines
            .as_slice()
            .iter()
            .map(|line| (line.quantity.get(), line.positions.clone()))
            .collect();
        assert_eq!(seen, [(4, vec![0, 2]), (2, vec![1])]);
    }

    #[test]
    fn too_many_items_or_units_are_refused() {
        assert_eq!(RequestedLines::try_new(Vec::new()), Err(LinesError::Count));
        let crowd = (0..51).map(|index| item(&format!("S{index}"), 1)).collect();
        assert_eq!(RequestedLines::try_new(crowd), Err(LinesError::Count));
        let heap = vec![item("mug", 10_000), item("mug", 1)];
        assert_eq!(
            RequestedLines::try_new(heap),
            Err(LinesError::TooManyUnits { position: 1 })
        );
    }
}
