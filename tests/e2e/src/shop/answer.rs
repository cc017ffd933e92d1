//! An HTTP response whose checks explain what is wrong with it.

use anyhow::{Context as _, Result, ensure};
use reqwest::{RequestBuilder, header::HeaderMap};
use serde_json::Value;

/// Status, headers and body of a response.
#[derive(Clone, Debug)]
pub struct Answer {
    pub request: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// Sends a request and reads the whole response.
    pub async fn of(request: RequestBuilder) -> Result<Self> {
        let (client, request) = request.build_split();
        let request = request?;
        let name = format!("{} {}", request.method(), request.url().path());
        let response = client
            .execute(request)
            .await
            .with_context(|| format!("{name}: no response"))?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response
            .text()
            .await
            .with_context(|| format!("{name}: the response is incomplete"))?;
        Ok(Self {
            request: name,
            status,
            headers,
            body,
        })
    }

    /// Returns a response with this status; any other is an error that shows it.
    pub fn expect(self, status: u16) -> Result<Self> {
        ensure!(
            self.status == status,
            "{}: expected {status}, got {}: {}",
            self.request,
            self.status,
            self.body
        );
        Ok(self)
    }

    pub fn json(&self) -> Result<Value> {
        serde_json::from_str(&self.body)
            .with_context(|| format!("{}: not JSON: {}", self.request, self.body))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The stable code of the problem document that an error response must have (RFC 9457).
    pub fn problem_code(&self) -> Result<String> {
        let kind = self.header("content-type").unwrap_or_default();
        ensure!(
            kind.starts_with("application/problem+json"),
            "{}: {} as {kind}",
            self.request,
            self.status
        );
        let document = self.json()?;
        for member in ["type", "title", "detail", "instance", "code", "trace_id"] {
            let text = document[member].as_str().unwrap_or_default();
            ensure!(
                !text.is_empty(),
                "{}: no {member} in {document}",
                self.request
            );
        }
        ensure!(
            document["status"] == self.status,
            "{}: status of the document: {document}",
            self.request
        );
        let errors = document["errors"].as_array().map_or(0, Vec::len);
        let names_fields =
            self.status != 422 || document["code"] != "invalid_request" || errors > 0;
        ensure!(
            names_fields,
            "{}: a 422 that names no field: {document}",
            self.request
        );
        Ok(document["code"].as_str().unwrap_or_default().to_owned())
    }
}
