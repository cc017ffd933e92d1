use std::collections::BTreeSet;

use auth::{MIGRATOR, credentials::model::Purpose, limits::address::AddressLimits};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, PASSWORD, Settings, request};

const PATH: &str = "/api/v1/auth/email/change";
const EVENT: &str = "user.email_change_requested";

fn change(new_email: &str, password: &str) -> Value {
    json!({ "new_email": new_email, "password": password })
}

async fn ask(auth: &Auth, login: &Answer, new_email: &str) -> Answer {
    auth.post_as(login, PATH, change(new_email, PASSWORD)).await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn both_addresses_are_asked_and_nothing_changes_yet(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let answer = ask(&auth, &ann, "New@Example.com").await;
    assert_eq!((answer.status, &answer.body), (202, &Value::Null));
    for (purpose, to) in [
        (Purpose::EmailChangeOld, "ann@example.com"),
        (Purpose::EmailChangeNew, "new@example.com"),
    ] {
        assert_eq!(auth.message(&ann, purpose).await.unwrap().to, to);
    }
    assert_eq!(auth.events(EVENT).await, 2);
    let profile = auth.get("/api/v1/auth/profile", ann.access()).await;
    assert_eq!(profile.body, ann.body["user"]);
    let lasts: Vec<bool> = sqlx::query_scalar(
        "SELECT expires_at = created_at + interval '1 hour' FROM account_tokens WHERE new_email IS NOT NULL",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(lasts, [true, true]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_address_of_another_account_gets_the_same_answer(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, _ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let shape = |answer: &Answer| {
        let names: BTreeSet<_> = answer.headers.keys().map(ToString::to_string).collect();
        (answer.status, answer.body.clone(), names)
    };
    let free = ask(&auth, &ann, "free@example.com").await;
    let taken = ask(&auth, &ann, "ben@example.com").await;
    assert_eq!(free.status, 202);
    assert_eq!(shape(&free), shape(&taken));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_wrong_password_and_the_own_address_are_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let wrong = change("new@example.com", "wrong password");
    let wrong = auth.post_as(&ann, PATH, wrong).await;
    wrong.is_invalid("/password");
    assert_eq!(wrong.text("/errors/0/code"), "password_incorrect");
    let unchanged = ask(&auth, &ann, "ANN@example.com").await;
    unchanged.is_invalid("/new_email");
    assert_eq!(unchanged.text("/errors/0/code"), "email_unchanged");
    assert_eq!(auth.events(EVENT).await, 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn changes_of_one_account_are_limited_to_three_an_hour(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    for number in 0..3 {
        let email = format!("new{number}@example.com");
        assert_eq!(ask(&auth, &ann, &email).await.status, 202);
    }
    let refused = ask(&auth, &ann, "new3@example.com").await;
    refused.is(429, "too_many_requests");
    assert_eq!(auth.events(EVENT).await, 6);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn many_accounts_do_not_flood_one_mailbox(pool: PgPool) {
    let auth = Auth::new(pool);
    for name in ["ann", "ben", "cleo"] {
        let login = auth.customer(name).await;
        let accepted = ask(&auth, &login, "victim@example.com").await;
        assert_eq!(accepted.status, 202);
    }
    let dan = auth.customer("dan").await;
    let refused = ask(&auth, &dan, "victim@example.com").await;
    refused.is(429, "too_many_requests");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn guesses_of_the_password_are_limited_together_with_those_of_its_change(pool: PgPool) {
    let mut settings = Settings::default();
    settings.account.account_limit_per_15_minutes = 2;
    let auth = Auth::with(pool, settings);
    let ann = auth.customer("ann").await;
    let wrong = json!({ "current_password": "wrong", "new_password": "staple in the rain" });
    let answer = auth
        .post_as(&ann, "/api/v1/auth/password/change", wrong)
        .await;
    answer.is_invalid("/current_password");
    let answer = auth
        .post_as(&ann, PATH, change("new@example.com", "wrong"))
        .await;
    answer.is_invalid("/password");
    let refused = ask(&auth, &ann, "new@example.com").await;
    refused.is(429, "too_many_requests");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn requests_from_one_address_are_limited(pool: PgPool) {
    let address = AddressLimits {
        login_limit_per_address_per_minute: 1,
        ..AddressLimits::default()
    };
    let auth = Auth::with(
        pool,
        Settings {
            address,
            ..Settings::default()
        },
    );
    let ann = auth.customer("ann").await;
    assert_eq!(ask(&auth, &ann, "new@example.com").await.status, 202);
    let refused = ask(&auth, &ann, "other@example.com").await;
    refused.is(429, "too_many_requests");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_guest_and_a_malformed_body_are_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let body = change("new@example.com", PASSWORD);
    let guest = auth.send(request("POST", PATH, None, Some(&body))).await;
    guest.is(401, "token_missing");
    let ann = auth.customer("ann").await;
    for (body, pointer) in [
        (json!({ "password": PASSWORD }), ""),
        (json!({ "new_email": "new@example.com" }), ""),
        (change("new", PASSWORD), "/new_email"),
        (change("new@example.com", ""), "/password"),
        (
            json!({ "new_email": null, "password": PASSWORD }),
            "/new_email",
        ),
        (
            json!({ "new_email": "new@example.com", "password": PASSWORD, "email": "x" }),
            "/email",
        ),
    ] {
        auth.post_as(&ann, PATH, body).await.is_invalid(pointer);
    }
}
