//! The permissions of a role in a request.

use access::{Grant, Permissions};
use serde::Deserialize;

/// More than there are permissions, so that only a list with many repetitions is refused.
const MOST: usize = 200;

/// A list of permissions. Of a permission that is named twice, the wider reach counts.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "Vec<Grant>")]
pub(super) struct GrantList(pub(super) Permissions);

#[derive(Debug, thiserror::Error)]
#[error("at most {MOST} permissions; name each once")]
pub(super) struct GrantListError;

impl TryFrom<Vec<Grant>> for GrantList {
    type Error = GrantListError;

    fn try_from(grants: Vec<Grant>) -> Result<Self, GrantListError> {
        if grants.len() > MOST {
            return Err(GrantListError);
        }
        Ok(Self(grants.into_iter().collect()))
    }
}
