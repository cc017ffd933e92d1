//! Work whose panic is its own failure, and not that of the task that it is done in.

use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    task::Poll,
};

use crate::Bisection;

/// What a panic said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("panicked: {0}")]
pub struct Panicked(pub(crate) String);

impl Panicked {
    pub(crate) fn counted(task: &'static str, payload: &(dyn Any + Send)) -> Self {
        metrics::counter!("ecommercestack_background_panics_total", "task" => task).increment(1);
        let text = payload
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| payload.downcast_ref::<String>().cloned());
        Self(text.unwrap_or_else(|| "without a message".to_owned()))
    }
}

/// Does some work of a task: a panic in it is counted, and does not end the task. What the work holds is dropped then, so
/// its transactions are rolled back.
pub async fn isolated<T>(task: &'static str, work: impl Future<Output = T>) -> Result<T, Panicked> {
    // On the heap: a round of a loop that isolates its items is no larger than one that does not.
    let mut work = Box::pin(work);
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(polled) => polled.map(Ok),
            Err(payload) => Poll::Ready(Err(Panicked::counted(task, &*payload))),
        },
    )
    .await
}

/// Handles a batch whole. Where that panics, its halves are handled, down to the items at fault, which are returned with their
/// panics. So `handle` may meet an item more than once.
pub async fn isolating<'a, T, R, F: Future<Output = R>>(
    task: &'static str,
    batch: &'a [T],
    handle: impl Fn(&'a [T]) -> F,
) -> (Vec<R>, Vec<(&'a T, Panicked)>) {
    let (mut done, mut at_fault) = (Vec::new(), Vec::new());
    let mut bisection = Bisection::over(batch.len());
    while let Some(range) = bisection.next() {
        let part = &batch[range.clone()];
        // The call itself may panic, before there is a future.
        match isolated(task, async { handle(part).await }).await {
            Ok(result) => done.push(result),
            Err(panicked) => {
                if !bisection.split(&range) {
                    at_fault.extend(part.iter().map(|item| (item, panicked.clone())));
                }
            }
        }
    }
    (done, at_fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_the_failure_of_the_work_alone() {
        let borrowed = String::from("borrowed");
        let work = async {
            tokio::task::yield_now().await;
            borrowed.len()
        };
        assert_eq!(isolated("test", work).await, Ok(8));
        let broken = async {
            tokio::task::yield_now().await;
            assert!(borrowed.is_empty(), "on purpose");
        };
        let panicked = isolated("test", broken).await;
        assert_eq!(panicked, Err(Panicked("on purpose".to_owned())));
    }

    #[tokio::test]
    async fn items_at_fault_are_found_and_the_others_are_handled_once() {
        let batch: Vec<u32> = (0..100).collect();
        let handle = |part: &'static [u32]| async move {
            tokio::task::yield_now().await;
            assert!(!part.contains(&7) && !part.contains(&70), "on purpose");
            part.to_vec()
        };
        let (done, at_fault) = isolating("test", batch.leak(), handle).await;
        let at_fault: Vec<u32> = at_fault.into_iter().map(|(item, _)| *item).collect();
        assert_eq!(at_fault, [7, 70]);
        let mut done = done.concat();
        done.sort_unstable();
        let others: Vec<u32> = (0..100).filter(|item| !at_fault.contains(item)).collect();
        assert_eq!(done, others);
        let (done, at_fault) = isolating("test", &[], handle).await;
        assert!(done.is_empty() && at_fault.is_empty());
    }
}
