//! Recording what a service reports of users whom it was asked to forget.

use std::collections::BTreeMap;

use super::{
    model::{Outcome, Service},
    postgres as erasures,
};
use crate::{accounts::model::UserId, app::App};

/// Users whom the service was not asked to forget, and those whom it has forgotten before, are passed over.
pub(crate) async fn record_results(
    app: &App,
    service: Service,
    outcomes: &BTreeMap<UserId, Outcome>,
) -> Result<(), sqlx::Error> {
    let users: Vec<_> = outcomes.keys().map(|user| user.0).collect();
    let mut transaction = app.pool.begin().await?;
    let open = erasures::lock(&mut transaction, service, &users).await?;
    let next = open.into_iter().filter_map(|locked| {
        let outcome = outcomes.get(&locked.user)?;
        Some((locked.user, locked.erasure.after(*outcome, locked.now)))
    });
    let next: Vec<_> = next.collect();
    erasures::update(&mut transaction, service, &next).await?;
    transaction.commit().await
}
