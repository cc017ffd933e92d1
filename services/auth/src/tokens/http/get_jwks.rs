//! `GET /.well-known/jwks.json`

use axum::{
    Json,
    extract::State,
    http::{HeaderName, header},
};
use jsonwebtoken::jwk::JwkSet;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;

/// The public keys that verify access tokens (RFC 7517).
#[derive(Serialize, ToSchema)]
#[schema(as = KeySet, example = json!({ "keys": [{
    "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "k1",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}] }))]
pub(super) struct KeySetDocument {
    keys: Vec<serde_json::Value>,
}

/// Get the keys that verify access tokens
///
/// The same at the root: `/.well-known/jwks.json`.
#[utoipa::path(
    get,
    path = "/auth/.well-known/jwks.json",
    tag = "auth",
    responses((status = 200, description = "Every key in use, and those that will be used soon.", body = KeySetDocument))
)]
pub(super) async fn get_jwks(
    State(app): State<App>,
) -> ([(HeaderName, &'static str); 1], Json<JwkSet>) {
    let cached = [(header::CACHE_CONTROL, "public, max-age=60")];
    (cached, Json(app.keys.ring().jwks.clone()))
}
