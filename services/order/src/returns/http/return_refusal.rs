//! Why nothing came of a step of a return, as the problem that tells the client what to do.

use web::Problem;

use crate::{
    fulfillment::http::fulfillment_refusal::{contended, of_packing},
    intents::ports::IntentError,
    orders::http::refusal,
    payments::http::payment_refusal,
    returns::{ReturnGoodsError, model::ReturnError},
};

pub fn of_returning(error: &ReturnGoodsError) -> Problem {
    match error {
        ReturnGoodsError::NotFound | ReturnGoodsError::Refused(ReturnError::NotFound) => {
            Problem::not_found()
        }
        ReturnGoodsError::Contended => contended(),
        ReturnGoodsError::KeyReused => payment_refusal::of_intent(&IntentError::KeyReused),
        ReturnGoodsError::Refused(ReturnError::NoSuchStep(state)) => Problem::conflict(
            "no_such_transition",
            format!(
                "The return is {}; this transition is not allowed.",
                state.as_str()
            ),
        )
        .with_member("current_status", state.as_str()),
        ReturnGoodsError::Refused(ReturnError::Packing(error)) => of_packing(error),
        ReturnGoodsError::Orders(error) => refusal::of_reading(error),
        ReturnGoodsError::Intent(error) => payment_refusal::of_intent(error),
    }
}
