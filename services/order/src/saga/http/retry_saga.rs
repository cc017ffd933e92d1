//! `POST /sagas/{id}/retry`: another attempt now.

use access::{Requires, permissions::sagas};
use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use idempotency::RequestKey;
use web::{PathParameters, Problem};

use super::saga_view::SagaView;
use crate::{app::App, intents::http::requester, values::SagaId};

/// Retry a saga
///
/// Makes the saga due now and resets its attempt counter.
#[utoipa::path(
    post,
    path = "/sagas/{id}/retry",
    tag = "sagas",
    params(
        Requires<sagas::Write>,
        ("id" = SagaId, Path, description = "The saga's id; the UUID of an order identifies its saga too."),
        RequestKey,
    ),
    responses(
        (status = 202, description = "The saga is due.", body = SagaView),
        (status = 404, description = "No such saga."),
        (status = 409, description = "`saga_finished`: the saga has no remaining step."),
    ),
)]
pub async fn retry_saga(
    State(app): State<App>,
    caller: Requires<sagas::Write>,
    PathParameters(id): PathParameters<SagaId>,
    key: RequestKey,
) -> Result<impl IntoResponse, Problem> {
    let saga = app
        .administer_sagas
        .retry(&requester(&caller, &key), id)
        .await?
        .map(SagaView::from);
    Ok((StatusCode::ACCEPTED, saga.map(Json)))
}
