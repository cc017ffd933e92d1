//! Work without a request: the first administrator, the sweeper, keys from a folder.

use std::path::PathBuf;

use auth::{
    MIGRATOR,
    accounts::{
        first_admin::{FirstAdmin, FirstAdminError, FirstAdminSettings, ensure},
        postgres::FirstAdminOutcome,
    },
    sweeper,
    tokens::{
        secret::ServerKey,
        signing::{KeyFiles, KeyRing},
    },
};
use serde_json::json;
use sqlx::PgPool;
use tokio::sync::watch;

use crate::support::fixture::{Auth, PASSWORD, pem, scope};

fn admin(email: &str) -> FirstAdmin {
    let settings = FirstAdminSettings {
        admin_email: Some(email.into()),
        admin_password: Some(PASSWORD.into()),
        admin_password_file: None,
    };
    settings.parse().unwrap().unwrap()
}

#[test]
fn the_first_administrators_password_may_be_a_file() {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("admin-password");
    std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
    let named = |file: &PathBuf| FirstAdminSettings {
        admin_email: Some("root@example.com".into()),
        admin_password: None,
        admin_password_file: Some(file.clone()),
    };
    assert!(named(&file).parse().unwrap().is_some());
    assert!(
        named(&file.with_extension("gone"))
            .parse()
            .unwrap()
            .is_none()
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn replicas_make_one_first_administrator(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (one, two) = (admin("root@example.com"), admin("other@example.com"));
    let outcomes = tokio::join!(
        ensure(&auth.app, &one),
        ensure(&auth.app, &two),
        ensure(&auth.app, &one)
    );
    let made = [outcomes.0, outcomes.1, outcomes.2]
        .into_iter()
        .filter(|outcome| matches!(outcome, Ok(FirstAdminOutcome::Made(_))));
    assert_eq!(made.count(), 1);
    assert_eq!(
        ensure(&auth.app, &one).await.unwrap(),
        FirstAdminOutcome::Present
    );
    let emails: Vec<String> = sqlx::query_scalar("SELECT email FROM users")
        .fetch_all(&pool)
        .await
        .unwrap();
    let answer = auth.log_in(&emails[0], PASSWORD).await;
    assert_eq!(
        (emails.len(), &answer.body["user"]["roles"]),
        (1, &json!(["admin"]))
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_easily_guessed_administrators_password_is_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let settings = FirstAdminSettings {
        admin_email: Some("root@example.com".into()),
        admin_password: Some("administrator1".into()),
        admin_password_file: None,
    };
    let weak = settings.parse().unwrap().unwrap();
    let refused = ensure(&auth.app, &weak).await;
    assert!(matches!(
        refused,
        Err(FirstAdminError::GuessablePassword(_))
    ));
    // With an administrator in place the password is not checked.
    ensure(&auth.app, &admin("root@example.com")).await.unwrap();
    assert_eq!(
        ensure(&auth.app, &weak).await.unwrap(),
        FirstAdminOutcome::Present
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_customer_with_the_administrators_address_is_not_promoted(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.customer("ann").await;
    assert_eq!(
        ensure(&auth.app, &admin("ann@example.com")).await.unwrap(),
        FirstAdminOutcome::EmailTaken
    );
    assert_eq!(
        auth.log_in("ann", PASSWORD).await.body["user"]["roles"],
        json!(["customer"])
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_address_of_a_deleted_user_is_free_for_the_first_administrator(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let body = json!({ "password": PASSWORD });
    let deleted = auth.post_as(&ann, "/api/v1/auth/account/delete", body);
    assert_eq!(deleted.await.status, 204);
    let made = ensure(&auth.app, &admin("ann@example.com")).await.unwrap();
    assert!(matches!(made, FirstAdminOutcome::Made(_)), "{made:?}");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_sweeper_deletes_expired_rows_and_no_others(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let ben = auth.refresh(ben.refresh()).await;
    for statement in [
        "UPDATE sessions SET expires_at = now() - interval '1 second' WHERE user_id = (SELECT id FROM users WHERE username = 'ann')",
        "UPDATE refresh_tokens SET expires_at = now() - interval '1 second' WHERE rotated_at IS NOT NULL",
        "UPDATE attempts SET window_started_at = now() - interval '61 minutes'",
        "UPDATE account_tokens SET expires_at = now() - interval '1 second' WHERE email = 'ann@example.com'",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let (_stop, running) = watch::channel(false);
    assert_eq!(
        sweeper::sweep(&db::Pool::from(&pool), &running)
            .await
            .unwrap(),
        7,
        "a session, a rotated token, four windows, a one-time token"
    );
    auth.refresh(ann.refresh())
        .await
        .is(401, "refresh_token_invalid");
    assert_eq!(auth.refresh(ben.refresh()).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn api_keys_are_deleted_90_days_after_their_end(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    for (name, expires, revoked) in [
        ("live", "1 day", None),
        ("revoked", "1 day", Some("89 days")),
        ("revoked long ago", "1 day", Some("91 days")),
        ("expired", "-89 days", None),
        ("expired long ago", "-91 days", None),
    ] {
        sqlx::query(
            "INSERT INTO api_keys (id, user_id, name, secret_hash, hint, permissions, created_at, expires_at, revoked_at)
             VALUES (gen_random_uuid(), $1::text::uuid, $2::text, sha256($2::text::bytea), 'abcd', '{a:b}', now() - interval '99 days',
                 now() + $3::text::interval, now() - $4::text::interval)",
        )
        .bind(ann.text("/user/id").trim_start_matches("usr_"))
        .bind(name)
        .bind(expires)
        .bind(revoked)
        .execute(&pool)
        .await
        .unwrap();
    }
    let (_stop, running) = watch::channel(false);
    let swept = sweeper::sweep(&db::Pool::from(&pool), &running).await;
    assert_eq!(swept.unwrap(), 2);
    let left: Vec<String> = sqlx::query_scalar("SELECT name FROM api_keys ORDER BY name")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(left, ["expired", "live", "revoked"]);
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn keys_are_read_from_a_folder_as_kubernetes_mounts_it() {
    let folder = folder("jwt");
    std::fs::create_dir(folder.join("..2026_11_21")).unwrap();
    for (name, text) in [
        ("active", "k1\n".to_owned()),
        ("k1.pem", pem()),
        ("k2.pem", pem()),
        ("refresh.key", "ab".repeat(32)),
    ] {
        std::fs::write(folder.join("..2026_11_21").join(name), text).unwrap();
        std::os::unix::fs::symlink(PathBuf::from("..2026_11_21").join(name), folder.join(name))
            .unwrap();
    }
    let files = KeyFiles::read(&folder).unwrap();
    assert_eq!(
        KeyRing::try_new(&files, &scope()).unwrap().jwks.keys.len(),
        2
    );
    assert!(ServerKey::read(&folder.join("refresh.key")).is_ok());
    assert!(ServerKey::read(&folder.join("active")).is_err());
    std::fs::write(folder.join("active"), "k9").unwrap();
    assert!(KeyRing::try_new(&KeyFiles::read(&folder).unwrap(), &scope()).is_err());
}
