use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::{
    fixture::Auth,
    people::{needs_a_live_session, of, send, send_if},
};

const OWN: &str = "/api/v1/users/me/settings";

fn full() -> Value {
    json!({ "locale": "EN-gb", "time_zone": "europe/london", "marketing_consent": true })
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn all_settings_are_replaced(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let answer = send(&auth, "PUT", OWN, &ann, &full()).await;
    assert_eq!((answer.status, answer.header("etag")), (200, "\"1\""));
    assert_eq!(
        (answer.text("/locale"), answer.text("/time_zone")),
        ("en-GB", "Europe/London")
    );
    assert_eq!(auth.get(OWN, ann.access()).await.body, answer.body);

    let answer = send(&auth, "PUT", OWN, &ann, &json!({ "locale": null })).await;
    assert_eq!((answer.status, answer.header("etag")), (200, "\"2\""));
    assert_eq!(
        (&answer.body["locale"], &answer.body["time_zone"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(auth.get(OWN, ann.access()).await.body, answer.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_time_of_a_consent_is_kept_until_it_changes(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let consent = |given: bool| json!({ "marketing_consent": given });
    let at = "/marketing_consent_at";
    let none = send(&auth, "PUT", OWN, &ann, &consent(false)).await;
    assert_eq!(none.body["marketing_consent_at"], Value::Null);
    let given = send(&auth, "PUT", OWN, &ann, &consent(true)).await;
    sqlx::query("UPDATE user_settings SET marketing_consent_at = '2026-01-01T00:00:00Z'")
        .execute(&pool)
        .await
        .unwrap();
    let again = send(&auth, "PUT", OWN, &ann, &full()).await;
    assert_eq!(again.text(at), "2026-01-01T00:00:00Z");
    let withdrawn = send(&auth, "PUT", OWN, &ann, &consent(false)).await;
    assert!(withdrawn.text(at) >= given.text(at));
    let read = auth.get(OWN, ann.access()).await;
    assert_eq!(read.text(at), withdrawn.text(at));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn invalid_settings_are_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    for (field, value) in [
        ("locale", json!("english")),
        ("locale", json!("en_GB")),
        ("locale", json!("")),
        ("locale", json!(5)),
        ("locale", json!("en-".repeat(100_000))),
        ("time_zone", json!("Europe/Bonn")),
        ("time_zone", json!("")),
        ("time_zone", json!("UTC\n")),
        ("time_zone", json!("a".repeat(500_000))),
        ("marketing_consent", json!(null)),
        ("marketing_consent", json!("yes")),
        ("marketing_consent_at", json!("2026-01-01T00:00:00Z")),
        ("version", json!(1)),
    ] {
        let answer = send(&auth, "PUT", OWN, &ann, &json!({ field: value })).await;
        answer.is_invalid(&format!("/{field}"));
    }
    let answer = auth.get(OWN, ann.access()).await;
    assert_eq!(answer.header("etag"), "\"0\"", "nothing was written");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_stale_version_changes_nothing(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let put = async |tag| send_if(&auth, ("PUT", OWN), &ann, &full(), tag).await;
    put("\"1\"").await.is(412, "precondition_failed");
    assert_eq!(put("\"0\"").await.status, 200, "the defaults are version 0");
    put("\"0\"").await.is(412, "precondition_failed");
    assert_eq!(put("*").await.header("etag"), "\"2\"");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_two_first_writes_with_one_version_one_is_stale(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let put = async || {
        send_if(&auth, ("PUT", OWN), &ann, &full(), "\"0\"")
            .await
            .status
    };
    let (one, two) = tokio::join!(put(), put());
    assert_eq!([one.min(two), one.max(two)], [200, 412]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_admin_replaces_the_settings_of_others_which_is_audited(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let root = auth.admin("boss").await;
    let path = of(&ann, "settings");
    send(&auth, "PUT", &path, &ben, &full())
        .await
        .is(404, "not_found");
    send(&auth, "PUT", &path, &root, &full())
        .await
        .is(428, "if_match_required");
    let answer = send_if(&auth, ("PUT", &path), &root, &full(), "\"0\"").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(send(&auth, "PUT", OWN, &root, &full()).await.status, 200);

    let (action, target, data): (String, String, Value) =
        sqlx::query_as("SELECT action, target, data FROM audit_log")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(
        (action.as_str(), target.as_str()),
        ("user.updated", ann.text("/user/id"))
    );
    assert_eq!(
        data,
        json!({ "fields": ["locale", "time_zone", "marketing_consent"] })
    );

    let unknown = "/api/v1/users/usr_01932c5e-7d2a-7c3e-9f00-0242ac120002/settings";
    send_if(&auth, ("PUT", unknown), &root, &full(), "*")
        .await
        .is(404, "not_found");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_guest_and_an_ended_session_change_nothing(pool: PgPool) {
    needs_a_live_session(&Auth::new(pool), "PUT", OWN, &full()).await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn erased_settings_are_the_defaults_again(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    for user in [&ann, &ben] {
        assert_eq!(send(&auth, "PUT", OWN, user, &full()).await.status, 200);
    }
    let mut transaction = auth.app.pool.begin().await.unwrap();
    let id = ann.text("/user/id").parse().unwrap();
    auth::settings::erase(&mut transaction, id).await.unwrap();
    transaction.commit().await.unwrap();
    let etag = async |user| auth.get(OWN, user).await.header("etag").to_owned();
    assert_eq!(etag(ann.access()).await, "\"0\"");
    assert_eq!(etag(ben.access()).await, "\"1\"");
}
