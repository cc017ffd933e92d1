//! A person leaves: after the deletion no table has anything of the person, however it got there, no token is accepted, and the
//! other services learn whom to refuse and whom to forget.

use auth::{MIGRATOR, credentials::model::Purpose, tokens::postgres::since};
use db::testing::eventually;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    authenticator::later,
    fixture::{Answer, Auth, FIREFOX, PASSWORD, request},
    neighbor::Internal,
    traces::{KEPT, tables_with, traces, without_trace},
};

const EMAIL: &str = "zarathustra.quill@example.org";
const OWN: &str = "/api/v1/users/me";

/// What the person left behind. The device and the network are those of the person alone.
const PERSONAL: [&str; 17] = [
    EMAIL,
    "zarathustra",
    "example.org",
    "quillfeather",
    "Xanthippe Brontosaurus",
    "Xanthippe",
    "Firefox on Linux",
    "203.0.113.0/24",
    "Hippogriff",
    "Gryphon Works",
    "Wyvern",
    "Basilisk",
    "901820",
    "Antarctica/Troll",
    "quokka backup",
    "ypsilon.new@example.net",
    "orders:read_history:own",
];

struct Person {
    session: Answer,
    api_key: String,
    reset_token: String,
    second_factor: crate::support::authenticator::Authenticator,
}

/// Someone of whom every table has something.
async fn known_person(auth: &Auth, pool: &PgPool) -> Person {
    let registration = json!({
        "email": EMAIL, "password": PASSWORD, "full_name": "Xanthippe Brontosaurus", "username": "quillfeather",
    });
    let registered = auth
        .post_from("203.0.113.77", "/api/v1/auth/register", &registration)
        .await;
    assert_eq!(registered.status, 201, "{}", registered.body);
    let session = auth.log_in_by(FIREFOX, EMAIL, json!({})).await;
    let address = json!({
        "name": "Hippogriff", "company": "Gryphon Works", "line1": "Wyvern 1", "city": "Basilisk",
        "postal_code": "10115", "country": "DE", "phone": "+49 30 901820",
    });
    let key = json!({ "name": "quokka backup", "permissions": ["orders:read_history:own"] });
    let settings =
        json!({ "locale": "de-AT", "time_zone": "Antarctica/Troll", "marketing_consent": true });
    let change = json!({ "new_email": "ypsilon.new@example.net", "password": PASSWORD });
    for (path, body) in [
        ("/api/v1/users/me/addresses", address),
        ("/api/v1/auth/email/change", change),
    ] {
        let done = auth.post_as(&session, path, body).await;
        assert!((200..300).contains(&done.status), "{path}: {}", done.body);
    }
    let mut replace = request(
        "PUT",
        &format!("{OWN}/settings"),
        Some(session.access()),
        Some(&settings),
    );
    replace
        .headers_mut()
        .insert("if-match", "*".parse().unwrap());
    assert_eq!(auth.send(replace).await.status, 200);
    let key = auth.post_as(&session, "/api/v1/api-keys", key).await;
    let forgot = json!({ "email": EMAIL });
    auth.post("/api/v1/auth/password/forgot", forgot).await;
    eventually("the message", async || {
        let message = auth.message(&session, Purpose::PasswordReset).await;
        message.is_some()
    })
    .await;
    let message = auth.message(&session, Purpose::PasswordReset).await;
    // Confirmation of the app ends the other session, whose device and network stay until it is swept.
    let (second_factor, _) = auth.enroll(session.access()).await;
    later(pool).await;
    Person {
        session: auth.renewed(&session).await,
        api_key: key.text("/key").to_owned(),
        reset_token: message.unwrap().token,
        second_factor,
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn nothing_is_left_of_a_person_who_leaves(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let boss = auth.admin("boss").await;
    let person = known_person(&auth, &pool).await;
    let (session, user) = (&person.session, person.session.user_uuid());
    let hash: String = sqlx::query_scalar("SELECT password_hash FROM users WHERE email = $1")
        .bind(EMAIL)
        .fetch_one(&pool)
        .await
        .unwrap();
    // An admin has worked on the account: the log keeps that, without names.
    let path = format!("/api/v1/users/{}", session.user());
    let name = json!({ "full_name": "Xanthippe A. Brontosaurus" });
    let mut patch = request("PATCH", &path, Some(boss.access()), Some(&name));
    patch.headers_mut().insert("if-match", "*".parse().unwrap());
    assert_eq!(auth.send(patch).await.status, 200);
    let name = json!({ "full_name": "Xanthippe Brontosaurus" });
    let patch = request("PATCH", OWN, Some(session.access()), Some(&name));
    assert_eq!(auth.send(patch).await.status, 200);

    let personal: Vec<&str> = PERSONAL.into_iter().chain([hash.as_str()]).collect();
    assert_eq!(
        without_trace(&pool, &personal).await,
        [""; 0],
        "the search finds all of it before"
    );

    let body = json!({ "password": PASSWORD, "code": person.second_factor.code() });
    let deleted = auth.post_as(session, "/api/v1/auth/account/delete", body);
    let deleted = deleted.await;
    assert_eq!((deleted.status, &deleted.body), (204, &Value::Null));

    let found = traces(&pool, &personal).await;
    assert!(found.is_empty(), "{found:?}");
    // The id stays where it is needed, and no table has a row of the user beyond these.
    assert_eq!(tables_with(&pool, user).await, KEPT);

    nothing_opens_any_more(&auth, &person).await;

    // The other services learn whose tokens count no more, and whom to forget.
    let revoked = since(&auth.app.pool, None).await.unwrap();
    let mut raised = revoked.users.iter();
    assert!(raised.any(|raised| raised.id.to_string() == user));
    let ended = revoked.sessions.len();
    assert!(ended >= 3, "two sessions and the key: {ended}");
    let internal = Internal::of(&auth);
    assert_eq!(internal.due().await, [user]);

    // What an admin still sees has no person in it.
    for path in [path.clone(), format!("{path}/export")] {
        let seen = auth.get(&path, boss.access()).await;
        assert_eq!(seen.status, 200, "{}", seen.body);
        let seen = seen.body.to_string();
        for text in PERSONAL {
            assert!(!seen.contains(text), "{path}: {text}");
        }
    }

    // The address and the name are free, also for the same person.
    let registration = json!({ "email": EMAIL, "password": PASSWORD, "full_name": "X", "username": "quillfeather" });
    let again = auth.post("/api/v1/auth/register", registration).await;
    assert_eq!(again.status, 201, "{}", again.body);
    assert_ne!(again.user(), session.user());
    assert_eq!(internal.due().await, [user]);
}

async fn nothing_opens_any_more(auth: &Auth, person: &Person) {
    let session = &person.session;
    for path in [OWN, "/api/v1/auth/profile", "/api/v1/users/me/addresses"] {
        auth.get(path, session.access())
            .await
            .is(401, "session_ended");
    }
    auth.refresh(session.refresh())
        .await
        .is(401, "refresh_token_invalid");
    auth.log_in_with("quillfeather", "code", &person.second_factor.code_in(1))
        .await
        .is(401, "invalid_credentials");
    auth.log_in(EMAIL, PASSWORD)
        .await
        .is(401, "invalid_credentials");
    let exchange = json!({ "api_key": person.api_key });
    auth.post("/api/v1/auth/token", exchange)
        .await
        .is(401, "api_key_invalid");
    let reset = json!({ "token": person.reset_token, "password": "staple in the rain" });
    auth.post("/api/v1/auth/password/reset", reset)
        .await
        .is_invalid("/token");
}
