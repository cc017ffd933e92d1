//! `POST /internal/erasures/results` with `{"erased":["<uuid>",…],"postponed":["<uuid>",…]}`, at most 100 of each: 204. A
//! postponed user is due again after ten minutes, and an erased one until no access token from before the deletion can be
//! valid. Reporting again changes nothing else, and unknown users are passed over.

use axum::{extract::State, http::StatusCode};
use erasure::ErasureResults;
use web::{JsonBody, Problem};

use super::CALLER;
use crate::{
    accounts::model::UserId,
    app::App,
    erasures::{
        model::{MAX_BATCH, outcomes},
        record_results::record_results,
    },
};

pub(super) async fn record_erasure_results(
    State(app): State<App>,
    JsonBody(results): JsonBody<ErasureResults>,
) -> Result<StatusCode, Problem> {
    let ErasureResults { erased, postponed } = results;
    for (pointer, users) in [("/erased", &erased), ("/postponed", &postponed)] {
        if users.len() > MAX_BATCH {
            return Err(Problem::invalid_field(
                pointer,
                "batch_too_large",
                format!("send at most {MAX_BATCH} users at once"),
            ));
        }
    }
    let (erased, postponed) = (erased.into_iter(), postponed.into_iter());
    let outcomes = outcomes(erased.map(UserId), postponed.map(UserId));
    record_results(&app, CALLER, &outcomes).await?;
    Ok(StatusCode::NO_CONTENT)
}
