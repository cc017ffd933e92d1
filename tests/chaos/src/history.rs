//! A checker of linearizability: whether the calls of clients for one SKU can be ordered so that each took effect at one
//! moment between its call and its answer. It is the algorithm of Wing and Gong with Lowe's cache of visited states, as in
//! porcupine.

use std::collections::{BTreeMap, HashSet};

/// A call for one SKU. Orders are numbers here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Reserve { order: u32, quantity: i64 },
    Commit { order: u32 },
    Release { order: u32 },
    Adjust { delta: i64 },
    Read,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Held,
    OutOfStock,
    Committed,
    Released,
    Gone,
    BelowCommitted,
    Counts {
        on_hand: i64,
        held: i64,
        allocated: i64,
    },
    /// There was no answer: the call may have taken effect at any later moment, or never.
    Unknown,
}

/// A call with its answer. Times are of any monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub call: Call,
    pub answer: Answer,
    pub called: u64,
    pub answered: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Hold {
    Held(i64),
    Committed(i64),
    Released,
}

/// The sequential model of the stock of one SKU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Stock {
    on_hand: i64,
    held: i64,
    allocated: i64,
    holds: BTreeMap<u32, Hold>,
}

impl Stock {
    fn counts(&self) -> Answer {
        Answer::Counts {
            on_hand: self.on_hand,
            held: self.held,
            allocated: self.allocated,
        }
    }

    /// The answer to a call, and the stock after it.
    fn apply(&self, call: Call) -> (Answer, Self) {
        let mut next = self.clone();
        let answer = match call {
            Call::Reserve { order, quantity } => match self.holds.get(&order) {
                Some(Hold::Released) => Answer::Gone,
                Some(Hold::Held(_) | Hold::Committed(_)) => Answer::Held,
                None if self.on_hand - self.held - self.allocated < quantity => Answer::OutOfStock,
                None => {
                    next.held += quantity;
                    next.holds.insert(order, Hold::Held(quantity));
                    Answer::Held
                }
            },
            Call::Commit { order } => match self.holds.get(&order) {
                Some(Hold::Held(quantity)) => {
                    next.held -= quantity;
                    next.allocated += quantity;
                    next.holds.insert(order, Hold::Committed(*quantity));
                    Answer::Committed
                }
                Some(Hold::Committed(_)) => Answer::Committed,
                Some(Hold::Released) | None => Answer::Gone,
            },
            Call::Release { order } => match self.holds.get(&order) {
                Some(Hold::Committed(_)) => Answer::Committed,
                Some(Hold::Held(quantity)) => {
                    next.held -= quantity;
                    next.holds.insert(order, Hold::Released);
                    Answer::Released
                }
                Some(Hold::Released) => Answer::Released,
                None => {
                    next.holds.insert(order, Hold::Released);
                    Answer::Released
                }
            },
            Call::Adjust { delta } if self.on_hand + delta < self.held + self.allocated => {
                Answer::BelowCommitted
            }
            Call::Adjust { delta } => {
                next.on_hand += delta;
                next.counts()
            }
            Call::Read => self.counts(),
        };
        (answer, next)
    }
}

/// Whether there is such an order of the calls, which starts with `on_hand` available units.
pub fn is_linearizable(on_hand: i64, history: &[Operation]) -> bool {
    let mut operations = history.to_vec();
    operations.sort_by_key(|operation| operation.called);
    let stock = Stock {
        on_hand,
        ..Stock::default()
    };
    let mut search = Search {
        done: vec![false; operations.len()],
        operations,
        visited: HashSet::new(),
    };
    search.explains(&stock, 0)
}

struct Search {
    operations: Vec<Operation>,
    done: Vec<bool>,
    /// The sets of calls that had been ordered, with the stock after them, from which the search failed.
    visited: HashSet<(Vec<bool>, Stock)>,
}

