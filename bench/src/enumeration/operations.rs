//! The operations, and for each the groups of accounts that must not be told apart. The first group is the one of what does not
//! exist; the second one is another such group, whose comparison shows the noise of the machine.

use std::time::Duration;

use anyhow::Result;

use super::{
    accounts::{Accounts, PASSWORD, username},
    requests::{Sender, json},
};

/// Time for the task that works on accepted requests, whose queue must not be full.
const PAUSE: Duration = Duration::from_millis(10);
const WRONG: &str = "battery horse correct";
const CONTROL: &str = "unknown, again";

pub struct Operation {
    pub name: &'static str,
    pub path: &'static str,
    /// All requests are sent from one address, whose limit is used up first.
    pub is_limited: bool,
    /// Before each call.
    pub pause: Duration,
    pub groups: Vec<Group>,
}

pub struct Group {
    pub name: &'static str,
    /// One for each call.
    pub bodies: Vec<String>,
}

pub fn operations(accounts: &Accounts<'_>, sender: &mut Sender) -> Result<Vec<Operation>> {
    Ok(vec![
        log_in_by_email(accounts, sender)?,
        log_in_by_username(accounts)?,
        forgot(accounts, sender)?,
        refresh(accounts)?,
        verify(accounts)?,
        reset(accounts)?,
        register(accounts)?,
    ])
}

fn operation(name: &'static str, path: &'static str, groups: Vec<Group>) -> Operation {
    Operation {
        name,
        path,
        is_limited: false,
        pause: Duration::ZERO,
        groups,
    }
}

fn group(name: &'static str, values: &[String], body: impl Fn(&str) -> String) -> Group {
    Group {
        name,
        bodies: values.iter().map(|value| body(value)).collect(),
    }
}

fn log_in_by_email(accounts: &Accounts<'_>, sender: &mut Sender) -> Result<Operation> {
    let wrong = |email: &str| json(&[("email", email), ("password", WRONG)]);
    let right = |email: &str| json(&[("email", email), ("password", PASSWORD)]);
    let groups = vec![
        group("unknown", &accounts.unknown("nologin"), wrong),
        group(CONTROL, &accounts.unknown("nologin-again"), wrong),
        group("active", &accounts.with_status("login", "active")?, wrong),
        group(
            "suspended",
            &accounts.with_status("suspended", "suspended")?,
            wrong,
        ),
        group(
            "suspended, right password",
            &accounts.with_status("barred", "suspended")?,
            right,
        ),
        group(
            "pending",
            &accounts.with_status("pending", "pending")?,
            wrong,
        ),
        group(
            "second factor",
            &accounts.with_second_factor("factor")?,
            wrong,
        ),
        group(
            "deleted, right password",
            &accounts.deleted("deleted", sender)?,
            right,
        ),
    ];
    Ok(operation("login by e-mail", "auth/login", groups))
}

fn log_in_by_username(accounts: &Accounts<'_>) -> Result<Operation> {
    let wrong = |email: &str| json(&[("username", username(email)), ("password", WRONG)]);
    let groups = vec![
        group("unknown", &accounts.unknown("noname"), wrong),
        group(CONTROL, &accounts.unknown("noname-again"), wrong),
        group("active", &accounts.with_status("named", "active")?, wrong),
        group(
            "suspended",
            &accounts.with_status("named-suspended", "suspended")?,
            wrong,
        ),
    ];
    Ok(operation("login by username", "auth/login", groups))
}

fn forgot(accounts: &Accounts<'_>, sender: &mut Sender) -> Result<Operation> {
    let body = |email: &str| json(&[("email", email)]);
    let groups = vec![
        group("unknown", &accounts.unknown("noforgot"), body),
        group(CONTROL, &accounts.unknown("noforgot-again"), body),
        group("active", &accounts.with_status("forgot", "active")?, body),
        group(
            "suspended",
            &accounts.with_status("forgot-suspended", "suspended")?,
            body,
        ),
        group(
            "pending",
            &accounts.with_status("forgot-pending", "pending")?,
            body,
        ),
        group(
            "deleted",
            &accounts.deleted("forgot-deleted", sender)?,
            body,
        ),
    ];
    Ok(Operation {
        pause: PAUSE,
        ..operation("forgot", "auth/password/forgot", groups)
    })
}

fn refresh(accounts: &Accounts<'_>) -> Result<Operation> {
    let body = |token: &str| json(&[("refresh_token", token)]);
    let ended = "UPDATE sessions SET ended_at = now(), end_reason = 'logout' WHERE id IN $sessions";
    let expired = "UPDATE refresh_tokens SET issued_at = now() - interval '2 days', expires_at = now() - interval '1 day'
        WHERE session_id IN $sessions;
        UPDATE sessions SET expires_at = now() - interval '1 day' WHERE id IN $sessions";
    let groups = vec![
        group("unknown", &accounts.unknown_tokens("norefresh")?, body),
        group(CONTROL, &accounts.unknown_tokens("norefresh-again")?, body),
        group(
            "ended session",
            &accounts.refresh_tokens("ended", ended)?,
            body,
        ),
        group(
            "expired",
            &accounts.refresh_tokens("expired", expired)?,
            body,
        ),
    ];
    Ok(operation("refresh", "auth/refresh", groups))
}

fn verify(accounts: &Accounts<'_>) -> Result<Operation> {
    let body = |token: &str| json(&[("token", token)]);
    let groups = tokens(
        accounts,
        "verify",
        "email_verification",
        ("for a reset", "password_reset"),
        body,
    )?;
    Ok(operation("verify e-mail", "auth/email/verify", groups))
}

fn reset(accounts: &Accounts<'_>) -> Result<Operation> {
    let body = |token: &str| json(&[("token", token), ("password", "staple in the rain")]);
    let groups = tokens(
        accounts,
        "reset",
        "password_reset",
        ("for an address", "email_verification"),
        body,
    )?;
    Ok(operation("reset password", "auth/password/reset", groups))
}

/// Groups with one-time tokens: those that do not exist, those of this purpose that have expired, and those of another purpose.
/// The accounts are named after `label`.
fn tokens(
    accounts: &Accounts<'_>,
    label: &str,
    purpose: &str,
    (other, other_purpose): (&'static str, &str),
    body: impl Fn(&str) -> String,
) -> Result<Vec<Group>> {
    let past = "now() - interval '1 minute'";
    let future = "now() + interval '1 hour'";
    let unknown = |suffix| accounts.unknown_tokens(&format!("no{label}{suffix}"));
    let expired = accounts.one_time_tokens(label, purpose, past)?;
    let others = accounts.one_time_tokens(&format!("{label}-other"), other_purpose, future)?;
    Ok(vec![
        group("unknown", &unknown("")?, &body),
        group(CONTROL, &unknown("-again")?, &body),
        group("expired", &expired, &body),
        group(other, &others, &body),
    ])
}

/// A registration of a known address is refused by design: the limit by address is what bounds how many can be tried.
fn register(accounts: &Accounts<'_>) -> Result<Operation> {
    let body = |email: &str| {
        json(&[
            ("email", email),
            ("password", "staple in the rain"),
            ("full_name", "Ann Example"),
        ])
    };
    let groups = vec![
        group("unknown", &accounts.unknown("noregister"), body),
        group(CONTROL, &accounts.unknown("noregister-again"), body),
        group("active", &accounts.with_status("register", "active")?, body),
    ];
    Ok(Operation {
        is_limited: true,
        ..operation("register beyond the limit", "auth/register", groups)
    })
}
