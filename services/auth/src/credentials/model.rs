//! One-time tokens, and what they confirm. Whether a presented token counts is decided here.

use std::time::Duration;

use strum::{EnumString, IntoStaticStr};

use crate::{
    accounts::model::{Email, User, UserId},
    events::model::EventType,
    tokens::model::Hash,
};

ids::id!(
    /// The row of a one-time token, from which the token is derived.
    pub TokenId, "tok"
);

/// What a token confirms. A token of one purpose is none of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Purpose {
    PasswordReset,
    EmailVerification,
    /// The owner of the present address agrees to its change.
    EmailChangeOld,
    /// The user reads messages to the new address.
    EmailChangeNew,
}

impl Purpose {
    pub fn lifetime(self) -> Duration {
        match self {
            // As long as the window of its limit, so that a stranger's requests cannot leave the owner without a valid one.
            Self::PasswordReset | Self::EmailChangeOld | Self::EmailChangeNew => {
                Duration::from_hours(1)
            }
            Self::EmailVerification => Duration::from_hours(24),
        }
    }

    /// The event at which the message is sent.
    pub fn event(self) -> EventType {
        match self {
            Self::PasswordReset => EventType::PasswordResetRequested,
            Self::EmailVerification => EventType::EmailVerificationRequested,
            Self::EmailChangeOld | Self::EmailChangeNew => EventType::EmailChangeRequested,
        }
    }

    /// The other side of a change.
    fn other_side(self) -> Option<Self> {
        match self {
            Self::EmailChangeOld => Some(Self::EmailChangeNew),
            Self::EmailChangeNew => Some(Self::EmailChangeOld),
            Self::PasswordReset | Self::EmailVerification => None,
        }
    }
}

/// A token that is to be stored.
pub struct NewToken<'a> {
    pub id: TokenId,
    pub user: UserId,
    pub purpose: Purpose,
    pub hash: Hash,
    /// The address that it is sent to.
    pub sent_to: &'a Email,
    /// The address of a change.
    pub new_email: Option<&'a Email>,
}

/// A token as the database knows it.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    pub purpose: Purpose,
    pub hash: Hash,
    pub sent_to: Email,
    pub new_email: Option<Email>,
    /// It has not expired.
    pub live: bool,
    /// It was used, and waits for the other side of the change.
    pub confirmed: bool,
}

/// An account and its tokens, read under the lock of the account.
pub struct Locked {
    pub user: User,
    pub tokens: Vec<IssuedToken>,
}

/// What a token for an e-mail address does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// The address of the account is verified.
    Verified(Email),
    /// The change to this address waits for the other side.
    Waiting(Email),
    /// Both sides have confirmed: the address of the account becomes this one.
    Changed(Email),
}

impl Locked {
    /// Whether this token resets the password.
    pub fn resets_password(&self, token: &Hash) -> bool {
        self.presented(token)
            .is_some_and(|token| token.purpose == Purpose::PasswordReset)
    }

    /// What this token confirms; `None` if it does not count.
    pub fn confirm(&self, token: &Hash) -> Option<Confirmation> {
        let token = self.presented(token)?;
        match (token.purpose.other_side(), &token.new_email) {
            (None, _) if token.purpose == Purpose::EmailVerification => {
                Some(Confirmation::Verified(token.sent_to.clone()))
            }
            (Some(side), Some(to)) => {
                let other = self.tokens.iter().find(|token| token.purpose == side)?;
                if !self.counts(other) || other.new_email.as_ref() != Some(to) {
                    return None;
                }
                Some(if other.confirmed {
                    Confirmation::Changed(to.clone())
                } else {
                    Confirmation::Waiting(to.clone())
                })
            }
            (None, _) | (Some(_), None) => None,
        }
    }

    /// The token that was presented, if it counts and was not used.
    fn presented(&self, hash: &Hash) -> Option<&IssuedToken> {
        let token = self.tokens.iter().find(|token| token.hash == *hash)?;
        (self.counts(token) && !token.confirmed).then_some(token)
    }

    /// A message to an address that the account does not have any more proves nothing, except that the user reads the new
    /// address of a change.
    fn counts(&self, token: &IssuedToken) -> bool {
        let is_ours = match token.purpose {
            Purpose::PasswordReset | Purpose::EmailVerification | Purpose::EmailChangeOld => {
                token.sent_to == self.user.email
            }
            Purpose::EmailChangeNew => token.new_email.as_ref() == Some(&token.sent_to),
        };
        is_ours && token.live && self.user.status.may_log_in()
    }
}

