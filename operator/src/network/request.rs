//! What requests to shops have in common.

use std::error::Error;

/// The body of a response, or nothing if it is longer than `longest` bytes.
pub async fn body(
    mut response: reqwest::Response,
    longest: usize,
) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > longest {
            return Ok(None);
        }
    }
    Ok(Some(body))
}

/// The last cause of an error: the others say only that a request failed.
pub fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
