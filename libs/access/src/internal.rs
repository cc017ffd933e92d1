//! Calls between services: one token per caller, read from a file, compared in constant time (ORDERS 33).
//! A callee knows only hashes, so that a compromised pod cannot call as another service.

mod auth_client;

use std::path::{Path, PathBuf};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use subtle::ConstantTimeEq;
use web::Problem;

pub use self::auth_client::{AuthCallError, AuthClient};
use crate::signatures::{Hash, hash};

/// The prefix of a line with a hash; the operator writes it.
const HASH: &str = "sha256:";

/// Who may call a group of internal operations: the names of callers, each of which has a file in a folder.
/// A file has a line for the current token and one for the next: `sha256:` and the hexadecimal hash, or the token itself.
/// It is read at each call, so that a rotation needs no restart.
#[derive(Clone, Debug)]
pub struct AllowedCallers {
    directory: PathBuf,
    callers: &'static [&'static str],
}

/// The service that calls, by its token: an extension of each request that [`require_caller`] admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerName(pub &'static str);

#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    #[error("cannot read the token file {path}")]
    Unreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("the token file {path} contains no token")]
    Empty { path: PathBuf },
}

impl AllowedCallers {
    pub fn new(directory: PathBuf, callers: &'static [&'static str]) -> Self {
        Self { directory, callers }
    }

    /// The caller whose token it is. All tokens are compared, so that the time does not tell which one is close.
    async fn identify(&self, presented: &str) -> Result<Option<CallerName>, TokenFileError> {
        let presented = hash(presented);
        let mut identified = None;
        for caller in self.callers {
            let mut is_token = false;
            for line in lines(&self.directory.join(caller)).await? {
                is_token |= known(&line).is_some_and(|known| known.ct_eq(&presented).into());
            }
            identified = identified.or(is_token.then_some(CallerName(caller)));
        }
        Ok(identified)
    }
}

/// The hash that a line stands for; `None` if it is not the text of a hash.
fn known(line: &str) -> Option<Hash> {
    let Some(hexadecimal) = line.strip_prefix(HASH) else {
        return Some(hash(line));
    };
    let mut hash = Hash::default();
    hex::decode_to_slice(hexadecimal, &mut hash).ok()?;
    Some(hash)
}

/// A layer (`middleware::from_fn_with_state`) that admits only these callers, and tells the handler which one calls.
pub async fn require_caller(
    State(allowed): State<AllowedCallers>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(presented) = bearer(request.headers()) else {
        return Problem::unauthorized("token_missing", "Send the caller's internal token.")
            .into_response();
    };
    match allowed.identify(presented).await {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(None) => Problem::unauthorized(
            "token_invalid",
            "The internal token does not belong to an authorized caller.",
        )
        .into_response(),
        Err(error) => Problem::unavailable(1).with_cause(&error).into_response(),
    }
}

/// The caller's own token: the first line of its file.
pub async fn own_token(path: &Path) -> Result<String, TokenFileError> {
    lines(path)
        .await?
        .into_iter()
        .next()
        .ok_or_else(|| TokenFileError::Empty {
            path: path.to_owned(),
        })
}

async fn lines(path: &Path) -> Result<Vec<String>, TokenFileError> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Callers `order` and `product` with these files.
    fn callers(name: &str, order: &str, product: &str) -> AllowedCallers {
        let folder = std::env::temp_dir().join(format!("callers-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("order"), order).unwrap();
        std::fs::write(folder.join("product"), product).unwrap();
        AllowedCallers::new(folder, &["order"])
    }

    #[tokio::test]
    async fn a_token_is_admitted_by_its_hash_and_the_hash_is_no_token() {
        // printf %s current-token | sha256sum
        const LINE: &str =
            "sha256:ef6036bfacfc26e4d8f0ea4199e6c1a4571376f5e9949854a07ef59530d5d50b";
        let allowed = callers("hash", &format!("{LINE}\n"), "other-token\n");
        let caller = allowed.identify("current-token").await.unwrap();
        assert_eq!(caller, Some(CallerName("order")));
        assert_eq!(allowed.identify(LINE).await.unwrap(), None);
        assert_eq!(allowed.identify("other-token").await.unwrap(), None);
        assert_eq!(allowed.identify("").await.unwrap(), None);
    }

    #[tokio::test]
    async fn tokens_themselves_are_understood_and_a_broken_hash_admits_no_caller() {
        let allowed = callers("plain", "current\nnext\nsha256:nonsense\n", "");
        assert!(allowed.identify("current").await.unwrap().is_some());
        assert!(allowed.identify("next").await.unwrap().is_some());
        assert_eq!(allowed.identify("sha256:nonsense").await.unwrap(), None);
        assert_eq!(allowed.identify("nonsense").await.unwrap(), None);
    }

    #[tokio::test]
    async fn each_caller_is_identified_by_its_own_token() {
        let mut allowed = callers("names", "token of order\n", "token of product\n");
        allowed.callers = &["product", "order"];
        for (token, name) in [("token of order", "order"), ("token of product", "product")] {
            let caller = allowed.identify(token).await.unwrap();
            assert_eq!(caller, Some(CallerName(name)), "{token}");
        }
        assert_eq!(allowed.identify("product").await.unwrap(), None);
    }
}
