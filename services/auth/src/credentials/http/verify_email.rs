//! `POST /auth/email/verify`

use axum::{Json, extract::State};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Problem, ValidJson, limit::LimitedByAddress};

use crate::{
    app::App,
    credentials::{confirm_email::confirm_email, model::Confirmation},
};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "token": "uQ0pQy6pJv1w5o0Uo3yXk0cT2n0bXcF3Y2q8m5x9r7E" }))]
pub(crate) struct VerifyEmail {
    /// The token of the message: valid for 24 hours, or one hour for a change of the address, and for one use.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    token: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = EmailConfirmation, example = json!({ "email": "ann@example.com", "outcome": "verified" }))]
pub(super) struct EmailConfirmationView {
    /// The address that was verified, or the new address of a change.
    #[schema(format = Email)]
    email: String,
    outcome: Outcome,
}

/// `verified`: the address of the account is verified. `waiting`: the change of the address waits for the confirmation by the
/// other address. `changed`: both have confirmed, and the account has the new address.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Verified,
    Waiting,
    Changed,
}

impl From<Confirmation> for EmailConfirmationView {
    fn from(confirmation: Confirmation) -> Self {
        let (email, outcome) = match confirmation {
            Confirmation::Verified(email) => (email, Outcome::Verified),
            Confirmation::Waiting(email) => (email, Outcome::Waiting),
            Confirmation::Changed(email) => (email, Outcome::Changed),
        };
        Self {
            email: email.as_str().to_owned(),
            outcome,
        }
    }
}

/// Confirm an e-mail address with the token of a message
///
/// For the verification of an address, and for each side of its change. Limited per client address.
#[utoipa::path(
    post,
    path = "/auth/email/verify",
    tag = "auth",
    request_body = VerifyEmail,
    responses(
        (status = 200, description = "What was confirmed.", body = EmailConfirmationView),
        (status = 409, description = "`account_exists`: the new address belongs to another account."),
        (status = 422, description = "`token_invalid_or_expired`, also for a used token."),
        LimitedByAddress,
    )
)]
pub(super) async fn verify_email(
    State(app): State<App>,
    ValidJson(request): ValidJson<VerifyEmail>,
) -> Result<Json<EmailConfirmationView>, Problem> {
    let confirmation = confirm_email(&app, &request.token).await?;
    Ok(Json(confirmation.into()))
}
