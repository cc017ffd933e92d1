//! `POST /auth/mfa/totp`

use axum::{Json, extract::State};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{
    Problem, ValidJson,
    limit::{ClientAddress, LimitedByAddress, Meter},
};

use crate::{
    accounts::model::PresentedPassword, app::App, http::signed_in::SignedIn, mfa::enroll::enroll,
};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "password": "correct horse battery" }))]
pub(crate) struct BeginTotp {
    #[schema(value_type = String, format = Password, pattern = r"^[^\u0000]*$", min_length = 1, max_length = 128)]
    password: PresentedPassword,
}

#[derive(Serialize, ToSchema)]
#[schema(as = TotpEnrollment, example = json!({
    "secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    "uri": "otpauth://totp/shop:ann%40example%2Ecom?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=shop&algorithm=SHA1&digits=6&period=30",
}))]
pub(super) struct TotpEnrollmentView {
    /// The secret in base32, for apps in which it is typed.
    secret: String,
    /// The address that an app reads from a QR code, with the secret and the names of the shop and the account.
    uri: String,
}

/// Begin the enrollment of an authenticator app
///
/// Creates the secret of an app for time-based one-time codes (RFC 6238), which is shown only in this response. Logins
/// need no code before the app is confirmed; until then, another call replaces the secret. Attempts are limited per
/// account and per client address.
#[utoipa::path(
    post,
    path = "/auth/mfa/totp",
    tag = "auth",
    security(("bearer" = [])),
    request_body = BeginTotp,
    responses(
        (status = 200, description = "The secret for the app.", body = TotpEnrollmentView),
        (status = 409, description = "`mfa_already_enabled`."),
        LimitedByAddress,
    )
)]
pub(super) async fn begin_totp(
    State(app): State<App>,
    caller: SignedIn,
    address: ClientAddress,
    meter: Meter,
    ValidJson(request): ValidJson<BeginTotp>,
) -> Result<Json<TotpEnrollmentView>, Problem> {
    let secret = enroll(&app, &caller.user, request.password, address, &meter).await?;
    Ok(Json(TotpEnrollmentView {
        secret: secret.base32(),
        uri: secret.uri(&shop(&app), caller.user.email.as_str()),
    }))
}

/// The name of the stack, without its namespace.
fn shop(app: &App) -> String {
    let ring = app.keys.ring();
    let stack = &ring.scope.audience;
    let name = stack.rsplit_once('/').map_or(&**stack, |(_, name)| name);
    name.to_owned()
}
