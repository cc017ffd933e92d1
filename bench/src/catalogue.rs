//! The contents of the template database, which are the same for every leg: see `sql/product.sql`.

use uuid::Uuid;

/// The number of products with more units than any run sells.
pub const PRODUCTS: u32 = 10_000;
/// The number of products with a few units each: they are sold out soon and requested all the same.
pub const SCARCE: u32 = 100;
pub const SCARCE_UNITS: u32 = 5;
/// The number of orders in the template.
pub const ORDERS: u32 = 100_000;
pub const CUSTOMERS: u32 = 2_000;

/// A product by its number: 1 to `PRODUCTS` are plentiful, the next `SCARCE` are not, and 1 is the hot product.
pub fn sku(number: u32) -> String {
    if number <= PRODUCTS {
        format!("P{number:05}")
    } else {
        format!("SCARCE-{:03}", number - PRODUCTS)
    }
}

pub fn product_id(number: u32) -> Uuid {
    Uuid::from_u64_pair(0x7000, (0x8000_u64 << 48) | u64::from(number))
}

pub fn customer_id(number: u32) -> Uuid {
    Uuid::from_u64_pair(0xc000_0000_7000, (0x8000_u64 << 48) | u64::from(number))
}

/// An order of the template by its number, 1 to `ORDERS`. Number n belongs to customer n % `CUSTOMERS`.
pub fn template_order_id(number: u32) -> Uuid {
    Uuid::from_u64_pair(
        0x0190_0000_0000_7000,
        (0x9000_u64 << 48) | u64::from(number),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_template() {
        assert_eq!(sku(1), "P00001");
        assert_eq!(sku(10_001), "SCARCE-001");
        // As sql/product.sql builds it.
        assert_eq!(
            product_id(255).to_string(),
            "00000000-0000-7000-8000-0000000000ff"
        );
        // As sql/order.sql builds it.
        assert_eq!(
            template_order_id(2_000).to_string(),
            "01900000-0000-7000-9000-0000000007d0"
        );
    }
}
