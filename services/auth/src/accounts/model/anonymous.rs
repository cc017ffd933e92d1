//! What stands in an account in place of a deleted person (ORDERS 28).

use access::Role;
use uuid::Uuid;

use super::{Email, FullName};

const NAME: &str = "Deleted user";

pub struct Anonymous {
    /// No mailbox has it: the domain is reserved (RFC 2606).
    pub email: Email,
    pub full_name: FullName,
    /// An account has at least one role, and without being active it permits nothing.
    pub role: Role,
}

impl Anonymous {
    /// `fresh` must not be known before: with a guessed address, a registration would prevent the deletion.
    pub fn new(fresh: Uuid) -> Self {
        Self {
            email: Email::of_deleted(fresh),
            full_name: FullName::stored(NAME.to_owned()),
            role: Role::Customer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_person_can_be_read_as_an_account() {
        let anonymous = Anonymous::new(Uuid::max());
        let email = anonymous.email.as_str();
        assert_eq!(
            email,
            "deleted-ffffffff-ffff-ffff-ffff-ffffffffffff@deleted.invalid"
        );
        assert_eq!(email.parse::<Email>().as_ref(), Ok(&anonymous.email));
        assert!(FullName::try_from(NAME.to_owned()).is_ok());
    }
}
