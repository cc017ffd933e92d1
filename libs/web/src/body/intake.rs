//! The body of one request: the handler reads it through one handle, and the layer around the handler discards the
//! rest through the other.

use std::{
    future::poll_fn,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    http::StatusCode,
};
use hyper::body::Frame;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Instant, Sleep},
};

use super::{BodyLimits, MAX_DRAINED_BYTES};
use crate::Problem;

/// Time that a client has to send its body.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time that may pass without data.
const MAX_PAUSE: Duration = Duration::from_secs(10);
/// Bytes of each body that count for no share: nearly all bodies are smaller, and large ones cannot displace them. The
/// number of connections bounds their sum.
const FREE_BYTES: usize = 16 * 1024;
/// A body takes its share of the common limit in pieces of this size.
const PIECE: usize = 1024;

pub(super) struct Intake {
    body: Body,
    limits: BodyLimits,
    seen: usize,
    deadline: Instant,
    timer: Pin<Box<Sleep>>,
    /// Held until the request is answered, as long as the bytes are kept.
    share: Option<OwnedSemaphorePermit>,
    touched: bool,
    ended: bool,
    failure: Option<Problem>,
}

/// How a discarded body ended.
pub(super) enum Rest {
    Ended,
    /// It was cut off, or arrived too slowly.
    Failed(Problem),
    /// It was longer than the layer reads.
    Endless,
}

/// Why the rest of a body cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the request body was rejected with status {}", .0.code())]
pub struct Refused(pub Problem);

impl Intake {
    pub(super) fn new(body: Body, limits: BodyLimits) -> Self {
        let now = Instant::now();
        Self {
            body,
            limits,
            seen: 0,
            deadline: now + PATIENCE,
            timer: Box::pin(tokio::time::sleep(MAX_PAUSE)),
            share: None,
            touched: false,
            ended: false,
            failure: None,
        }
    }

    /// The next piece, counted but not kept.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Problem>>> {
        self.touched = true;
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            let frame = match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(frame) => frame,
                Poll::Pending => {
                    ready!(self.timer.as_mut().poll(cx));
                    return Poll::Ready(Some(Err(late())));
                }
            };
            match frame {
                None => self.ended = true,
                Some(Err(_)) => return Poll::Ready(Some(Err(incomplete()))),
                Some(Ok(frame)) => {
                    let Ok(data) = frame.into_data() else {
                        continue;
                    };
                    self.seen = self.seen.saturating_add(data.len());
                    let now = Instant::now();
                    if now >= self.deadline {
                        return Poll::Ready(Some(Err(late())));
                    }
                    self.timer
                        .as_mut()
                        .reset(self.deadline.min(now + MAX_PAUSE));
                    return Poll::Ready(Some(Ok(data)));
                }
            }
        }
    }

    /// Takes room for the bytes read so far, or says why there is none.
    fn make_room(&mut self) -> Result<(), Problem> {
        if self.seen > self.limits.max_bytes {
            return Err(self.limits.too_large());
        }
        let wanted = self.seen.saturating_sub(FREE_BYTES).div_ceil(PIECE);
        let held = self
            .share
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let Ok(more @ 1..) = u32::try_from(wanted.saturating_sub(held)) else {
            return Ok(());
        };
        let more = Arc::clone(&self.limits.in_flight)
            .try_acquire_many_owned(more)
            .map_err(|_| Problem::unavailable(1))?;
        match &mut self.share {
            Some(share) => share.merge(more),
            None => self.share = Some(more),
        }
        Ok(())
    }

    fn poll_kept(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Problem>>> {
        if let Some(problem) = &self.failure {
            return Poll::Ready(Some(Err(problem.clone())));
        }
        let piece = match ready!(self.poll_piece(cx)) {
            None => return Poll::Ready(None),
            Some(Ok(data)) => self.make_room().map(|()| data),
            Some(Err(problem)) => Err(problem),
        };
        if let Err(problem) = &piece {
            self.failure = Some(problem.clone());
            // Its share is free for other bodies at once.
            self.share = None;
        }
        Poll::Ready(Some(piece))
    }
}

/// Both handles share this.
#[derive(Clone)]
pub(super) struct Shared(Arc<Mutex<Intake>>);

impl Shared {
    pub(super) fn new(intake: Intake) -> Self {
        Self(Arc::new(Mutex::new(intake)))
    }

    /// Never held over an await.
    fn lock(&self) -> MutexGuard<'_, Intake> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the client has not been asked for any of it.
    pub(super) fn is_untouched(&self) -> bool {
        !self.lock().touched
    }

    /// Why the handler could not read it whole.
    pub(super) fn failure(&self) -> Option<Problem> {
        self.lock().failure.clone()
    }

    /// Reads and discards the rest.
    pub(super) async fn drain(&self) -> Rest {
        loop {
            match poll_fn(|cx| self.lock().poll_piece(cx)).await {
                None => return Rest::Ended,
                Some(Err(problem)) => return Rest::Failed(problem),
                Some(Ok(_)) if self.lock().seen > MAX_DRAINED_BYTES => return Rest::Endless,
                Some(Ok(_)) => {}
            }
        }
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = Refused;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Refused>>> {
        let piece = ready!(self.lock().poll_kept(cx));
        Poll::Ready(piece.map(|piece| piece.map(Frame::data).map_err(Refused)))
    }
}

fn incomplete() -> Problem {
    Problem::new(
        StatusCode::BAD_REQUEST,
        "body_incomplete",
        "The request body is incomplete.",
    )
}

fn late() -> Problem {
    Problem::new(
        StatusCode::REQUEST_TIMEOUT,
        "body_timeout",
        format!(
            "The request body was not received within {} s, or no data arrived for {} s.",
            PATIENCE.as_secs(),
            MAX_PAUSE.as_secs()
        ),
    )
}
