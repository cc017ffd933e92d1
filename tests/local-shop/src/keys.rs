//! The keys of a shop that exists for a test: auth's signing key as the operator makes it, tokens signed with it as
//! auth signs them, for users that nobody has registered.

use std::{fs, path::Path};

use access::{Role, TOKEN_TYPE};
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

/// Signs access tokens of made-up users.
pub struct Tokens {
    key: EncodingKey,
    header: Header,
}

impl Tokens {
    /// Makes a key and writes it, with the key of refresh tokens, as auth reads them from its folder.
    pub fn write(folder: &Path) -> Result<Self> {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .context("no key could be made")?;
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

    /// A token of this user, good for 15 minutes, in a session of its own.
    pub fn sign(&self, user: Uuid, roles: &[Role]) -> Result<String> {
        self.sign_in_session(user, Ids::system().uuid(), roles)
    }

    /// A token of this session.
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
        });
        Ok(encode(&self.header, &claims, &self.key)?)
    }
}

/// 32 random bytes, hexadecimal.
pub fn secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// PEM after RFC 7468; readers take a body of one line.
fn pem(document: &[u8]) -> String {
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(document)
    )
}
