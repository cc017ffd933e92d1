use auth::{
    MIGRATOR,
    accounts::{passwords::HashingLimits, sign_up::VendorSignup},
    limits::address::AddressLimits,
};
use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::fixture::{Auth, PASSWORD, Settings, registration, request};

const PATH: &str = "/api/v1/auth/register";

fn with(field: &str, value: Value) -> Value {
    let mut body = registration("ann");
    body[field] = value;
    body
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_new_customer_is_logged_in(pool: PgPool) {
    let auth = Auth::new(pool);
    let answer = auth
        .post(PATH, with("email", json!("Ann@Example.com")))
        .await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert_eq!(
        (answer.text("/token_type"), &answer.body["expires_in"]),
        ("Bearer", &json!(900))
    );
    let user = &answer.body["user"];
    assert!(user["id"].as_str().unwrap().starts_with("usr_"));
    assert!(user["created_at"].is_string());
    assert_eq!(
        (
            &user["email"],
            &user["username"],
            &user["full_name"],
            &user["roles"],
            &user["status"]
        ),
        (
            &json!("ann@example.com"),
            &json!("ann"),
            &json!("Ann Example"),
            &json!(["customer"]),
            &json!("active")
        ),
    );
    assert_eq!(
        auth.get("/api/v1/auth/validate", answer.access())
            .await
            .status,
        200
    );
    assert_eq!(auth.refresh(answer.refresh()).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_alias_without_a_version_is_the_same(pool: PgPool) {
    let answer = Auth::new(pool)
        .post("/api/auth/register", registration("ann"))
        .await;
    assert_eq!(answer.status, 201);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_address_and_a_username_belong_to_one_account(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.customer("ann").await;
    auth.post(PATH, with("email", json!("ANN@example.com")))
        .await
        .is(409, "account_exists");
    auth.post(PATH, with("email", json!("other@example.com")))
        .await
        .is(409, "username_taken");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_concurrent_registrations_one_creates_an_account(pool: PgPool) {
    let auth = Auth::new(pool);
    let (one, two) = tokio::join!(
        auth.post(PATH, registration("ann")),
        auth.post(PATH, registration("ann"))
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_vendor_can_register_if_the_shop_allows_it(pool: PgPool) {
    let answer = Auth::new(pool)
        .post(PATH, with("role", json!("SELLER")))
        .await;
    assert_eq!(
        (answer.status, &answer.body["user"]["roles"]),
        (201, &json!(["vendor"]))
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_vendor_is_refused_if_the_shop_does_not_allow_it(pool: PgPool) {
    let auth = Auth::with(
        pool,
        Settings {
            vendor_signup: VendorSignup::Closed,
            ..Settings::default()
        },
    );
    auth.post(PATH, with("role", json!("vendor")))
        .await
        .is(403, "forbidden");
    assert_eq!(
        auth.post(PATH, with("role", json!("customer")))
            .await
            .status,
        201
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn registration_as_an_administrator_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.post(PATH, with("role", json!("admin")))
        .await
        .is(403, "forbidden");
    auth.post(PATH, with("role", json!("ADMIN")))
        .await
        .is(403, "forbidden");
    auth.post(PATH, with("roles", json!(["admin"])))
        .await
        .is(422, "invalid_request");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_invalid_field_is_named(pool: PgPool) {
    let auth = Auth::new(pool);
    for (field, value) in [
        ("email", json!("ann")),
        ("email", json!(7)),
        ("password", json!("short")),
        ("password", json!("a".repeat(129))),
        ("full_name", json!("  ")),
        ("full_name", json!("a".repeat(201))),
        ("username", json!("a")),
        ("username", json!("admin")),
        ("role", json!("owner")),
        ("role", json!(null)),
        ("full_name", json!("Ann\u{0}")),
        ("password", json!("correct\u{0}horse")),
    ] {
        auth.post(PATH, with(field, value))
            .await
            .is_invalid(&format!("/{field}"));
    }
    for field in ["email", "password", "full_name"] {
        let mut body = registration("ann");
        body.as_object_mut().unwrap().remove(field);
        assert_eq!(auth.post(PATH, body).await.status, 422, "{field}");
    }
    assert_eq!(
        auth.post(PATH, with("is_admin", json!(true))).await.status,
        422
    );
    assert_eq!(
        auth.post(PATH, registration("ann")).await.status,
        201,
        "refused registrations must create no account"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_body_that_is_not_json_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let send = |kind: &str, body: &str| {
        Request::post(PATH)
            .header("content-type", kind)
            .body(Body::from(body.to_owned()))
            .unwrap()
    };
    assert_eq!(auth.send(send("application/json", "{")).await.status, 400);
    assert_eq!(auth.send(send("text/plain", "{}")).await.status, 415);
    let wrong_method = auth.send(request("GET", PATH, None, None)).await;
    assert_eq!(
        (wrong_method.status, wrong_method.header("allow")),
        (405, "POST")
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn requests_from_one_address_are_limited(pool: PgPool) {
    let address = AddressLimits {
        address_limit_per_minute: 2,
        ..AddressLimits::default()
    };
    let auth = Auth::with(
        pool,
        Settings {
            address,
            ..Settings::default()
        },
    );
    let from = |client: &str| {
        let mut request = request("POST", PATH, None, Some(&json!({})));
        request
            .headers_mut()
            .insert("x-forwarded-for", client.parse().unwrap());
        request
    };
    let first = auth.send(from("203.0.113.1")).await;
    assert_eq!(
        (first.status, first.header("ratelimit-policy")),
        (422, "\"address\";q=2;w=60")
    );
    assert_eq!(first.header("ratelimit"), "\"address\";r=1;t=60");
    // Addresses that the client adds do not make it another client.
    assert_eq!(
        auth.send(from("198.51.100.7, 203.0.113.1")).await.status,
        422
    );
    let third = auth.send(from("203.0.113.1")).await;
    third.is(429, "too_many_requests");
    assert!((1..=60).contains(&third.header("retry-after").parse::<u32>().unwrap()));
    assert!(third.header("ratelimit").starts_with("\"address\";r=0;"));
    assert_eq!(
        auth.send(from("203.0.113.2")).await.status,
        422,
        "another client must not be limited"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn registrations_of_one_address_are_limited(pool: PgPool) {
    let mut settings = Settings::default();
    settings.account.account_limit_per_15_minutes = 2;
    let auth = Auth::with(pool, settings);
    auth.customer("ann").await;
    auth.post(PATH, registration("ann"))
        .await
        .is(409, "account_exists");
    auth.post(PATH, registration("ann"))
        .await
        .is(429, "too_many_requests");
    auth.customer("ben").await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_flood_is_refused_and_not_queued(pool: PgPool) {
    let hashing = HashingLimits {
        hashing_threads: 1,
        hashing_line: 1,
    };
    let auth = Auth::with(
        pool,
        Settings {
            hashing,
            ..Settings::default()
        },
    );
    let names: Vec<String> = (0..12).map(|number| format!("user{number}")).collect();
    let mut requests = tokio::task::JoinSet::new();
    let auth = std::sync::Arc::new(auth);
    for name in names {
        let auth = auth.clone();
        requests.spawn(async move { auth.post(PATH, registration(&name)).await });
    }
    let answers = requests.join_all().await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert!(
        !made.is_empty() && !refused.is_empty(),
        "{} made, {} refused",
        made.len(),
        refused.len()
    );
    for answer in refused {
        answer.is(503, "unavailable");
        assert_eq!(answer.header("retry-after"), "1");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_easily_guessed_password_is_refused(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    for (password, code) in [
        ("password", "password_common"),
        ("Password2026!", "password_common"),
        ("qwertyuiop", "password_common"),
        ("abababababab", "password_pattern"),
        ("ann@example.com", "password_own_name"),
        ("AnnExample1985", "password_own_name"),
    ] {
        let refused = auth.post(PATH, with("password", json!(password))).await;
        refused.is_invalid("/password");
        assert_eq!(refused.text("/errors/0/code"), code, "{password}");
    }
    // An existing account with such a password can still log in.
    auth.customer("ann").await;
    let common = auth
        .app
        .passwords
        .hash(
            auth.app.passwords.place().unwrap(),
            "password".to_owned().try_into().unwrap(),
        )
        .await
        .unwrap();
    sqlx::query("UPDATE users SET password_hash = $1")
        .bind(common)
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(auth.log_in("ann", "password").await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn no_password_is_stored_in_plain_text(pool: PgPool) {
    Auth::new(pool.clone()).customer("ann").await;
    let hash: String = sqlx::query_scalar("SELECT password_hash FROM users")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && !hash.contains(PASSWORD));
}