impl Search {
    /// Whether the remaining calls can be ordered; all calls before `first` have been.
    fn explains(&mut self, stock: &Stock, mut first: usize) -> bool {
        while self.done.get(first) == Some(&true) {
            first += 1;
        }
        let open = || (first..self.operations.len()).filter(|place| !self.done[*place]);
        // A call that began after the answer to another comes after it.
        let known = open().filter(|place| self.operations[*place].answer != Answer::Unknown);
        let Some(earliest) = known.map(|place| self.operations[place].answered).min() else {
            return true;
        };
        let mut candidates: Vec<usize> = open()
            .take_while(|place| self.operations[*place].called <= earliest)
            .collect();
        // Calls that may never have taken effect are tried last.
        candidates.sort_by_key(|place| self.operations[*place].answer == Answer::Unknown);
        for place in candidates {
            let Operation { call, answer, .. } = self.operations[place];
            let (given, next) = stock.apply(call);
            if answer != Answer::Unknown && answer != given {
                continue;
            }
            self.done[place] = true;
            if self
                .visited
                .insert((self.done[first..].to_vec(), next.clone()))
                && self.explains(&next, first)
            {
                return true;
            }
            self.done[place] = false;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(call: Call, answer: Answer, called: u64, answered: u64) -> Operation {
        Operation {
            call,
            answer,
            called,
            answered,
        }
    }

    fn reserve(order: u32, answer: Answer, called: u64, answered: u64) -> Operation {
        operation(
            Call::Reserve { order, quantity: 1 },
            answer,
            called,
            answered,
        )
    }

    fn read(on_hand: i64, held: i64, called: u64, answered: u64) -> Operation {
        let counts = Answer::Counts {
            on_hand,
            held,
            allocated: 0,
        };
        operation(Call::Read, counts, called, answered)
    }

    #[test]
    fn one_unit_is_sold_once() {
        let twice = [
            reserve(1, Answer::Held, 0, 10),
            reserve(2, Answer::Held, 5, 15),
        ];
        assert!(!is_linearizable(1, &twice), "oversold");
        assert!(is_linearizable(2, &twice));
        let once = [
            reserve(1, Answer::OutOfStock, 0, 10),
            reserve(2, Answer::Held, 5, 15),
        ];
        assert!(is_linearizable(1, &once));
        assert!(!is_linearizable(2, &once), "sold out too early");
    }

    #[test]
    fn an_answered_call_is_visible_to_later_calls() {
        let stale = [reserve(1, Answer::Held, 0, 10), read(1, 0, 11, 12)];
        assert!(!is_linearizable(1, &stale), "a stale read");
        let meanwhile = [reserve(1, Answer::Held, 0, 10), read(1, 0, 9, 12)];
        assert!(is_linearizable(1, &meanwhile));
    }

    #[test]
    fn a_call_without_an_answer_may_have_taken_effect_or_not() {
        for (held, possible) in [(0, true), (1, true), (2, false)] {
            let history = [reserve(1, Answer::Unknown, 0, 10), read(5, held, 20, 21)];
            assert_eq!(is_linearizable(5, &history), possible, "{held} held");
        }
        // It may take effect between two reads, and cannot be undone afterwards.
        let late = [
            reserve(1, Answer::Unknown, 0, 10),
            read(5, 0, 20, 21),
            read(5, 1, 30, 31),
        ];
        assert!(is_linearizable(5, &late));
        let back = [
            reserve(1, Answer::Unknown, 0, 10),
            read(5, 1, 20, 21),
            read(5, 0, 30, 31),
        ];
        assert!(!is_linearizable(5, &back));
    }

    #[test]
    fn commits_and_releases_are_one_way() {
        let commit =
            |answer, called| operation(Call::Commit { order: 1 }, answer, called, called + 1);
        let release =
            |answer, called| operation(Call::Release { order: 1 }, answer, called, called + 1);
        let held = reserve(1, Answer::Held, 0, 1);
        assert!(is_linearizable(
            1,
            &[
                held,
                commit(Answer::Committed, 2),
                release(Answer::Committed, 4)
            ]
        ));
        assert!(is_linearizable(
            1,
            &[held, release(Answer::Released, 2), commit(Answer::Gone, 4)]
        ));
        assert!(!is_linearizable(
            1,
            &[
                held,
                release(Answer::Released, 2),
                commit(Answer::Committed, 4)
            ]
        ));
        assert!(is_linearizable(
            1,
            &[release(Answer::Released, 0), reserve(1, Answer::Gone, 2, 3)]
        ));
    }
}
