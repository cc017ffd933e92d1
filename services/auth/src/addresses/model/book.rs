//! The addresses of one user together.

use super::Defaults;

/// What is known of a book under the lock of its user.
#[derive(Clone, Copy, Debug)]
pub struct Book {
    pub addresses: i64,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the address book is full")]
pub struct BookFull;

impl Book {
    pub const MAX: i64 = 50;

    /// What a new address is the default for. The first one is it for every use.
    pub fn admit(self, wanted: Defaults) -> Result<Defaults, BookFull> {
        match self.addresses {
            Self::MAX.. => Err(BookFull),
            0 => Ok(Defaults {
                shipping: true,
                billing: true,
            }),
            _ => Ok(wanted),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_address_is_every_default_and_the_others_are_as_wanted() {
        let (none, shipping) = (
            Defaults::default(),
            Defaults {
                shipping: true,
                billing: false,
            },
        );
        let admit = |addresses, wanted| Book { addresses }.admit(wanted);
        let both = Defaults {
            shipping: true,
            billing: true,
        };
        assert_eq!(admit(0, none), Ok(both));
        assert_eq!(admit(1, none), Ok(none));
        assert_eq!(admit(49, shipping), Ok(shipping));
        assert_eq!(admit(50, none), Err(BookFull));
        assert_eq!(admit(51, none), Err(BookFull));
    }
}
