//! The Secrets of a stack, a closed list: what they hold, and what is missing in the live ones.
//! Pure: live Secrets and randomness come in, writes go out. A value that exists is never generated again (OPERATOR 8); what is
//! derived from others is derived again when it differs.

pub mod secrets;

use crate::{
    component::Application,
    fingerprint::fingerprint,
    kube::labels::belongs_to,
    randomness::{Randomness, RandomnessError},
    validate::ValidStack,
};
use k8s_openapi::{ByteString, api::core::v1::Secret};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// One Secret of the closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Credential {
    /// Passwords of PostgreSQL's own roles.
    Postgres,
    /// How one service reaches its database.
    Database(Application),
    /// The ring of keys that sign access tokens, and the key that hashes refresh tokens.
    SigningKeys,
    /// The first administrator: an initial password only. May be deleted once there is one.
    Administrator,
    /// Tokens of internal calls and their hashes, a key of each for each caller.
    InternalTokens,
    /// What the payment provider signs its webhooks with.
    PaymentWebhooks,
}

impl Credential {
    pub const ALL: [Self; 8] = [
        Self::Postgres,
        Self::Database(Application::Auth),
        Self::Database(Application::Product),
        Self::Database(Application::Order),
        Self::SigningKeys,
        Self::Administrator,
        Self::InternalTokens,
        Self::PaymentWebhooks,
    ];

    /// The end of its name: `shop-jwt`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Database(Application::Auth) => "auth-database",
            Self::Database(Application::Product) => "product-database",
            Self::Database(Application::Order) => "order-database",
            Self::SigningKeys => "jwt",
            Self::Administrator => "admin",
            Self::InternalTokens => "internal-tokens",
            Self::PaymentWebhooks => "payment-webhooks",
        }
    }

    /// The component label.
    pub fn component(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Database(application) => application.into_str(),
            Self::SigningKeys | Self::Administrator => "auth",
            Self::InternalTokens => "product",
            Self::PaymentWebhooks => "order",
        }
    }
}

/// The key that hashes refresh tokens.
const REFRESH_KEY: &str = "refresh.key";

type Content = BTreeMap<String, ByteString>;

/// The contents of a stack's Secrets after the writes.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The contents of the usable Secrets.
    contents: BTreeMap<Credential, Content>,
    /// The unusable ones, which are left unchanged.
    pub unusable: BTreeMap<Credential, Unusable>,
    /// The writes that are needed.
    pub writes: Vec<CredentialWrite>,
}

/// A Secret that is absent, lacks keys, or has derived keys that do not match the others.
#[derive(Clone, Debug)]
pub struct CredentialWrite {
    pub credential: Credential,
    /// The keys to set; all of them if the Secret is absent.
    pub content: Content,
    /// The live Secret's version; absent if the Secret does not exist and is created by POST.
    pub resource_version: Option<String>,
}

/// Why a Secret cannot be used. Only objects that need it wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It is not the stack's. // OPERATOR 3
    NotOurs,
    /// It holds a value that is not text.
    NotText,
}

