//! Refused steps of a return, as the problems that tell the client what to do.

use web::Problem;

use crate::returns::{ReturnGoodsError, model::ReturnError};

impl From<ReturnGoodsError> for Problem {
    fn from(error: ReturnGoodsError) -> Self {
        match error {
            ReturnGoodsError::Step(error) => error.into(),
            ReturnGoodsError::Intent(error) => error.into(),
        }
    }
}

impl From<ReturnError> for Problem {
    fn from(error: ReturnError) -> Self {
        match error {
            ReturnError::NotFound => Self::not_found(),
            ReturnError::NoSuchStep(state) => Self::conflict(
                "no_such_transition",
                format!(
                    "The return is {}; this transition is not allowed.",
                    state.as_str()
                ),
            )
            .with_member("current_status", state.as_str()),
            ReturnError::Selection(error) => error.into(),
        }
    }
}