#[cfg(test)]
mod tests {
    use access::Permissions;
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::accounts::model::Status;
    use crate::{accounts::model::FullName, roles::model::RoleName};

    fn email(name: &str) -> Email {
        format!("{name}@example.com").parse().unwrap()
    }

    fn user() -> User {
        User {
            id: UserId(Uuid::from_u128(1)),
            email: email("old"),
            email_verified: false,
            username: None,
            full_name: FullName::stored("Ann".to_owned()),
            roles: vec![RoleName::stored("customer".to_owned())],
            permissions: Permissions::default(),
            status: Status::Active,
            version: 1,
            token_epoch: 0,
            mfa_enabled: false,
            created_at: DateTime::UNIX_EPOCH,
        }
    }

    /// Its hash is its place in `Purpose`.
    fn token(purpose: Purpose) -> IssuedToken {
        let new_email = purpose.other_side().map(|_| email("new"));
        IssuedToken {
            purpose,
            hash: [purpose as u8; 32],
            sent_to: match purpose {
                Purpose::EmailChangeNew => email("new"),
                Purpose::PasswordReset | Purpose::EmailVerification | Purpose::EmailChangeOld => {
                    email("old")
                }
            },
            new_email,
            live: true,
            confirmed: false,
        }
    }

    const ALL: [Purpose; 4] = [
        Purpose::PasswordReset,
        Purpose::EmailVerification,
        Purpose::EmailChangeOld,
        Purpose::EmailChangeNew,
    ];

    fn locked(change: impl Fn(&mut IssuedToken)) -> Locked {
        let mut tokens: Vec<_> = ALL.map(token).into();
        tokens.iter_mut().for_each(change);
        Locked {
            user: user(),
            tokens,
        }
    }

    fn confirmed(locked: &Locked) -> [Option<Confirmation>; 4] {
        ALL.map(|purpose| locked.confirm(&token(purpose).hash))
    }

    #[test]
    fn a_token_counts_for_its_own_purpose_alone() {
        let locked = locked(|_| ());
        let waiting = Some(Confirmation::Waiting(email("new")));
        let verified = Some(Confirmation::Verified(email("old")));
        assert_eq!(
            confirmed(&locked),
            [None, verified, waiting.clone(), waiting]
        );
        assert_eq!(
            ALL.map(|purpose| locked.resets_password(&token(purpose).hash)),
            [true, false, false, false]
        );
        assert_eq!(locked.confirm(&[9; 32]), None);
    }

    #[test]
    fn the_address_changes_once_both_sides_have_confirmed_in_any_order() {
        for first in [Purpose::EmailChangeOld, Purpose::EmailChangeNew] {
            let half = locked(|token| token.confirmed = token.purpose == first);
            let second = first.other_side().unwrap();
            assert_eq!(
                half.confirm(&token(second).hash),
                Some(Confirmation::Changed(email("new")))
            );
            assert_eq!(half.confirm(&token(first).hash), None, "it was used");
        }
    }

    #[test]
    fn an_expired_token_and_one_of_a_suspended_account_do_not_count() {
        let expired = locked(|token| token.live = false);
        let mut suspended = locked(|_| ());
        suspended.user.status = Status::Suspended;
        for locked in [expired, suspended] {
            assert_eq!(confirmed(&locked), [const { None }; 4]);
            assert!(!locked.resets_password(&token(Purpose::PasswordReset).hash));
        }
    }

    #[test]
    fn a_token_that_was_sent_to_an_earlier_address_does_not_count() {
        let mut moved = locked(|token| token.confirmed = token.purpose == Purpose::EmailChangeOld);
        moved.user.email = email("third");
        assert_eq!(confirmed(&moved), [const { None }; 4]);
        assert!(!moved.resets_password(&token(Purpose::PasswordReset).hash));
    }

    #[test]
    fn the_sides_of_two_changes_make_no_change() {
        let mixed = locked(|token| {
            if token.purpose == Purpose::EmailChangeOld {
                token.new_email = Some(email("other"));
                token.confirmed = true;
            }
        });
        assert_eq!(mixed.confirm(&token(Purpose::EmailChangeNew).hash), None);
    }
}
