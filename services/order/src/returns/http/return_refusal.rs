//! Why nothing came of a step of a return, as the problem that tells the client what to do.

use web::Problem;

use crate::{
    fulfillment::http::fulfillment_refusal::{contended, of_selection},
    orders::{PartError, http::refusal},
    payments::http::payment_refusal,
    returns::{ReturnGoodsError, model::ReturnError},
};

pub fn of_returning(error: &ReturnGoodsError) -> Problem {
    match error {
        ReturnGoodsError::Step(error) => of_step(error),
        ReturnGoodsError::Intent(error) => payment_refusal::of_intent(error),
    }
}

fn of_step(error: &PartError<ReturnError>) -> Problem {
    match error {
        PartError::NotFound | PartError::Refused(ReturnError::NotFound) => Problem::not_found(),
        PartError::Contended => contended(),
        PartError::Refused(ReturnError::NoSuchStep(state)) => Problem::conflict(
            "no_such_transition",
            format!(
                "The return is {}; this transition is not allowed.",
                state.as_str()
            ),
        )
        .with_member("current_status", state.as_str()),
        PartError::Refused(ReturnError::Selection(error)) => of_selection(error),
        PartError::Orders(error) => refusal::of_reading(error),
    }
}
