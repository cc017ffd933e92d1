//! The accounts and tokens that are compared. Each call has its own, so that no call meets a limit or a count of another.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use local_shop::{Shop, probe};

use super::requests::{Sender, json};

/// The password of every account, which is that of the first administrator.
pub const PASSWORD: &str = "correct horse battery";
const ADMIN: &str = "admin@example.com";
const START: Duration = Duration::from_secs(30);
const DATABASE: &str = "auth";
/// A hash with weaker parameters than those of today, which takes less time to verify.
const WEAK_HASH: &str = "$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub struct Accounts<'a> {
    shop: &'a Shop,
    calls: usize,
    weak_hashes: bool,
}

impl<'a> Accounts<'a> {
    /// Waits for the first administrator, whom auth creates after its start.
    pub fn try_new(shop: &'a Shop, calls: usize, weak_hashes: bool) -> Result<Self> {
        probe::until("the first administrator", START, || {
            let exists = format!("SELECT EXISTS (SELECT FROM users WHERE email = '{ADMIN}')");
            Ok(shop.sql(DATABASE, &exists)? == ["t"])
        })?;
        Ok(Self {
            shop,
            calls,
            weak_hashes,
        })
    }

    /// E-mail addresses without accounts.
    pub fn unknown(&self, group: &str) -> Vec<String> {
        (0..self.calls).map(|number| email(group, number)).collect()
    }

    /// The e-mail addresses of a new group of accounts with this status.
    pub fn with_status(&self, group: &str, status: &str) -> Result<Vec<String>> {
        self.insert(group, status, false)?;
        Ok(self.unknown(group))
    }

    /// The e-mail addresses of accounts that have a second factor.
    pub fn with_second_factor(&self, group: &str) -> Result<Vec<String>> {
        self.insert(group, "active", true)?;
        Ok(self.unknown(group))
    }

    /// The former e-mail addresses of accounts that an administrator has deleted.
    pub fn deleted(&self, group: &str, sender: &mut Sender) -> Result<Vec<String>> {
        self.insert(group, "active", false)?;
        let log_in = json(&[("email", ADMIN), ("password", PASSWORD)]);
        let response = sender.post("auth/login", &log_in)?;
        let session: serde_json::Value = serde_json::from_str(&response.body)?;
        let token = session["access_token"]
            .as_str()
            .context("the first administrator cannot log in")?;
        for id in self.sql(&format!(
            "SELECT id FROM users WHERE email LIKE '{group}-%'"
        ))? {
            let status = sender.delete(&format!("users/{id}"), token)?.status;
            ensure!(
                status == 204,
                "the deletion of a user was answered with {status}"
            );
        }
        Ok(self.unknown(group))
    }

    /// Refresh tokens of a new group of accounts, after `change` of their sessions.
    pub fn refresh_tokens(&self, group: &str, change: &str) -> Result<Vec<String>> {
        self.insert(group, "active", false)?;
        let sessions = format!(
            "INSERT INTO sessions (id, user_id, expires_at)
             SELECT gen_random_uuid(), id, now() + interval '1 day' FROM users WHERE email LIKE '{group}-%';
             INSERT INTO refresh_tokens (token_hash, session_id, expires_at)
             SELECT sha256(sha256(convert_to('refresh' || sessions.id, 'UTF8'))), sessions.id, sessions.expires_at
             FROM sessions JOIN users ON users.id = user_id WHERE email LIKE '{group}-%'"
        );
        self.sql(&sessions)?;
        let of_group = format!(
            "(SELECT sessions.id FROM sessions JOIN users ON users.id = user_id WHERE email LIKE '{group}-%')"
        );
        self.sql(&change.replace("$sessions", &of_group))?;
        let tokens = self.sql(&format!(
            "SELECT translate(encode(sha256(convert_to('refresh' || id, 'UTF8')), 'base64'), '+/=', '-_')
             FROM sessions WHERE id IN {of_group}"
        ))?;
        self.complete(tokens)
    }

    /// One-time tokens of a new group of accounts that expire at the SQL expression `expires_at`.
    pub fn one_time_tokens(
        &self,
        group: &str,
        purpose: &str,
        expires_at: &str,
    ) -> Result<Vec<String>> {
        self.insert(group, "active", false)?;
        self.sql(&format!(
            "INSERT INTO account_tokens (id, user_id, purpose, email, token_hash, expires_at)
             SELECT gen_random_uuid(), id, '{purpose}', email, sha256(sha256(convert_to('once' || id, 'UTF8'))), {expires_at}
             FROM users WHERE email LIKE '{group}-%'"
        ))?;
        let tokens = self.sql(&format!(
            "SELECT translate(encode(sha256(convert_to('once' || id, 'UTF8')), 'base64'), '+/=', '-_')
             FROM users WHERE email LIKE '{group}-%'"
        ))?;
        self.complete(tokens)
    }

    /// Tokens that were never issued.
    pub fn unknown_tokens(&self, group: &str) -> Result<Vec<String>> {
        let calls = self.calls;
        let tokens = self.sql(&format!(
            "SELECT translate(encode(sha256(convert_to('{group}' || n, 'UTF8')), 'base64'), '+/=', '-_')
             FROM generate_series(1, {calls}) n"
        ))?;
        self.complete(tokens)
    }

    fn insert(&self, group: &str, status: &str, mfa_enabled: bool) -> Result<()> {
        let last = self.calls.saturating_sub(1);
        let hash = if self.weak_hashes {
            format!("'{WEAK_HASH}'")
        } else {
            format!("(SELECT password_hash FROM users WHERE email = '{ADMIN}')")
        };
        self.sql(&format!(
            "INSERT INTO users (id, email, username, full_name, roles, password_hash, status, mfa_enabled)
             SELECT gen_random_uuid(), '{group}-' || n || '@example.com', '{group}-' || n, 'Ann Example', ARRAY['customer'],
                 {hash}, '{status}', {mfa_enabled}
             FROM generate_series(0, {last}) n"
        ))?;
        Ok(())
    }

    fn complete(&self, tokens: Vec<String>) -> Result<Vec<String>> {
        ensure!(
            tokens.len() == self.calls,
            "a group has {} tokens",
            tokens.len()
        );
        Ok(tokens)
    }

    fn sql(&self, statement: &str) -> Result<Vec<String>> {
        self.shop.sql(DATABASE, statement)
    }
}

fn email(group: &str, number: usize) -> String {
    format!("{group}-{number}@example.com")
}

/// The username of the account with this e-mail address.
pub fn username(email: &str) -> &str {
    email.split_once('@').map_or(email, |(name, _)| name)
}
