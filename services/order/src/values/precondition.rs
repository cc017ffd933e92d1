//! Which version a writer must have read.

/// Which versions of a resource a writer has read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    Any,
    OneOf(Vec<i64>),
}

impl Precondition {
    pub fn holds(&self, version: i64) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(versions) => versions.contains(&version),
        }
    }
}
