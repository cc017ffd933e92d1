//! What a change says of something that may be absent.

/// A new value for something that may be absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removable<T> {
    Set(T),
    Removed,
}

impl<T> Removable<T> {
    pub fn into_option(self) -> Option<T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Removed => None,
        }
    }
}
