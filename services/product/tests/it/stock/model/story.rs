//! Stories: random sequences of operations on a few units of a few SKUs, shrunk to the shortest that fails.

use std::ops::Range;

use proptest::{collection::vec, prelude::*};

/// The SKUs of every story; `B` has two locations.
pub const SKUS: [&str; 3] = ["A", "B", "C"];
/// SKU, location, priority, units at the beginning.
pub const LEVELS: [(&str, &str, i16, i64); 4] = [
    ("A", "main", 0, 4),
    ("B", "main", 0, 2),
    ("B", "east", 1, 2),
    ("C", "main", 0, 3),
];
pub const REQUESTS: Range<u8> = 0..4;
pub const ORDERS: Range<u8> = 0..6;
const TRANSFERS: Range<u8> = 0..4;

/// Units of SKUs, by their place in [`SKUS`].
pub type Basket = Vec<(usize, u32)>;

#[derive(Clone, Debug)]
pub enum Command {
    Reserve(Vec<Asked>),
    Commit(Vec<u8>),
    Extend(Vec<u8>),
    /// With `committed`, as an order is cancelled.
    Release {
        orders: Vec<u8>,
        committed: bool,
    },
    /// A hold expires.
    RunOut(u8),
    Sweep,
    /// By the index of the stock level.
    Adjust {
        level: usize,
        delta: i64,
        force: bool,
    },
    Ship(Vec<Transfer>),
    Return(Vec<Transfer>),
    /// An earlier operation, this many places before, is repeated late.
    Again(usize),
}

#[derive(Clone, Debug)]
pub struct Asked {
    pub request: u8,
    pub order: u8,
    pub basket: Basket,
}

#[derive(Clone, Debug)]
pub struct Transfer {
    pub id: u8,
    pub order: u8,
    pub basket: Basket,
}

/// The operations, one after the other.
pub fn story() -> impl Strategy<Value = Vec<Command>> {
    vec(command(), 1..40)
}

fn command() -> impl Strategy<Value = Command> {
    let orders = || vec(prop_oneof![5 => REQUESTS, 1 => ORDERS], 1..4);
    prop_oneof![
        6 => vec(asked(), 1..4).prop_map(Command::Reserve),
        5 => orders().prop_map(Command::Commit),
        2 => orders().prop_map(Command::Extend),
        3 => (orders(), any::<bool>()).prop_map(|(orders, committed)| Command::Release { orders, committed }),
        3 => ORDERS.prop_map(Command::RunOut),
        2 => Just(Command::Sweep),
        2 => (0..LEVELS.len(), -4_i64..4, any::<bool>())
            .prop_filter("an adjustment moves something", |(_, delta, _)| *delta != 0)
            .prop_map(|(level, delta, force)| Command::Adjust { level, delta, force }),
        5 => vec(transfer(), 1..3).prop_map(Command::Ship),
        3 => vec(transfer(), 1..3).prop_map(Command::Return),
        5 => (1_usize..10).prop_map(Command::Again),
    ]
}

/// Most requests have an order id of their own; a retry has a fresh one, and a defective caller that of another order.
fn asked() -> impl Strategy<Value = Asked> {
    let ids = prop_oneof![
        8 => REQUESTS.prop_map(|request| (request, request)),
        1 => (REQUESTS, REQUESTS.end..ORDERS.end),
        1 => (REQUESTS, ORDERS),
    ];
    (ids, basket(3)).prop_map(|((request, order), basket)| Asked {
        request,
        order,
        basket,
    })
}

/// Usually small, so that the order has as many units.
fn transfer() -> impl Strategy<Value = Transfer> {
    let basket = prop_oneof![
        4 => (0..SKUS.len()).prop_map(|sku| vec![(sku, 1)]),
        1 => basket(2),
    ];
    let order = prop_oneof![4 => REQUESTS, 1 => ORDERS];
    (TRANSFERS, order, basket).prop_map(|(id, order, basket)| Transfer { id, order, basket })
}

fn basket(most: u32) -> impl Strategy<Value = Basket> {
    vec((0..SKUS.len(), 1..=most), 1..4)
}
