//! Ann loses her phone, which is logged in to the shop. From her laptop she ends the phone's session, and only that.

use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::support::fixture::{Auth, FIREFOX, request};

const PATH: &str = "/api/v1/auth/sessions";
const APP: &str = "ShopApp/3.1 (iPhone; iOS 18.7)";

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_session_of_a_lost_phone_is_ended_from_the_laptop(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    auth.customer("ann").await;
    let phone = auth.log_in_by(APP, "ann", json!({})).await;
    let in_cookie = json!({ "refresh_token_in": "cookie" });
    let laptop = auth.log_in_by(FIREFOX, "ann", in_cookie).await;

    // She recognizes the phone in the list, and the session that she is looking from.
    let list = auth.get(PATH, laptop.access()).await;
    let sessions = list.body["data"].as_array().unwrap();
    let named = |name: &str| {
        let mut found = sessions.iter().filter(|row| row["device_name"] == name);
        found.next().unwrap().clone()
    };
    assert_eq!(named("Firefox on Linux")["current"], true);
    let lost = named("ShopApp on iPhone");
    assert_eq!(lost["current"], false);

    let path = format!("{PATH}/{}", lost["id"].as_str().unwrap());
    let end = request("DELETE", &path, Some(laptop.access()), None);
    assert_eq!(auth.send(end).await.status, 204);

    // The finder of the phone gets no further: not with either token, and not in the other services, which read the feed.
    auth.get("/api/v1/auth/profile", phone.access())
        .await
        .is(401, "session_ended");
    auth.refresh(phone.refresh())
        .await
        .is(401, "refresh_token_invalid");
    let told: Vec<String> = sqlx::query_scalar("SELECT 'ses_' || session_id FROM revocations")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(told, [lost["id"].as_str().unwrap()]);

    // The laptop goes on, and the phone is gone from the list.
    let laptop = auth.refresh_in_browser(laptop.refresh_cookie()).await;
    assert_eq!(laptop.status, 200);
    let list = auth.get(PATH, laptop.access()).await;
    let rows = list.body["data"].as_array().unwrap().iter();
    let names: Vec<&Value> = rows.map(|row| &row["device_name"]).collect();
    assert_eq!(names, [&json!("Firefox on Linux"), &json!(null)]);
}
