//! The hashes by which tokens are known, how long they are valid, and what revokes them.

/// The lifetime of an access token in seconds.
pub const ACCESS_SECONDS: i64 = 15 * 60;

/// The seconds after which a revocation concerns no token: the lifetime of an access token, and a margin for clock skew and
/// for a response that was in flight when the session ended.
pub const REVOCATION_SECONDS: i64 = ACCESS_SECONDS + 300;

/// The 32-byte hash of a secret, from which the secret cannot be derived.
pub type Hash = [u8; 32];

/// What the database knows of the session or API key that an access token was issued for, and of its user.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// The session or key has not ended, and the account is active.
    pub live: bool,
    /// Tokens of a lower epoch are invalid.
    pub epoch: i64,
}

/// Why a token with a valid signature is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    SessionEnded,
    AccountChanged,
}

impl Standing {
    /// What has revoked a token of this epoch.
    pub fn revocation(self, epoch: i64) -> Option<Revocation> {
        if !self.live {
            return Some(Revocation::SessionEnded);
        }
        (epoch < self.epoch).then_some(Revocation::AccountChanged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_revoked_with_its_session_and_by_a_higher_epoch() {
        let standing = |live| Standing { live, epoch: 3 };
        assert_eq!(standing(true).revocation(3), None);
        assert_eq!(
            standing(true).revocation(2),
            Some(Revocation::AccountChanged)
        );
        for epoch in [2, 3] {
            assert_eq!(
                standing(false).revocation(epoch),
                Some(Revocation::SessionEnded)
            );
        }
    }
}
