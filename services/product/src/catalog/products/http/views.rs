//! Products as guests and customers saw them a moment ago: a hot product is read from the database now and then, not at
//! each request. Bounded, per replica, and never for those who see more than the public does.

use std::{
    collections::HashMap,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::Bytes,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use tokio::time::Instant;
use web::conditional::ETag;

use crate::catalog::products::model::ProductName;

/// What a generation holds at the most; further products are read each time.
const MOST_BYTES: usize = 8 * 1024 * 1024;
/// What a view takes beside its body, about.
const OVERHEAD: usize = 256;

/// A product as it is sent.
#[derive(Clone, Debug)]
pub struct View {
    etag: ETag,
    /// JSON.
    body: Bytes,
}

#[derive(Debug)]
pub struct Views {
    fresh_for: Duration,
    generations: Mutex<Generations>,
}

/// What was read lately, and what was read before that: the older generation goes as a whole, so that there is no search for
/// single views that are too old.
#[derive(Debug)]
struct Generations {
    began: Instant,
    bytes: usize,
    new: HashMap<ProductName, Kept>,
    old: HashMap<ProductName, Kept>,
}

#[derive(Debug)]
struct Kept {
    read_at: Instant,
    view: View,
}

impl View {
    pub fn try_new(etag: ETag, product: &impl Serialize) -> Result<Self, serde_json::Error> {
        let body = serde_json::to_vec(product)?.into();
        Ok(Self { etag, body })
    }
}

impl IntoResponse for View {
    fn into_response(self) -> Response {
        let json = [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/json"),
        )];
        (self.etag, json, self.body).into_response()
    }
}

impl Views {
    /// With no time to be fresh for nothing is kept.
    pub fn new(fresh_for: Duration) -> Self {
        Self {
            fresh_for,
            generations: Mutex::new(Generations {
                began: Instant::now(),
                bytes: 0,
                new: HashMap::new(),
                old: HashMap::new(),
            }),
        }
    }

    /// The view of this product, unless it was read too long ago.
    pub fn get(&self, name: &ProductName) -> Option<View> {
        let generations = self.lock();
        let kept = generations.new.get(name);
        let kept = kept.or_else(|| generations.old.get(name))?;
        (kept.read_at.elapsed() < self.fresh_for).then(|| kept.view.clone())
    }

    /// `read_at` is the moment before the database was asked.
    pub fn keep(&self, name: ProductName, read_at: Instant, view: View) {
        if self.fresh_for.is_zero() {
            return;
        }
        let mut generations = self.lock();
        let gone = generations.turn(self.fresh_for);
        generations.insert(name, Kept { read_at, view });
        // Thousands of views: no request waits while they are dropped.
        drop(generations);
        drop(gone);
    }

    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.generations
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    /// Begins a generation where the newer one is old enough; what may not be shown any more is handed back.
    fn turn(&mut self, fresh_for: Duration) -> Option<HashMap<ProductName, Kept>> {
        (self.began.elapsed() >= fresh_for).then(|| {
            (self.began, self.bytes) = (Instant::now(), 0);
            let ended = mem::take(&mut self.new);
            mem::replace(&mut self.old, ended)
        })
    }

    fn insert(&mut self, name: ProductName, kept: Kept) {
        let bytes = self.bytes + kept.bytes();
        if bytes <= MOST_BYTES {
            // Two who missed at the same moment both bring it.
            let before = self.new.insert(name, kept);
            self.bytes = bytes - before.map_or(0, |before| before.bytes());
        }
    }
}

impl Kept {
    fn bytes(&self) -> usize {
        self.view.body.len() + OVERHEAD
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;
    use uuid::Uuid;

    use super::*;
    use crate::catalog::products::model::ProductId;

    const FRESH: Duration = Duration::from_secs(1);

    fn name(number: u128) -> ProductName {
        ProductName::Id(ProductId(Uuid::from_u128(number)))
    }

    fn view(bytes: usize) -> View {
        View::try_new(ETag(1), &"m".repeat(bytes)).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_view_is_shown_until_it_is_too_old_in_whichever_generation() {
        let views = Views::new(FRESH);
        advance(FRESH * 9 / 10).await;
        views.keep(name(1), Instant::now(), view(1));
        advance(FRESH / 5).await;
        views.keep(name(2), Instant::now(), view(1));
        assert!(views.lock().old.contains_key(&name(1)));
        assert!(views.get(&name(1)).is_some());
        assert!(views.get(&name(2)).is_some());
        assert!(views.get(&name(3)).is_none());
        advance(FRESH * 4 / 5).await;
        assert!(views.get(&name(1)).is_none(), "a second old");
        assert!(views.get(&name(2)).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_view_read_before_its_generation_began_is_not_kept_longer() {
        let views = Views::new(FRESH);
        let read_at = Instant::now();
        advance(FRESH * 9 / 10).await;
        views.keep(name(1), read_at, view(1));
        advance(FRESH / 5).await;
        assert!(views.get(&name(1)).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_generation_has_its_limit_and_makes_room_for_the_next() {
        let views = Views::new(FRESH);
        let half = MOST_BYTES / 2 - OVERHEAD - 2;
        for number in 1..=3 {
            views.keep(name(number), Instant::now(), view(half));
        }
        assert!(views.get(&name(2)).is_some());
        assert!(views.get(&name(3)).is_none(), "no room");
        advance(FRESH).await;
        views.keep(name(3), Instant::now(), view(half));
        assert!(views.get(&name(3)).is_some());
        advance(FRESH).await;
        views.keep(name(4), Instant::now(), view(1));
        let generations = views.lock();
        assert_eq!(generations.new.len() + generations.old.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_two_bring_at_once_counts_once() {
        let views = Views::new(FRESH);
        let half = MOST_BYTES / 2 - OVERHEAD - 2;
        for number in [1, 1, 2] {
            views.keep(name(number), Instant::now(), view(half));
        }
        assert!(views.get(&name(2)).is_some(), "there was room");
    }

    #[tokio::test]
    async fn nothing_is_kept_where_nothing_may_be_old() {
        let views = Views::new(Duration::ZERO);
        views.keep(name(1), Instant::now(), view(1));
        assert!(views.get(&name(1)).is_none());
    }
}
