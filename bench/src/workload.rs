//! The mix of orders: 1 to 3 lines, 2 % with a scarce product, 1 % that repeat an earlier request.

use rand::{RngExt, SeedableRng, rngs::SmallRng};
use serde::{Deserialize, Serialize};

use crate::catalogue::{CUSTOMERS, PRODUCTS, SCARCE, sku};

const MOST_LINES: u32 = 3;
const MOST_UNITS: u32 = 2;
const SCARCE_PER_MILLE: u32 = 20;
const REPLAYS_PER_MILLE: u32 = 10;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mix {
    /// Each line is of any product.
    Uniform,
    /// One line is of the hot product, the others are of any.
    Hot,
}

/// An order that a customer requests; its lines are of different products.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOrder {
    pub customer: u32,
    pub lines: Vec<Line>,
}

/// The number of a product, and units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Line(pub u32, pub u32);

#[derive(Clone, Debug)]
pub struct Workload {
    mix: Mix,
    random: SmallRng,
}

impl Workload {
    pub fn new(mix: Mix, seed: u64) -> Self {
        Self {
            mix,
            random: SmallRng::seed_from_u64(seed),
        }
    }

    pub fn order(&mut self) -> NewOrder {
        let random = &mut self.random;
        let count = random.random_range(1..=MOST_LINES);
        let mut products: Vec<u32> = match self.mix {
            Mix::Uniform => Vec::new(),
            Mix::Hot => vec![1],
        };
        while products.len() < count as usize {
            let product = random.random_range(1..=PRODUCTS);
            if !products.contains(&product) {
                products.push(product);
            }
        }
        if random.random_ratio(SCARCE_PER_MILLE, 1_000) {
            // It replaces the last product: a hot order stays hot unless it has only one line.
            let scarce = PRODUCTS + random.random_range(1..=SCARCE);
            products.pop();
            products.push(scarce);
        }
        let lines = products
            .into_iter()
            .map(|product| Line(product, random.random_range(1..=MOST_UNITS)))
            .collect();
        NewOrder {
            customer: random.random_range(0..CUSTOMERS),
            lines,
        }
    }

    /// Which of `earlier` requests the next one repeats; `None` if it repeats none.
    pub fn replay(&mut self, earlier: usize) -> Option<usize> {
        let repeats = self.random.random_ratio(REPLAYS_PER_MILLE, 1_000) && earlier > 0;
        repeats.then(|| self.random.random_range(0..earlier))
    }
}

impl NewOrder {
    /// The body of `POST /orders`.
    pub fn body(&self) -> String {
        let item = |Line(product, units): &Line| {
            format!(r#"{{"sku":"{}","quantity":{units}}}"#, sku(*product))
        };
        let items: Vec<String> = self.lines.iter().map(item).collect();
        format!(
            r#"{{"items":[{}],"shipping_address":{{"name":"Ada Lovelace","line1":"12 St James's Square","city":"London","postal_code":"SW1Y 4JH","country":"GB"}}}}"#,
            items.join(",")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDERS: u32 = 100_000;

    fn share(count: usize) -> f64 {
        f64::from(u32::try_from(count).unwrap()) / f64::from(ORDERS)
    }

    #[test]
    fn the_uniform_mix_has_the_documented_shares() {
        let mut workload = Workload::new(Mix::Uniform, 1);
        let orders: Vec<NewOrder> = (0..ORDERS).map(|_| workload.order()).collect();
        for lines in 1..=3 {
            let of_that_length = orders.iter().filter(|order| order.lines.len() == lines);
            assert!((0.32..0.345).contains(&share(of_that_length.count())));
        }
        let scarce = |line: &Line| line.0 > PRODUCTS;
        let with_scarce = orders.iter().filter(|order| order.lines.iter().any(scarce));
        assert!((0.018..0.022).contains(&share(with_scarce.count())));
        let mut different: Vec<u32> = orders
            .iter()
            .flat_map(|order| order.lines.iter().map(|line| line.0))
            .collect();
        different.sort_unstable();
        different.dedup();
        assert_eq!(different.len(), (PRODUCTS + SCARCE) as usize);
    }

    #[test]
    fn every_hot_order_names_the_hot_product_once() {
        let mut workload = Workload::new(Mix::Hot, 1);
        let hot = (0..ORDERS)
            .map(|_| workload.order())
            .filter(|order| order.lines.iter().filter(|line| line.0 == 1).count() == 1);
        // A scarce product replaced the only line of the others.
        assert!((0.99..0.997).contains(&share(hot.count())));
    }

    #[test]
    fn lines_are_of_different_products() {
        let mut workload = Workload::new(Mix::Hot, 3);
        for _ in 0..ORDERS {
            let mut products: Vec<u32> = workload.order().lines.iter().map(|line| line.0).collect();
            let lines = products.len();
            products.sort_unstable();
            products.dedup();
            assert_eq!(products.len(), lines);
        }
    }

    #[test]
    fn one_request_in_a_hundred_repeats_an_earlier_one() {
        let mut workload = Workload::new(Mix::Uniform, 1);
        assert_eq!(workload.replay(0), None);
        let replays = (0..ORDERS)
            .filter_map(|_| workload.replay(5))
            .inspect(|place| assert!(*place < 5));
        assert!((0.009..0.011).contains(&share(replays.count())));
    }
}
