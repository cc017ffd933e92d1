//! `POST /sagas/{id}/compensate`: the order is cancelled.

use access::{Requires, permissions::sagas};
use axum::{Json, extract::State, http::StatusCode, response::IntoResponse};
use idempotency::RequestKey;
use web::{PathParameters, Problem};

use super::saga_view::SagaView;
use crate::{app::App, intents::http::requester, values::SagaId};

/// Compensate a saga
///
/// Requests the cancellation of the saga's order: completed steps are compensated in reverse order.
#[utoipa::path(
    post,
    path = "/sagas/{id}/compensate",
    tag = "sagas",
    params(
        Requires<sagas::Write>,
        ("id" = SagaId, Path, description = "The saga's id; the UUID of an order identifies its saga too."),
        RequestKey,
    ),
    responses(
        (status = 202, description = "The order will become `cancelled`, or already is.", body = SagaView),
        (status = 404, description = "No such saga."),
        (status = 409, description = "`order_shipped` or `order_not_cancellable`."),
    ),
)]
pub async fn compensate_saga(
    State(app): State<App>,
    caller: Requires<sagas::Write>,
    PathParameters(id): PathParameters<SagaId>,
    key: RequestKey,
) -> Result<impl IntoResponse, Problem> {
    let saga = app
        .administer_sagas
        .compensate(&requester(&caller, &key), id)
        .await?
        .map(SagaView::from);
    Ok((StatusCode::ACCEPTED, saga.map(Json)))
}
