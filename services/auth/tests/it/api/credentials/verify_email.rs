use auth::{MIGRATOR, credentials::model::Purpose};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, PASSWORD, registration};

const PATH: &str = "/api/v1/auth/email/verify";
const PROFILE: &str = "/api/v1/auth/profile";

async fn verify(auth: &Auth, token: &str) -> Answer {
    auth.post(PATH, json!({ "token": token })).await
}

async fn token(auth: &Auth, login: &Answer, purpose: Purpose) -> String {
    auth.message(login, purpose).await.unwrap().token
}

/// The tokens of the old and the new address.
async fn ask_for_change(auth: &Auth, login: &Answer, new_email: &str) -> [String; 2] {
    let body = json!({ "new_email": new_email, "password": PASSWORD });
    let accepted = auth.post_as(login, "/api/v1/auth/email/change", body).await;
    assert_eq!(accepted.status, 202, "{}", accepted.body);
    [
        token(auth, login, Purpose::EmailChangeOld).await,
        token(auth, login, Purpose::EmailChangeNew).await,
    ]
}

#[track_caller]
fn is_invalid_token(answer: &Answer) {
    answer.is_invalid("/token");
    assert_eq!(answer.text("/errors/0/code"), "token_invalid_or_expired");
}

#[track_caller]
fn confirms(answer: &Answer, email: &str, outcome: &str) {
    assert_eq!(
        (answer.status, &answer.body),
        (200, &json!({ "email": email, "outcome": outcome }))
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_new_users_address_is_verified_by_the_token_of_the_registration(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    assert_eq!(ann.body["user"]["email_verified"], json!(false));
    assert_eq!(auth.events("user.registered").await, 1);
    let message = auth.message(&ann, Purpose::EmailVerification).await;
    let message = message.unwrap();
    assert_eq!(message.to, "ann@example.com");
    let lasts: bool = sqlx::query_scalar(
        "SELECT expires_at = created_at + interval '24 hours' FROM account_tokens",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(lasts);

    confirms(
        &verify(&auth, &message.token).await,
        "ann@example.com",
        "verified",
    );
    let profile = auth.get(PROFILE, ann.access()).await;
    assert_eq!(profile.body["email_verified"], json!(true));
    is_invalid_token(&verify(&auth, &message.token).await);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_address_changes_once_both_sides_have_confirmed(pool: PgPool) {
    let auth = Auth::new(pool);
    for (name, new_first) in [("ann", false), ("ben", true)] {
        let login = auth.customer(name).await;
        let new_email = format!("{name}@example.org");
        let mut tokens = ask_for_change(&auth, &login, &new_email).await;
        if new_first {
            tokens.reverse();
        }
        let [first, second] = tokens;
        confirms(&verify(&auth, &first).await, &new_email, "waiting");
        let profile = auth.get(PROFILE, login.access()).await;
        assert_eq!(profile.body["email"], login.body["user"]["email"]);
        is_invalid_token(&verify(&auth, &first).await);

        confirms(&verify(&auth, &second).await, &new_email, "changed");
        let profile = auth.get(PROFILE, login.access()).await;
        assert_eq!(
            (
                profile.status,
                profile.text("/email"),
                &profile.body["email_verified"]
            ),
            (200, &*new_email, &json!(true)),
            "the session continues"
        );
        assert_eq!(profile.header("etag"), "\"2\"");
        is_invalid_token(&verify(&auth, &second).await);
        assert_eq!(auth.log_in(&new_email, PASSWORD).await.status, 200);
        let old = auth.log_in(login.text("/user/email"), PASSWORD).await;
        old.is(401, "invalid_credentials");
    }
    assert_eq!(auth.events("user.email_changed").await, 2);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_change_ends_every_token_that_the_old_address_got(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let verification = token(&auth, &ann, Purpose::EmailVerification).await;
    for token in ask_for_change(&auth, &ann, "new@example.com").await {
        assert_eq!(verify(&auth, &token).await.status, 200);
    }
    is_invalid_token(&verify(&auth, &verification).await);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM account_tokens")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_address_that_was_registered_meanwhile_stays_with_its_account(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let [old, new] = ask_for_change(&auth, &ann, "ben@example.com").await;
    assert_eq!(verify(&auth, &old).await.status, 200);
    auth.customer("ben").await;
    verify(&auth, &new).await.is(409, "account_exists");
    let profile = auth.get(PROFILE, ann.access()).await;
    assert_eq!(profile.text("/email"), "ann@example.com");
    assert_eq!(auth.events("user.email_changed").await, 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_accounts_that_change_to_one_address_one_gets_it(pool: PgPool) {
    let auth = Auth::new(pool);
    let mut last = Vec::new();
    for name in ["ann", "ben"] {
        let login = auth.customer(name).await;
        let [old, new] = ask_for_change(&auth, &login, "new@example.com").await;
        assert_eq!(verify(&auth, &old).await.status, 200);
        last.push(new);
    }
    let (one, two) = tokio::join!(verify(&auth, &last[0]), verify(&auth, &last[1]));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409], "{} {}", one.body, two.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn concurrent_confirmations_of_both_sides_change_the_address(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let [old, new] = ask_for_change(&auth, &ann, "new@example.com").await;
    let (one, two) = tokio::join!(verify(&auth, &old), verify(&auth, &new));
    let mut outcomes = [one.text("/outcome"), two.text("/outcome")];
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["changed", "waiting"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_later_change_replaces_an_earlier_one(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let [old, new] = ask_for_change(&auth, &ann, "first@example.com").await;
    assert_eq!(verify(&auth, &old).await.status, 200);
    let second = ask_for_change(&auth, &ann, "second@example.com").await;
    is_invalid_token(&verify(&auth, &new).await);
    let waiting = verify(&auth, &second[1]).await;
    confirms(&waiting, "second@example.com", "waiting");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_expired_token_and_one_of_a_suspended_account_are_refused(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, sue) = (auth.customer("ann").await, auth.customer("sue").await);
    for statement in [
        "UPDATE account_tokens SET expires_at = now() - interval '1 second' WHERE email = 'ann@example.com'",
        "UPDATE users SET status = 'suspended' WHERE username = 'sue'",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    for login in [&ann, &sue] {
        let token = token(&auth, login, Purpose::EmailVerification).await;
        is_invalid_token(&verify(&auth, &token).await);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_token_of_another_purpose_and_a_malformed_one_are_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let body = json!({ "email": "ann@example.com" });
    auth.post("/api/v1/auth/password/forgot", body).await;
    db::testing::eventually("the message", async || {
        auth.message(&ann, Purpose::PasswordReset).await.is_some()
    })
    .await;
    let reset = token(&auth, &ann, Purpose::PasswordReset).await;
    for token in [
        &*reset,
        "",
        "A",
        &"A".repeat(43),
        ann.refresh(),
        ann.access(),
    ] {
        is_invalid_token(&verify(&auth, token).await);
    }
    for (body, pointer) in [
        (json!({}), ""),
        (json!({ "token": null }), "/token"),
        (json!({ "token": ["A"] }), "/token"),
        (
            json!({ "token": "A", "email": "ann@example.com" }),
            "/email",
        ),
    ] {
        auth.post(PATH, body).await.is_invalid(pointer);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_refused_registration_sends_nothing(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.customer("ann").await;
    let mut body = registration("ann");
    body["username"] = Value::Null;
    auth.post("/api/v1/auth/register", body.clone())
        .await
        .is(409, "account_exists");
    assert_eq!(
        (
            auth.events("user.registered").await,
            auth.events("user.email_verification_requested").await
        ),
        (1, 1)
    );
}
