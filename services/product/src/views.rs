//! Products as guests and customers saw them a moment ago: a hot product is read from the database now and then, not at
//! each request. Bounded, per replica, and never for those who see more than the public does.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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

/// Views at once; a view is a few kilobytes at the most.
const MOST_KEPT: usize = 4_096;

/// A product as it is sent.
#[derive(Clone, Debug)]
pub struct View {
    etag: ETag,
    /// JSON.
    body: Bytes,
}

#[derive(Clone, Debug)]
pub struct Views {
    fresh_for: Duration,
    kept: Arc<Mutex<HashMap<String, (Instant, View)>>>,
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
            kept: Arc::default(),
        }
    }

    /// The view of this name, unless it was read too long ago.
    pub fn get(&self, name: &str) -> Option<View> {
        if self.fresh_for.is_zero() {
            return None;
        }
        let kept = self.lock();
        let (read_at, view) = kept.get(name)?;
        (read_at.elapsed() < self.fresh_for).then(|| view.clone())
    }

    /// `read_at` is the moment before the database was asked.
    pub fn keep(&self, name: String, read_at: Instant, view: View) {
        if self.fresh_for.is_zero() {
            return;
        }
        let mut kept = self.lock();
        if kept.len() >= MOST_KEPT {
            kept.retain(|_, (read_at, _)| read_at.elapsed() < self.fresh_for);
        }
        if kept.len() < MOST_KEPT {
            kept.insert(name, (read_at, view));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Instant, View)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> View {
        View::try_new(ETag(1), &"a mug").unwrap()
    }

    #[tokio::test]
    async fn a_view_is_shown_until_it_is_too_old() {
        let views = Views::new(Duration::from_mins(1));
        let long_ago = Instant::now().checked_sub(Duration::from_secs(61)).unwrap();
        views.keep("old".to_owned(), long_ago, view());
        views.keep("new".to_owned(), Instant::now(), view());
        assert!(views.get("old").is_none());
        assert!(views.get("new").is_some());
        assert!(views.get("other").is_none());
        let off = Views::new(Duration::ZERO);
        off.keep("new".to_owned(), Instant::now(), view());
        assert!(off.get("new").is_none());
    }

    #[tokio::test]
    async fn there_are_never_more_than_so_many() {
        let views = Views::new(Duration::from_mins(1));
        let long_ago = Instant::now().checked_sub(Duration::from_secs(61)).unwrap();
        for number in 0..MOST_KEPT {
            views.keep(format!("old-{number}"), long_ago, view());
        }
        for number in 0..=MOST_KEPT {
            views.keep(number.to_string(), Instant::now(), view());
        }
        assert_eq!(views.lock().len(), MOST_KEPT);
        assert!(views.get("0").is_some(), "the old ones made room");
        assert!(views.get(&MOST_KEPT.to_string()).is_none());
    }
}
