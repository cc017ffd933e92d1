//! Calls of auth's internal operations.

use std::{path::PathBuf, time::Duration};

use reqwest::{Client, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};

use super::{TokenFileError, own_token};

/// Time that auth has to answer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// Calls auth as this service.
#[derive(Clone, Debug)]
pub struct AuthClient {
    /// The URL below which auth's internal operations are.
    base: String,
    /// The file with the token by which auth identifies this service.
    token_file: PathBuf,
    client: Client,
}

#[derive(Debug, thiserror::Error)]
pub enum AuthCallError {
    #[error(transparent)]
    Token(#[from] TokenFileError),
    #[error("the call of auth failed")]
    Call(#[from] reqwest::Error),
}

impl AuthClient {
    /// `operation` is the URL of one of the internal operations, such as the revocation feed; the others are beside it.
    pub fn try_new(operation: &str, token_file: PathBuf) -> reqwest::Result<Self> {
        let base = operation.rsplit_once('/').map_or("", |(base, _)| base);
        Ok(Self {
            base: base.to_owned(),
            token_file,
            client: Client::builder().timeout(TIMEOUT).no_proxy().build()?,
        })
    }

    /// `operation` is the path behind `/internal/`, and the query.
    pub async fn get<T: DeserializeOwned>(&self, operation: &str) -> Result<T, AuthCallError> {
        let request = self.client.get(format!("{}/{operation}", self.base));
        Ok(self.send(request).await?.json().await?)
    }

    /// The same for an operation whose answer has no body.
    pub async fn post(
        &self,
        operation: &str,
        body: &(impl Serialize + Sync),
    ) -> Result<(), AuthCallError> {
        let request = self.client.post(format!("{}/{operation}", self.base));
        self.send(request.json(body)).await?;
        Ok(())
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, AuthCallError> {
        let token = own_token(&self.token_file).await?;
        let response = request.bearer_auth(token).send().await?;
        Ok(response.error_for_status()?)
    }
}
