use auth::{MIGRATOR, tokens::postgres::since};
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{PATH, TOKEN, bare, count, create, exchange, key, revoke, run};
use crate::support::fixture::{Answer, Auth, PASSWORD, Settings, request};

const OWN: &str = "api_keys:read:own";
/// Of the right form, and of no key.
const UNKNOWN: &str = "esk_000000000000000000000000000000000000000000049KGrS";

/// What a client sees of a refusal, without what differs between any two responses.
fn refusal(answer: &Answer) -> (u16, Value, Vec<(String, String)>) {
    let mut body = answer.body.clone();
    body.as_object_mut().unwrap().remove("trace_id");
    let headers = answer.headers.iter();
    let headers = headers
        .filter(|(name, _)| !["x-request-id", "traceparent", "ratelimit"].contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    (answer.status, body, headers.collect())
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_key_is_made_exchanged_used_and_revoked(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let created = key(&auth, ann.access(), &["orders:read:own", OWN]).await;
    let id = bare(created.text("/id"));

    let token = exchange(&auth, created.text("/key")).await;
    assert_eq!(
        token.body,
        json!({
            "access_token": token.access(), "token_type": "Bearer", "expires_in": 300,
            "scope": format!("orders:read:own {OWN}"),
        })
    );
    assert_eq!(token.header("cache-control"), "private, no-store");
    let claims = token.claims();
    assert_eq!(claims["sub"], json!(bare(ann.user())));
    assert_eq!(claims["sid"], json!(id));
    assert_eq!(claims["roles"], json!([]));
    assert_eq!(claims["scope"], json!(format!("orders:read:own {OWN}")));
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 300);

    let used = auth.get(PATH, token.access()).await;
    assert_eq!(used.status, 200, "{}", used.body);
    assert!(used.body["data"][0]["last_used_at"].is_string());

    let feed = async || since(&db::Pool::from(&pool), None).await.unwrap().sessions;
    assert!(feed().await.is_empty());
    assert_eq!(revoke(&auth, ann.access(), id).await.status, 204);
    auth.get(PATH, token.access())
        .await
        .is(401, "session_ended");
    exchange(&auth, created.text("/key"))
        .await
        .is(401, "api_key_invalid");
    let revoked: Vec<_> = feed()
        .await
        .iter()
        .map(|ended| ended.id.to_string())
        .collect();
    assert_eq!(revoked, [id]);
    assert_eq!(
        auth.get(PATH, ann.access()).await.status,
        200,
        "her session goes on"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn keys_that_are_not_valid_look_alike(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben, cid) = (
        auth.customer("ann").await,
        auth.customer("ben").await,
        auth.customer("cid").await,
    );
    let (revoked, expired) = (
        key(&auth, ann.access(), &[OWN]).await,
        key(&auth, ann.access(), &[OWN]).await,
    );
    let (suspended, deleted) = (
        key(&auth, ben.access(), &[OWN]).await,
        key(&auth, cid.access(), &[OWN]).await,
    );
    for created in [&revoked, &expired, &suspended, &deleted] {
        assert_eq!(exchange(&auth, created.text("/key")).await.status, 200);
    }
    revoke(&auth, ann.access(), revoked.text("/id")).await;
    let past = format!(
        "UPDATE api_keys SET created_at = now() - interval '2 days', expires_at = now() - interval '1 second'
         WHERE id = '{}'",
        bare(expired.text("/id"))
    );
    run(&pool, &past).await;
    run(
        &pool,
        "UPDATE users SET status = 'suspended' WHERE username = 'ben'",
    )
    .await;
    run(&pool, "DELETE FROM users WHERE username = 'cid'").await;

    let unknown = exchange(&auth, UNKNOWN).await;
    unknown.is(401, "api_key_invalid");
    for key in [
        revoked.text("/key"),
        expired.text("/key"),
        suspended.text("/key"),
        deleted.text("/key"),
        &revoked.text("/key")[1..],
        "",
        "nonsense",
        ann.access(),
    ] {
        assert_eq!(
            refusal(&exchange(&auth, key).await),
            refusal(&unknown),
            "{key}"
        );
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_tokens_of_a_suspended_owner_are_refused_and_the_key_works_again_afterwards(
    pool: PgPool,
) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let created = key(&auth, ann.access(), &[OWN]).await;
    let token = exchange(&auth, created.text("/key")).await;
    run(&pool, "UPDATE users SET status = 'suspended'").await;
    auth.get(PATH, token.access())
        .await
        .is(401, "session_ended");
    let epochs = since(&db::Pool::from(&pool), None).await.unwrap().users;
    assert_eq!(
        (epochs.len(), epochs[0].epoch),
        (1, token.claims()["epoch"].as_i64().unwrap() + 1)
    );
    run(&pool, "UPDATE users SET status = 'active'").await;
    auth.get(PATH, token.access())
        .await
        .is(401, "token_expired");
    let token = exchange(&auth, created.text("/key")).await;
    assert_eq!(auth.get(PATH, token.access()).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_key_has_the_permissions_that_its_owner_still_holds(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let root = auth.person("boss", &["admin", "vendor"]).await;
    let permissions = ["products:write", "stock:read:own", "users:list"];
    let created = key(&auth, root.access(), &permissions).await;
    let scope = async || {
        let token = exchange(&auth, created.text("/key")).await;
        token.text("/scope").to_owned()
    };
    assert_eq!(scope().await, "products:write stock:read:own users:list");
    run(&pool, "UPDATE users SET roles = '{vendor}'").await;
    assert_eq!(scope().await, "products:write:own stock:read:own");
    run(&pool, "UPDATE users SET roles = '{customer}'").await;
    assert_eq!(scope().await, "");
    let token = exchange(&auth, created.text("/key")).await;
    auth.get(PATH, token.access()).await.is(403, "forbidden");
    // One that a release does not know gives nothing.
    run(
        &pool,
        "UPDATE api_keys SET permissions = '{gone:do, orders:read:own}'",
    )
    .await;
    assert_eq!(scope().await, "orders:read:own");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_key_is_no_login(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let created = key(&auth, ann.access(), &["users:read:own"]).await;
    let token = exchange(&auth, created.text("/key")).await;
    for path in ["/api/v1/auth/profile", "/api/v1/auth/validate"] {
        auth.get(path, token.access())
            .await
            .is(401, "login_required");
        auth.get(path, created.text("/key"))
            .await
            .is(401, "token_invalid");
    }
    revoke(&auth, ann.access(), created.text("/id")).await;
    auth.get("/api/v1/auth/profile", token.access())
        .await
        .is(401, "session_ended");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_token_does_not_outlive_its_key(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let created = key(&auth, ann.access(), &[OWN]).await;
    run(
        &pool,
        "UPDATE api_keys SET expires_at = now() + interval '1 minute'",
    )
    .await;
    let token = exchange(&auth, created.text("/key")).await;
    let seconds = token.body["expires_in"].as_i64().unwrap();
    assert!((50..=60).contains(&seconds), "{seconds}");
    run(
        &pool,
        "UPDATE api_keys SET created_at = now() - interval '2 days', expires_at = now() - interval '1 second'",
    )
    .await;
    auth.get(PATH, token.access())
        .await
        .is(401, "session_ended");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_last_use_is_written_at_most_once_a_minute(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let created = key(&auth, ann.access(), &[OWN]).await;
    // The version of the row, which every write changes.
    let version = async || -> String {
        sqlx::query_scalar("SELECT ctid::text || xmin::text FROM api_keys")
            .fetch_one(&pool)
            .await
            .unwrap()
    };
    let unused = version().await;
    exchange(&auth, created.text("/key")).await;
    let used = version().await;
    assert_ne!(used, unused);
    for _ in 0..5 {
        assert_eq!(exchange(&auth, created.text("/key")).await.status, 200);
    }
    assert_eq!(version().await, used);
    run(
        &pool,
        "UPDATE api_keys SET last_used_at = now() - interval '61 seconds'",
    )
    .await;
    let aged = version().await;
    let uses = || exchange(&auth, created.text("/key"));
    let (one, two) = tokio::join!(uses(), uses());
    assert_eq!((one.status, two.status), (200, 200));
    assert_ne!(version().await, aged);
    let fresh = "api_keys WHERE last_used_at > now() - interval '30 seconds'";
    assert_eq!(count(&pool, fresh).await, 1);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_typing_error_is_refused_without_the_database(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    pool.close().await;
    let typo = UNKNOWN.replacen("esk_0", "esk_O", 1);
    exchange(&auth, &typo).await.is(401, "api_key_invalid");
    let unknown = exchange(&auth, UNKNOWN).await;
    assert!(unknown.status >= 500, "this one is looked up");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn exchanges_are_limited_by_key_and_not_by_address(pool: PgPool) {
    let mut settings = Settings::default();
    settings.address.address_limit_per_minute = 10;
    let auth = Auth::with(pool, settings);
    let ann = auth.customer("ann").await;
    let (busy, other) = (
        key(&auth, ann.access(), &[OWN]).await,
        key(&auth, ann.access(), &[OWN]).await,
    );
    for _ in 0..60 {
        let token = exchange(&auth, busy.text("/key")).await;
        assert_eq!(token.status, 200, "{}", token.body);
    }
    let refused = exchange(&auth, busy.text("/key")).await;
    refused.is(429, "too_many_requests");
    assert_eq!(
        refused.headers_named("ratelimit-policy"),
        ["\"address\";q=10;w=60", "\"key\";q=60;w=60"]
    );
    let seconds: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds));
    let body = json!({ "api_key": busy.text("/key") });
    let elsewhere = auth.post_from("203.0.113.9", TOKEN, &body).await;
    elsewhere.is(429, "too_many_requests");
    assert_eq!(exchange(&auth, other.text("/key")).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn invalid_keys_are_limited_by_address(pool: PgPool) {
    let mut settings = Settings::default();
    settings.address.address_limit_per_minute = 5;
    let auth = Auth::with(pool, settings);
    let ann = auth.customer("ann").await;
    let created = key(&auth, ann.access(), &[OWN]).await;
    for text in [UNKNOWN, "nonsense", UNKNOWN, "", UNKNOWN] {
        let body = json!({ "api_key": text });
        let refused = auth.post_from("203.0.113.1", TOKEN, &body).await;
        refused.is(401, "api_key_invalid");
    }
    let body = json!({ "api_key": created.text("/key") });
    let refused = auth.post_from("203.0.113.1", TOKEN, &body).await;
    refused.is(429, "too_many_requests");
    let elsewhere = auth.post_from("203.0.113.2", TOKEN, &body).await;
    assert_eq!(elsewhere.status, 200, "{}", elsewhere.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_body_without_a_key_is_invalid(pool: PgPool) {
    let auth = Auth::new(pool);
    for key in [json!(null), json!(5), json!([]), json!({ "a": null })] {
        auth.post(TOKEN, json!({ "api_key": key }))
            .await
            .is_invalid("/api_key");
    }
    auth.post(TOKEN, json!({})).await.is_invalid("");
    auth.post(TOKEN, json!({ "api_key": UNKNOWN, "scope": "orders:read" }))
        .await
        .is_invalid("/scope");
    exchange(&auth, &"esk_".repeat(200_000))
        .await
        .is(401, "api_key_invalid");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_change_of_the_password_ends_the_tokens_and_not_the_keys(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let created = key(&auth, ann.access(), &[OWN]).await;
    let token = exchange(&auth, created.text("/key")).await;
    run(
        &pool,
        "UPDATE users SET password_hash = password_hash || ' '",
    )
    .await;
    auth.get(PATH, token.access())
        .await
        .is(401, "token_expired");
    assert_eq!(exchange(&auth, created.text("/key")).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn no_credential_stands_for_another(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let created = key(&auth, ann.access(), &[OWN]).await;
    auth.refresh(created.text("/key"))
        .await
        .is(401, "refresh_token_invalid");
    auth.log_in("ann", created.text("/key"))
        .await
        .is(401, "invalid_credentials");
    exchange(&auth, ann.refresh())
        .await
        .is(401, "api_key_invalid");
    let header = request("POST", TOKEN, Some(created.text("/key")), None);
    assert_ne!(auth.send(header).await.status, 200);
    assert_eq!(auth.log_in("ann", PASSWORD).await.status, 200);
    let body = json!({ "name": "a", "permissions": [OWN] });
    create(&auth, created.text("/key"), body)
        .await
        .is(401, "token_invalid");
}
