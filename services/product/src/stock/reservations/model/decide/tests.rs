//! Who gets what, without a database.

use std::num::NonZeroU32;

use chrono::DateTime;
use uuid::Uuid;

use super::*;
use crate::{
    catalog::products::model::Name,
    stock::reservations::model::{Hash, Wanted},
};

fn offer(sku: &str, price_minor: i64) -> Offer {
    let id = Uuid::from_u128(sku.bytes().fold(0, |id, byte| id << 8 | u128::from(byte)));
    Offer {
        product_id: id,
        vendor_id: Uuid::nil(),
        sku: sku.to_owned().try_into().unwrap(),
        name: Name::try_from(sku.to_owned()).unwrap(),
        price_minor,
        orderable: true,
    }
}

fn level(sku: &str, location: &str, priority: i16, on_hand: i64) -> StockLevel {
    StockLevel {
        sku: sku.to_owned().try_into().unwrap(),
        location: location.into(),
        priority,
        on_hand,
        held: 0,
        allocated: 0,
    }
}

fn order(number: u8, lines: &[(&str, u32)]) -> Reservation {
    Reservation {
        request_key: Hash([number; 32]),
        fingerprint: Hash([number; 32]),
        order_id: Uuid::from_u128(u128::from(number)),
        hold_seconds: 60,
        expected_total_minor: None,
        lines: lines
            .iter()
            .map(|(sku, quantity)| Wanted {
                item: Item::Sku((*sku).to_owned()),
                quantity: NonZeroU32::new(*quantity).unwrap(),
            })
            .collect(),
    }
}

fn known(number: u8, state: HoldState) -> KnownHold {
    KnownHold {
        order_id: Uuid::from_u128(u128::from(number)),
        request_key: Some(Hash([number; 32])),
        fingerprint: Some(Hash([number; 32])),
        state,
        expires_at: DateTime::UNIX_EPOCH,
        total_minor: 0,
    }
}

fn short(sku: &str, requested: i64, available: i64) -> Decision {
    let sku = sku.to_owned().try_into().unwrap();
    Decision::Refuse(Verdict::OutOfStock {
        lines: vec![ShortLine {
            sku,
            requested,
            available,
        }],
    })
}

fn takes(decision: &Decision) -> Vec<(String, i64)> {
    match decision {
        Decision::Hold(hold) => hold
            .lines
            .iter()
            .flat_map(|line| &line.takes)
            .map(|take| (take.location.clone(), take.quantity))
            .collect(),
        Decision::SameAs(_) | Decision::Known(_) | Decision::Refuse(_) => Vec::new(),
    }
}

#[test]
fn a_refused_order_takes_nothing_from_the_next() {
    let offers = [offer("A", 100), offer("B", 200)];
    let levels = [level("A", "main", 0, 5), level("B", "main", 0, 0)];
    let batch = [
        order(1, &[("A", 5), ("B", 1)]),
        order(2, &[("A", 3)]),
        order(3, &[("A", 3)]),
        order(4, &[("A", 2)]),
    ];
    let decisions = decide(
        &batch,
        Facts {
            offers: &offers,
            levels: &levels,
            holds: &[],
        },
    );
    assert_eq!(decisions[0], short("B", 1, 0));
    assert_eq!(takes(&decisions[1]), [("main".to_owned(), 3)]);
    assert_eq!(
        decisions[2],
        short("A", 3, 2),
        "the third finds what the second left"
    );
    assert_eq!(takes(&decisions[3]), [("main".to_owned(), 2)]);
}

#[test]
fn lines_fill_by_priority_and_may_split() {
    let offers = [offer("A", 100)];
    let levels = [
        level("A", "east", 1, 10),
        level("A", "main", 0, 2),
        level("A", "west", 1, 10),
    ];
    let batch = [order(1, &[("A", 5)]), order(2, &[("a", 10)])];
    let decisions = decide(
        &batch,
        Facts {
            offers: &offers,
            levels: &levels,
            holds: &[],
        },
    );
    assert_eq!(
        takes(&decisions[0]),
        [("main".to_owned(), 2), ("east".to_owned(), 3)]
    );
    assert_eq!(
        takes(&decisions[1]),
        [("east".to_owned(), 7), ("west".to_owned(), 3)]
    );
}

#[test]
fn lines_of_one_product_are_one_line() {
    let offers = [offer("A", 100)];
    let levels = [level("A", "main", 0, 3)];
    let mut twice = order(1, &[("A", 2), ("a", 1)]);
    twice.lines.push(Wanted {
        item: Item::Product(offers[0].product_id),
        quantity: NonZeroU32::MIN,
    });
    let decisions = decide(
        &[twice],
        Facts {
            offers: &offers,
            levels: &levels,
            holds: &[],
        },
    );
    assert_eq!(decisions[0], short("A", 4, 3));
}

