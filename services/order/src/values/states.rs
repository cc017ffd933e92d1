//! States by name, as rows and filters spell them.

/// A name in a filter or a row that stands for no state.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no such state")]
pub struct UnknownName;

macro_rules! states {
    ($($(#[$docs:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? })+) => {$(
        $(#[$docs])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($variant),+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::values::UnknownName;

            fn from_str(text: &str) -> Result<Self, $crate::values::UnknownName> {
                let mut all = Self::ALL.iter().copied();
                let named = all.find(|one| one.as_str() == text);
                named.ok_or($crate::values::UnknownName)
            }
        }
    )+};
}
pub(crate) use states;
