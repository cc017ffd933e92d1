//! How many stacks are worked on at a time. One place more is kept for stacks whose spec has not been answered yet, so that
//! a new one does not wait behind hundreds that stand still.

use tokio::sync::{Semaphore, SemaphorePermit};

#[derive(Debug)]
pub struct Slots {
    all: Semaphore,
    /// All but one.
    of_answered: Semaphore,
}

/// A place, until it is dropped.
#[derive(Debug)]
pub struct Slot<'a> {
    _any: SemaphorePermit<'a>,
    _of_answered: Option<SemaphorePermit<'a>>,
}

impl Slots {
    pub fn new(count: u16) -> Self {
        let count = usize::from(count);
        Self {
            all: Semaphore::new(count + 1),
            of_answered: Semaphore::new(count),
        }
    }

    /// Waits for a place, each kind of stack in the order of asking; nothing once they are closed.
    pub async fn take(&self, is_answered: bool) -> Option<Slot<'_>> {
        let of_answered = if is_answered {
            Some(self.of_answered.acquire().await.ok()?)
        } else {
            None
        };
        Some(Slot {
            _any: self.all.acquire().await.ok()?,
            _of_answered: of_answered,
        })
    }

    /// Sends those away who wait.
    pub fn close(&self) {
        self.of_answered.close();
        self.all.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    #[test]
    fn a_new_stack_finds_a_place_although_all_that_others_may_have_are_taken() {
        let slots = Slots::new(3);
        let take = |is_answered| slots.take(is_answered).now_or_never().flatten();
        let taken: Vec<_> = (0..3).map(|_| take(true).unwrap()).collect();
        let mut waiting = Box::pin(slots.take(true));
        assert!(waiting.as_mut().now_or_never().is_none());
        let newcomer = take(false).unwrap();
        assert!(take(false).is_none(), "four are taken");
        // A stream of new ones does not keep the others waiting permanently.
        let mut next = Box::pin(slots.take(false));
        assert!(next.as_mut().now_or_never().is_none());
        drop(taken);
        assert!(waiting.as_mut().now_or_never().flatten().is_some());
        drop(newcomer);
        assert!(next.as_mut().now_or_never().flatten().is_some());
    }

    #[test]
    fn those_who_wait_are_sent_away() {
        let slots = Slots::new(1);
        let _slot = slots.take(true).now_or_never().flatten().unwrap();
        let mut waiting = Box::pin(slots.take(true));
        assert!(waiting.as_mut().now_or_never().is_none());
        slots.close();
        assert!(waiting.now_or_never().unwrap().is_none());
    }
}
