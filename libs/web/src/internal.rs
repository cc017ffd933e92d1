//! Calls between services: one token per caller, read from a file, compared in constant time (ORDERS 33).

use std::path::{Path, PathBuf};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use subtle::ConstantTimeEq;

use crate::Problem;

/// Who may call a group of internal operations: the names of callers, whose tokens lie in a folder of that many files.
/// A file has a token a line, the current and the next; it is read anew at each call, so that a rotation needs no restart.
#[derive(Clone, Debug)]
pub struct AllowedCallers {
    directory: PathBuf,
    callers: &'static [&'static str],
}

#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    #[error("the token file {path} cannot be read")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the token file {path} holds no token")]
    Empty { path: PathBuf },
}

impl AllowedCallers {
    pub fn new(directory: PathBuf, callers: &'static [&'static str]) -> Self {
        Self { directory, callers }
    }

    async fn admits(&self, presented: &str) -> Result<bool, TokenFileError> {
        let mut admitted = false;
        for caller in self.callers {
            for token in tokens(&self.directory.join(caller)).await? {
                admitted |= bool::from(token.as_bytes().ct_eq(presented.as_bytes()));
            }
        }
        Ok(admitted)
    }
}

/// A layer (`middleware::from_fn_with_state`) that lets only these callers through.
pub async fn require_caller(
    State(allowed): State<AllowedCallers>,
    request: Request,
    next: Next,
) -> Response {
    let Some(presented) = bearer(request.headers()) else {
        return Problem::unauthorized("token_missing", "Internal calls carry the caller's token.")
            .into_response();
    };
    match allowed.admits(presented).await {
        Ok(true) => next.run(request).await,
        Ok(false) => Problem::unauthorized(
            "token_invalid",
            "This token is not of a caller admitted here.",
        )
        .into_response(),
        Err(error) => Problem::unavailable(1).with_cause(&error).into_response(),
    }
}

/// The caller's own token: the first line of its file.
pub async fn own_token(path: &Path) -> Result<String, TokenFileError> {
    tokens(path)
        .await?
        .into_iter()
        .next()
        .ok_or_else(|| TokenFileError::Empty {
            path: path.to_owned(),
        })
}

async fn tokens(path: &Path) -> Result<Vec<String>, TokenFileError> {
    let text =
        tokio::fs::read_to_string(path)
            .await
            .map_err(|source| TokenFileError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
    Ok(text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(ToOwned::to_owned)
        .collect())
}

/// The token of an `Authorization: Bearer` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    bearer_of(headers.get(header::AUTHORIZATION)?.to_str().ok()?)
}

pub(crate) fn bearer_of(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
        .filter(|token| !token.is_empty())
}