/// Why the missing keys of a Secret are not known.
#[derive(Debug, thiserror::Error)]
enum MissingError {
    #[error("a value is not text")]
    NotText,
    #[error(transparent)]
    Randomness(#[from] RandomnessError),
}

/// Completes the live Secrets, by name. The initial password is not generated again once an administrator exists, since
/// it would not be used.
pub fn complete(
    stack: &ValidStack,
    live: &BTreeMap<Credential, Secret>,
    has_administrator: bool,
    randomness: &mut dyn Randomness,
) -> Result<Credentials, RandomnessError> {
    let mut credentials = Credentials::default();
    for credential in Credential::ALL {
        let secret = live.get(&credential);
        if secret.is_some_and(|secret| !belongs_to(stack, &secret.metadata)) {
            credentials.unusable.insert(credential, Unusable::NotOurs);
            continue;
        }
        let held = secret
            .and_then(|secret| secret.data.clone())
            .unwrap_or_default();
        let added = if credential == Credential::Administrator && has_administrator {
            Content::new()
        } else {
            match missing(stack, credential, &held, randomness) {
                Ok(added) => added,
                Err(MissingError::NotText) => {
                    credentials.unusable.insert(credential, Unusable::NotText);
                    continue;
                }
                Err(MissingError::Randomness(error)) => return Err(error),
            }
        };
        if !added.is_empty() {
            credentials.writes.push(CredentialWrite {
                credential,
                content: added.clone(),
                resource_version: secret
                    .and_then(|secret| secret.metadata.resource_version.clone()),
            });
        }
        let mut content = held;
        content.extend(added);
        credentials.contents.insert(credential, content);
    }
    Ok(credentials)
}

/// The keys that a Secret lacks, and derived keys that do not match the others.
fn missing(
    stack: &ValidStack,
    credential: Credential,
    held: &Content,
    randomness: &mut dyn Randomness,
) -> Result<Content, MissingError> {
    let mut added = Content::new();
    let mut add = |key: &str, value: String| {
        if held.get(key).map(|held| held.0.as_slice()) != Some(value.as_bytes()) {
            added.insert(key.to_owned(), ByteString(value.into_bytes()));
        }
    };
    let is_absent = |key: &str| !held.contains_key(key);
    match credential {
        Credential::Postgres => {
            let keys = [
                "superuser-password",
                "replication-password",
                "rewind-password",
            ];
            for key in keys.into_iter().filter(|key| is_absent(key)) {
                add(key, randomness.secret(24)?);
            }
        }
        Credential::Database(application) => {
            let username = text(held, "username")?;
            let username = username.unwrap_or_else(|| format!("{}_a", application.into_str()));
            let password = match text(held, "password")? {
                Some(password) => password,
                None => randomness.secret(24)?,
            };
            // Like the hashes below, it follows values that a person may have changed.
            let uri = database_uri(stack, application, &username, &password);
            add("username", username);
            add("password", password);
            add("uri", uri);
        }
        Credential::SigningKeys => {
            let active = text(held, "active")?;
            if active.is_none_or(|kid| is_absent(&format!("{}.pem", kid.trim()))) {
                let key = randomness.signing_key()?;
                add(&format!("{}.pem", key.kid), key.pem);
                add("active", key.kid);
            }
            if is_absent(REFRESH_KEY) {
                add(REFRESH_KEY, randomness.secret(32)?);
            }
        }
        Credential::Administrator => {
            if is_absent("email") {
                add("email", format!("admin@{}.localhost", stack.name));
            }
            if is_absent("password") {
                add("password", randomness.secret(12)?);
            }
        }
        Credential::InternalTokens => {
            for caller in CALLERS {
                let tokens = match text(held, caller)? {
                    Some(tokens) => tokens,
                    None => format!("{}\n", randomness.secret(32)?),
                };
                // Called services read the hashes, which follow the tokens that a person may have changed.
                add(&hash_key(caller), hashes(&tokens));
                add(caller, tokens);
            }
        }
        Credential::PaymentWebhooks => {
            if is_absent("secrets") {
                // Standard Webhooks 1.0 wants base64, and an even number of hexadecimal pairs is valid base64, too.
                add("secrets", format!("whsec_{}\n", randomness.secret(24)?));
            }
        }
    }
    Ok(added)
}

/// What may stand in the user's part of a URI as it is (RFC 3986, section 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How a service reaches its database. It is derived in every pass, so that an edited `password` reaches both sides at
/// once: in the same pass the bootstrap Job gets a new name, since that has the Secret's hash, and sets the password in
/// the database; and the pods, which carry the hash too, begin to roll. Which of the two is first does not matter. A new
/// pod is not ready before its password is good, and its predecessor serves until then with the connections that it
/// has, which a new password does not close. The Job waits for no rollout.
fn database_uri(
    stack: &ValidStack,
    application: Application,
    username: &str,
    password: &str,
) -> String {
    // The Job's shell reads one line, and a value that a person encodes often ends with a line break.
    let password = password.split('\n').next().unwrap_or_default();
    format!(
        "postgresql://{username}:{password}@{host}:5432/{name}",
        username = utf8_percent_encode(username, UNRESERVED),
        password = utf8_percent_encode(password, UNRESERVED),
        host = stack.object("postgres"),
        name = application.into_str()
    )
}

/// The name under which the operator calls services.
pub const CALLER: &str = "operator";
/// The callers of services. Each has a token of its own.
pub const CALLERS: [&str; 3] = ["order", "product", CALLER];

/// The key of the hashes of a caller's tokens.
pub fn hash_key(caller: &str) -> String {
    format!("{caller}.sha256")
}

/// The tokens of a caller, a line for each.
fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().map(str::trim);
    lines.filter(|token| !token.is_empty())
}

/// A line for each token, as the services read it.
fn hashes(text: &str) -> String {
    let lines = tokens(text).map(|token| format!("sha256:{:x}\n", Sha256::digest(token)));
    lines.collect()
}

fn text(held: &Content, key: &str) -> Result<Option<String>, MissingError> {
    held.get(key)
        .map(|value| String::from_utf8(value.0.clone()).map_err(|_| MissingError::NotText))
        .transpose()
}

impl Credentials {
    /// The first of some Secrets that cannot be used.
    pub fn first_unusable(&self, credentials: &[Credential]) -> Option<Credential> {
        let mut credentials = credentials.iter().copied();
        credentials.find(|credential| self.unusable.contains_key(credential))
    }

    /// Whether the writes generate the refresh key again, which ends all sessions, since refresh tokens are hashed with
    /// it. A new signing key alone ends none: clients refresh.
    pub fn end_sessions(&self) -> bool {
        self.writes.iter().any(|write| {
            write.credential == Credential::SigningKeys && write.content.contains_key(REFRESH_KEY)
        })
    }

    /// The name of the key that signs the shop's tokens.
    pub fn active_signing_key(&self) -> Option<&str> {
        Some(self.value(Credential::SigningKeys, "active")?.trim())
    }

    /// The token of a caller: the first line of its key.
    pub fn internal_token(&self, caller: &str) -> Option<&str> {
        tokens(self.value(Credential::InternalTokens, caller)?).next()
    }

    fn value(&self, credential: Credential, key: &str) -> Option<&str> {
        let value = self.contents.get(&credential)?.get(key)?;
        std::str::from_utf8(&value.0).ok()
    }

    /// The hash of what some Secrets hold. Pods carry it, and roll when it changes.
    /// Only of random values: the administrator's password is a person's, and stays out.
    pub fn fingerprint(&self, credentials: &[Credential]) -> String {
        let contents = credentials
            .iter()
            .filter_map(|credential| self.contents.get(credential));
        let parts = contents.flatten();
        fingerprint(parts.flat_map(|(key, value)| [key.as_bytes(), &value.0]))
    }
}
