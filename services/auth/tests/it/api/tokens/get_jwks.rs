use access::Verifier;
use auth::{MIGRATOR, tokens::signing::KeyFiles};
use jsonwebtoken::jwk::JwkSet;
use serde_json::json;
use sqlx::PgPool;

use crate::support::fixture::{Auth, request, scope};

const PATHS: [&str; 3] = [
    "/.well-known/jwks.json",
    "/api/v1/auth/.well-known/jwks.json",
    "/api/auth/.well-known/jwks.json",
];

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_published_keys_verify_a_token(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    for path in PATHS {
        let answer = auth.send(request("GET", path, None, None)).await;
        assert_eq!(
            (answer.status, answer.header("cache-control")),
            (200, "public, max-age=60")
        );
        let keys: JwkSet = serde_json::from_value(answer.body).unwrap();
        let caller = Verifier::local(&scope(), &keys)
            .unwrap()
            .verify(ann.access())
            .await
            .unwrap();
        assert_eq!(format!("usr_{}", caller.id), ann.text("/user/id"));
        let customer = access::Permissions::of_role(access::Role::Customer);
        assert_eq!(caller.permissions, customer);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn every_key_is_published_without_its_private_part(pool: PgPool) {
    let answer = Auth::new(pool)
        .send(request("GET", PATHS[0], None, None))
        .await;
    let keys = answer.body["keys"].as_array().unwrap();
    assert_eq!(
        keys.iter().map(|key| &key["kid"]).collect::<Vec<_>>(),
        [&json!("k1"), &json!("k2")]
    );
    for key in keys {
        let mut members: Vec<_> = key
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        members.sort_unstable();
        assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
        assert_eq!(
            (&key["alg"], &key["crv"], &key["use"]),
            (&json!("ES256"), &json!("P-256"), &json!("sig"))
        );
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_token_has_its_type_its_key_and_its_expiry(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let header = jsonwebtoken::decode_header(ann.access()).unwrap();
    assert_eq!(
        (header.typ.as_deref(), header.kid.as_deref()),
        (Some("at+jwt"), Some("k1"))
    );
    let claims = jsonwebtoken::dangerous::insecure_decode::<access::Claims>(ann.access())
        .unwrap()
        .claims;
    assert_eq!(claims.exp - claims.iat, 900);
    assert_eq!((claims.iss, claims.aud), (scope().issuer, scope().audience));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_rotation_logs_no_user_out(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let rotated = KeyFiles {
        active: "k2".into(),
        ..auth.keys.clone()
    };
    auth.app.keys.replace(&rotated).unwrap();
    assert_eq!(
        auth.get("/api/v1/auth/validate", ann.access()).await.status,
        200
    );
    let refreshed = auth.refresh(ann.refresh()).await;
    assert_eq!(
        jsonwebtoken::decode_header(refreshed.access())
            .unwrap()
            .kid
            .as_deref(),
        Some("k2")
    );
    assert_eq!(
        auth.get("/api/v1/auth/validate", refreshed.access())
            .await
            .status,
        200
    );
    let mut retired = rotated;
    retired.pem_by_kid.remove("k1");
    auth.app.keys.replace(&retired).unwrap();
    auth.get("/api/v1/auth/validate", ann.access())
        .await
        .is(401, "token_invalid");
    assert_eq!(
        auth.get("/api/v1/auth/validate", refreshed.access())
            .await
            .status,
        200
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_invalid_folder_leaves_the_keys_unchanged(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let mut broken = KeyFiles {
        active: "gone".into(),
        ..auth.keys.clone()
    };
    assert!(auth.app.keys.replace(&broken).is_err());
    broken.active = "k1".into();
    broken.pem_by_kid.insert("k3".into(), "no key".into());
    assert!(auth.app.keys.replace(&broken).is_err());
    assert_eq!(
        auth.get("/api/v1/auth/validate", ann.access()).await.status,
        200
    );
}
