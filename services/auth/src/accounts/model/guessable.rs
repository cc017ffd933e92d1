//! Easily guessed passwords are refused (NIST SP 800-63B 3.1.1.2): the most common ones, plain patterns, and the
//! names of the account itself, each also with a few digits or punctuation characters around it. A password is checked when
//! it is chosen, never at a login.

use std::sync::LazyLock;

use super::{Email, FullName, NewUser, Password, User, Username};

/// Lower-case and sorted; `common_passwords.LICENSE` names the source.
static COMMON: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// Up to this many characters around a common password do not make it a different one: `Password2026!`.
const MAX_DECORATION: usize = 5;
/// Shorter names occur in too many good passwords.
const MIN_NAME: usize = 4;
/// The longest unit whose repetition is a pattern, in characters.
const MAX_PIECE: usize = 4;

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GuessablePassword {
    #[error("the password is one of the most common ones; choose another")]
    Common,
    #[error("the password is a repetition or a sequence; choose another")]
    Pattern,
    #[error("the password is too similar to the account's names; choose another")]
    OwnName,
}

impl GuessablePassword {
    /// The value of `errors[].code`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Common => "password_common",
            Self::Pattern => "password_pattern",
            Self::OwnName => "password_own_name",
        }
    }
}

/// The names of an account, which its password must not be similar to.
#[derive(Clone, Copy)]
pub struct OwnNames<'a> {
    email: &'a Email,
    username: Option<&'a Username>,
    full_name: &'a FullName,
}

impl Password {
    /// Refuses an easily guessed password of this account.
    pub fn check<'a>(&self, account: impl Into<OwnNames<'a>>) -> Result<(), GuessablePassword> {
        let password = self.as_str().to_lowercase();
        if is_common(&password) || undecorated(&password).is_some_and(is_common) {
            return Err(GuessablePassword::Common);
        }
        let characters: Vec<char> = password.chars().collect();
        if repeats(&characters) || is_sequence(&characters) {
            return Err(GuessablePassword::Pattern);
        }
        let password = compact(&password);
        let names = account.into().parts();
        if names.iter().any(|name| is_around(&password, name)) {
            return Err(GuessablePassword::OwnName);
        }
        Ok(())
    }
}

impl<'a> From<&'a NewUser> for OwnNames<'a> {
    fn from(user: &'a NewUser) -> Self {
        Self {
            email: &user.email,
            username: user.username.as_ref(),
            full_name: &user.full_name,
        }
    }
}

impl<'a> From<&'a User> for OwnNames<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            email: &user.email,
            username: user.username.as_ref(),
            full_name: &user.full_name,
        }
    }
}

impl OwnNames<'_> {
    /// The names and their parts, each compacted.
    fn parts(self) -> Vec<String> {
        let email = self.email.as_str();
        let (local, domain) = email.rsplit_once('@').unwrap_or((email, ""));
        let username = self.username.map(Username::as_str);
        let full_name = self.full_name.as_str();
        let words = full_name.split_whitespace();
        let whole = [email, local, domain, full_name].into_iter();
        whole.chain(username).chain(words).map(compact).collect()
    }
}

fn is_common(password: &str) -> bool {
    COMMON.binary_search(&password).is_ok()
}

/// The password without the non-letters at both ends, if there are few of them.
fn undecorated(password: &str) -> Option<&str> {
    let core = password.trim_matches(|character: char| !character.is_alphabetic());
    (password.chars().count() - core.chars().count() <= MAX_DECORATION).then_some(core)
}

fn repeats(characters: &[char]) -> bool {
    (1..=MAX_PIECE).any(|piece| {
        let rest = characters.get(piece..).unwrap_or_default();
        rest.iter().zip(characters).all(|(one, other)| one == other)
    })
}

/// `abcdefgh`, `87654321`.
fn is_sequence(characters: &[char]) -> bool {
    let steps = characters
        .windows(2)
        .map(|pair| i64::from(u32::from(pair[1])) - i64::from(u32::from(pair[0])));
    let mut steps = steps.peekable();
    match steps.peek().copied() {
        Some(first @ (1 | -1)) => steps.all(|step| step == first),
        Some(_) | None => false,
    }
}

fn compact(text: &str) -> String {
    text.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

fn is_around(password: &str, name: &str) -> bool {
    name.chars().count() >= MIN_NAME
        && password.contains(name)
        && password.replacen(name, "", 1).chars().count() <= MAX_DECORATION
}

#[cfg(test)]
mod tests {
    use access::Role;

    use super::*;

    fn check(password: &str) -> Result<(), GuessablePassword> {
        let user = NewUser {
            email: "j.doe-shop@example.com".parse().unwrap(),
            username: Some("wanderer".parse().unwrap()),
            full_name: "Johanna Müller".to_owned().try_into().unwrap(),
            role: Role::Customer,
        };
        Password::try_from(password.to_owned())
            .unwrap()
            .check(&user)
    }

    #[test]
    fn the_list_is_sorted_and_lower_case() {
        assert!(COMMON.is_sorted() && COMMON.len() >= 9_000);
        assert!(COMMON.iter().all(|entry| entry.to_lowercase() == *entry));
    }

    #[test]
    fn the_most_common_are_refused_in_any_case_and_with_decoration() {
        for password in [
            "password",
            "12345678",
            "QWERTYUIOP",
            "1q2w3e4r5t",
            "iloveyou",
            "Password1",
            "Password2026!",
            "!!Dragon99",
            "sunshine123",
        ] {
            assert_eq!(
                check(password),
                Err(GuessablePassword::Common),
                "{password}"
            );
        }
    }

    #[test]
    fn patterns_are_refused() {
        for password in [
            "\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}",
            "xq-xq-xq-xq-",
            "stuvwxyz",
            "zyxwvutsrq",
            "        ",
        ] {
            assert_eq!(
                check(password),
                Err(GuessablePassword::Pattern),
                "{password}"
            );
        }
    }

    #[test]
    fn names_of_the_account_are_refused() {
        for password in [
            "j.doe-shop@example.com",
            "JDoeShop",
            "wanderer",
            "Wanderer_2026",
            "johannamüller",
            "Müller.1985",
            "example.com",
        ] {
            assert_eq!(
                check(password),
                Err(GuessablePassword::OwnName),
                "{password}"
            );
        }
    }

    #[test]
    fn other_passwords_are_accepted() {
        for password in [
            "correct horse battery",
            "password for the cat",
            "dragon-kettle-99",
            "wanderer rides a bicycle",
            "k3v9x2wq",
            "ünübersichtlich",
        ] {
            assert_eq!(check(password), Ok(()), "{password}");
        }
    }
}
