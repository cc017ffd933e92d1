//! The name of an action of any service.

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

const MAX_LENGTH: usize = 100;

/// `resource.action`, which an [`Action`](super::Action) and the actions of other services have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ActionName(String);

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not an action; use resource.action, such as user.suspended")]
pub struct NotAnAction;

impl ActionName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ActionName {
    type Error = NotAnAction;

    fn try_from(text: String) -> Result<Self, NotAnAction> {
        let is_word = |part: &str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        let parts = text.split_once('.');
        let fits = parts.is_some_and(|(resource, action)| is_word(resource) && is_word(action));
        if fits && text.len() <= MAX_LENGTH {
            Ok(Self(text))
        } else {
            Err(NotAnAction)
        }
    }
}

impl PartialSchema for ActionName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^[a-z_]+\.[a-z_]+$"))
            .max_length(Some(MAX_LENGTH))
            .into()
    }
}

impl ToSchema for ActionName {}
