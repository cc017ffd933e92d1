//! A task that does the same again and again.

use std::{error::Error, time::Duration};

use tokio::sync::watch;
use tracing::warn;

use crate::stopped_within;

/// What a round has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// More may be due: the next round follows at once.
    More,
    Done,
}

/// Does rounds until `stop`, with a pause after each that leaves nothing, or fails. Of failures in a row the first is logged.
pub async fn rounds<E: Error + 'static, F: Future<Output = Result<Round, E>>>(
    task: &'static str,
    pause: Duration,
    mut stop: watch::Receiver<bool>,
    mut round: impl FnMut() -> F,
) {
    let mut failing = false;
    while !*stop.borrow() {
        let done = round().await;
        let first = done.is_err() && !failing;
        failing = done.is_err();
        match done {
            Ok(Round::More) => continue,
            Err(error) if first => warn!(
                task,
                error = &error as &dyn Error,
                "a round failed; trying again"
            ),
            Ok(Round::Done) | Err(_) => {}
        }
        if stopped_within(&mut stop, pause).await {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, advance};

    use super::*;

    const PAUSE: Duration = Duration::from_secs(10);

    /// The seconds after the start at which rounds with these results begin; the last one stops the task.
    async fn begin(results: &[Result<Round, std::fmt::Error>]) -> Vec<u64> {
        let (signal, stop) = watch::channel(false);
        let (start, mut begun) = (Instant::now(), Vec::new());
        rounds("test", PAUSE, stop, || {
            begun.push(start.elapsed().as_secs());
            if begun.len() == results.len() {
                signal.send_replace(true);
            }
            std::future::ready(results[begun.len() - 1])
        })
        .await;
        begun
    }

    #[tokio::test(start_paused = true)]
    async fn a_round_follows_at_once_where_more_is_due_and_after_a_pause_otherwise() {
        let failed = Err(std::fmt::Error);
        let results = [
            Ok(Round::More),
            Ok(Round::Done),
            failed,
            failed,
            Ok(Round::More),
            failed,
            Ok(Round::Done),
        ];
        assert_eq!(begin(&results).await, [0, 0, 10, 20, 30, 30, 40]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_a_pause() {
        let (signal, stop) = watch::channel(false);
        let start = Instant::now();
        let stopped = async {
            advance(Duration::from_secs(3)).await;
            signal.send_replace(true);
        };
        let round = || std::future::ready(Ok::<_, std::fmt::Error>(Round::Done));
        tokio::join!(rounds("test", PAUSE, stop, round), stopped);
        assert_eq!(start.elapsed().as_secs(), 3);
    }
}