#[test]
fn what_is_not_in_the_catalogue_is_named_by_its_place() {
    let hidden = Offer {
        orderable: false,
        ..offer("B", 100)
    };
    let offers = [offer("A", 100), hidden];
    let levels = [level("A", "main", 0, 9), level("B", "main", 0, 9)];
    let batch = [order(1, &[("A", 1), ("B", 1), ("no such\0", 1)])];
    let decisions = decide(
        &batch,
        Facts {
            offers: &offers,
            levels: &levels,
            holds: &[],
        },
    );
    let lines = [(1, "B"), (2, "no such\0")]
        .map(|(index, sku)| UnknownLine::new(index, &Item::Sku(sku.into())));
    assert_eq!(
        decisions[0],
        Decision::Refuse(Verdict::UnknownProduct {
            lines: lines.into()
        })
    );
}

#[test]
fn another_total_than_expected_holds_nothing() {
    let offers = [offer("A", 150)];
    let levels = [level("A", "main", 0, 4)];
    let expecting = |total| Reservation {
        expected_total_minor: Some(total),
        ..order(1, &[("A", 2)])
    };
    let decided = |asked| {
        decide(
            &[asked],
            Facts {
                offers: &offers,
                levels: &levels,
                holds: &[],
            },
        )
        .remove(0)
    };
    assert_eq!(
        decided(expecting(299)),
        Decision::Refuse(Verdict::PriceChanged { total_minor: 300 })
    );
    assert_eq!(takes(&decided(expecting(300))).len(), 1);
}

#[test]
fn more_than_anybody_may_order_is_out_of_stock() {
    let offers = [offer("A", crate::catalog::products::model::MAX_PRICE_MINOR)];
    let levels = [level("A", "main", 0, 1_000_000_000)];
    let decided = |lines: &[(&str, u32)]| {
        decide(
            &[order(1, lines)],
            Facts {
                offers: &offers,
                levels: &levels,
                holds: &[],
            },
        )
        .remove(0)
    };
    assert_eq!(
        decided(&[("A", u32::MAX)]),
        short("A", i64::from(u32::MAX), MAX_QUANTITY)
    );
    // What names the same product counts together.
    assert_eq!(
        decided(&[("A", 10_000), ("A", 10_000)]),
        short("A", 20_000, MAX_QUANTITY)
    );
    assert_eq!(
        takes(&decided(&[("A", 9_999), ("A", 1)])),
        [("main".to_owned(), 10_000)]
    );
}

#[test]
fn a_request_that_was_here_before_gets_its_own_hold() {
    let offers = [offer("A", 100)];
    let levels = [level("A", "main", 0, 9)];
    let batch = [order(1, &[("A", 1)])];
    let decided = |holds: &[KnownHold], batch: &[Reservation]| {
        decide(
            batch,
            Facts {
                offers: &offers,
                levels: &levels,
                holds,
            },
        )
    };
    let refusal = |verdict| Decision::Refuse(verdict);
    for state in [HoldState::Held, HoldState::Committed] {
        assert_eq!(decided(&[known(1, state)], &batch), [Decision::Known(0)]);
    }
    for state in [HoldState::Released, HoldState::Expired, HoldState::Lost] {
        assert_eq!(
            decided(&[known(1, state)], &batch),
            [refusal(Verdict::Gone)]
        );
    }
    let other = Reservation {
        fingerprint: Hash([9; 32]),
        ..order(1, &[("A", 1)])
    };
    assert_eq!(
        decided(&[known(1, HoldState::Held)], std::slice::from_ref(&other)),
        [refusal(Verdict::FingerprintMismatch)]
    );
    let tombstone = KnownHold {
        request_key: None,
        fingerprint: None,
        ..known(1, HoldState::Released)
    };
    assert_eq!(decided(&[tombstone], &batch), [refusal(Verdict::Gone)]);

    let twin = Reservation {
        order_id: Uuid::from_u128(7),
        ..order(1, &[("A", 1)])
    };
    let namesake = Reservation {
        order_id: Uuid::from_u128(1),
        ..order(8, &[("A", 1)])
    };
    let decisions = decided(&[], &[batch[0].clone(), twin, other, namesake]);
    assert_eq!(decisions[1], Decision::SameAs(0));
    assert_eq!(decisions[2], refusal(Verdict::FingerprintMismatch));
    assert_eq!(decisions[3], refusal(Verdict::FingerprintMismatch));
}

/// A retry comes with an order id of its own; what became of that one does not matter.
#[test]
fn a_retry_in_the_same_batch_meets_the_first_although_its_own_order_is_gone() {
    let (first, mut retry) = (order(1, &[("A", 1)]), order(2, &[("A", 1)]));
    (retry.request_key, retry.fingerprint) = (first.request_key, first.fingerprint);
    let tombstone = KnownHold {
        request_key: None,
        fingerprint: None,
        ..known(2, HoldState::Released)
    };
    let decided = decide(
        &[first, retry],
        Facts {
            offers: &[offer("A", 100)],
            levels: &[level("A", "main", 0, 9)],
            holds: &[tombstone],
        },
    );
    assert_eq!(decided[1], Decision::SameAs(0));
}
