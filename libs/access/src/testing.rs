//! Tokens for tests of the services: with a real signature, by a key of the tests.

use std::time::Duration;

use jsonwebtoken::{
    Algorithm, EncodingKey, Header, encode,
    jwk::{Jwk, JwkSet},
};
use uuid::Uuid;

use super::{Claims, JwksError, Permissions, Revoked, Role, TOKEN_TYPE, TokenScope, Verifier};
use clock::{Clock, Ids};

/// A P-256 key that signs nothing but tests.
const KEY: &str = include_str!("testing.pem");
const KID: &str = "testing";

/// Signs tokens, and makes the verifier that trusts them.
pub struct Signer {
    key: EncodingKey,
    scope: TokenScope,
}

impl Signer {
    pub fn try_new() -> Result<Self, JwksError> {
        let scope = TokenScope {
            issuer: "urn:ecommercestack:test".into(),
            audience: "test/shop".into(),
        };
        Ok(Self {
            key: EncodingKey::from_ec_pem(KEY.as_bytes())?,
            scope,
        })
    }

    pub fn verifier(&self) -> Result<Verifier, JwksError> {
        Verifier::local(&self.scope, &self.keys()?)
    }

    /// One whose feed responded once, this long ago, with these revocations.
    pub fn verifier_told(&self, ago: Duration, revoked: Revoked) -> Result<Verifier, JwksError> {
        Verifier::told(&self.scope, &self.keys()?, ago, revoked)
    }

    /// The public key, as auth would publish it.
    pub fn keys(&self) -> Result<JwkSet, JwksError> {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::ES256)?;
        jwk.common.key_id = Some(KID.into());
        Ok(JwkSet { keys: vec![jwk] })
    }

    /// The claims of a token of this user, valid for 15 minutes.
    pub fn claims(&self, user: Uuid, roles: &[Role]) -> Claims {
        let (now, ids) = (Clock::system().now().timestamp(), Ids::system());
        Claims {
            iss: self.scope.issuer.clone(),
            aud: self.scope.audience.clone(),
            sub: user,
            sid: ids.uuid(),
            jti: ids.uuid(),
            iat: now,
            exp: now + 900,
            roles: roles
                .iter()
                .map(|role| role.into_str().to_owned())
                .collect(),
            scope: Some(Permissions::of_roles(roles.iter().copied()).to_string()),
            epoch: 0,
        }
    }

    /// A token of this user, valid for 15 minutes.
    pub fn token(&self, user: Uuid, roles: &[Role]) -> Result<String, JwksError> {
        self.sign(&self.claims(user, roles))
    }

    /// A token of this user, who has a custom role with these permissions, separated by spaces.
    pub fn permitted(&self, user: Uuid, scope: &str) -> Result<String, JwksError> {
        self.sign(&Claims {
            roles: vec!["custom".to_owned()],
            scope: Some(scope.to_owned()),
            ..self.claims(user, &[])
        })
    }

    pub fn sign(&self, claims: &Claims) -> Result<String, JwksError> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(TOKEN_TYPE.into());
        header.kid = Some(KID.into());
        Ok(encode(&header, claims, &self.key)?)
    }
}
