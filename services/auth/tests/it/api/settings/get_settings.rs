use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    fixture::Auth,
    people::{needs_a_live_session, of},
};

const OWN: &str = "/api/v1/users/me/settings";

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_user_who_chose_nothing_has_the_defaults(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let answer = auth.get(OWN, ann.access()).await;
    assert_eq!((answer.status, answer.header("etag")), (200, "\"0\""));
    assert_eq!(
        answer.body,
        json!({ "locale": null, "time_zone": null, "marketing_consent": false, "marketing_consent_at": null })
    );
    let by_id = auth.get(&of(&ann, "settings"), ann.access()).await;
    assert_eq!(by_id.body, answer.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_admin_reads_the_settings_of_others_and_other_users_do_not(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let root = auth.admin("boss").await;
    let path = of(&ann, "settings");
    assert_eq!(auth.get(&path, root.access()).await.status, 200);
    auth.get(&path, ben.access()).await.is(404, "not_found");
    for id in ["usr_01932c5e-7d2a-7c3e-9f00-0242ac120002", "ann", "Me"] {
        let path = format!("/api/v1/users/{id}/settings");
        auth.get(&path, root.access()).await.is(404, "not_found");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_guest_and_an_ended_session_have_no_settings(pool: PgPool) {
    needs_a_live_session(&Auth::new(pool), "GET", OWN, &Value::Null).await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn choices_of_earlier_rules_are_shown(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    sqlx::query(
        "INSERT INTO user_settings (user_id, locale, time_zone, marketing_consent, version)
         SELECT id, 'x-old', 'Europe/Atlantis', false, 3 FROM users",
    )
    .execute(&pool)
    .await
    .unwrap();
    let answer = auth.get(OWN, ann.access()).await;
    assert_eq!((answer.status, answer.header("etag")), (200, "\"3\""));
    assert_eq!(answer.text("/time_zone"), "Europe/Atlantis");
}
