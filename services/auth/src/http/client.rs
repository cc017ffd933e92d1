//! The client of a request, as a session remembers it.

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use web::{Problem, limit::ClientAddress};

use crate::{
    app::App,
    sessions::model::{Client, DeviceName},
};

impl FromRequestParts<App> for Client {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let ClientAddress(address) = ClientAddress::from_request_parts(parts, app).await?;
        let agent = parts.headers.get(header::USER_AGENT);
        let agent = agent.and_then(|agent| agent.to_str().ok());
        Ok(Self {
            device_name: agent.and_then(DeviceName::of),
            network: address.into(),
        })
    }
}
