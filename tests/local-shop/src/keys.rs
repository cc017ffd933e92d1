//! The keys of a test's shop: auth's signing key as the operator creates it, and tokens signed with it as auth signs them,
//! for users that need not be registered.

use std::{fs, path::Path};

use access::{Permissions, Role, TOKEN_TYPE};
use anyhow::{Context, Result};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use clock::{Clock, Ids};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::json;
use uuid::Uuid;

use crate::environment::{TOKEN_AUDIENCE, TOKEN_ISSUER};

const KID: &str = "local-shop";
const LIFETIME_SECONDS: i64 = 900;

/// Signs access tokens of users that need not exist.
pub struct Tokens {
    key: EncodingKey,
    header: Header,
}

impl Tokens {
    /// Creates a key, and writes it and the key of refresh tokens into the folder from which auth reads them.
    pub fn write(folder: &Path) -> Result<Self> {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .context("cannot create a key")?;
        let pem = pem(document.as_ref());
        fs::create_dir_all(folder)?;
        fs::write(folder.join(format!("{KID}.pem")), &pem)?;
        fs::write(folder.join("active"), KID)?;
        fs::write(folder.join("refresh.key"), secret())?;
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(TOKEN_TYPE.to_owned());
        header.kid = Some(KID.to_owned());
        Ok(Self {
            key: EncodingKey::from_ec_pem(pem.as_bytes())?,
            header,
        })
    }

    /// A token of this user, valid for 15 minutes, in a new session.
    pub fn sign(&self, user: Uuid, roles: &[Role]) -> Result<String> {
        self.sign_in_session(user, Ids::system().uuid(), roles)
    }

    /// A token of this user in a given session.
    pub fn sign_in_session(&self, user: Uuid, session: Uuid, roles: &[Role]) -> Result<String> {
        let now = Clock::system().now().timestamp();
        let claims = json!({
            "iss": TOKEN_ISSUER,
            "aud": TOKEN_AUDIENCE,
            "sub": user,
            "sid": session,
            "jti": Ids::system().uuid(),
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "roles": roles,
            "scope": Permissions::of_roles(roles.iter().copied()).to_string(),
        });
        Ok(encode(&self.header, &claims, &self.key)?)
    }
}

/// 32 random bytes, hexadecimal.
pub fn secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// PEM after RFC 7468, whose parsers accept a body of one line.
fn pem(document: &[u8]) -> String {
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(document)
    )
}
