use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{OWN, added, berlin, defaults, london, own};
use crate::support::{
    fixture::Auth,
    people::{needs_a_live_session, of, send, send_if},
};

#[sqlx::test(migrator = "MIGRATOR")]
async fn absent_members_keep_their_values_and_null_removes_one(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let address = added(&auth, &ann, &london()).await;
    let patch =
        json!({ "line1": "10 Downing Street", "line2": null, "phone": "", "company": "Ltd" });
    let answer = send(&auth, "PATCH", &own(&address), &ann, &patch).await;
    assert_eq!((answer.status, answer.header("etag")), (200, "\"2\""));
    let mut expected = address.body.clone();
    expected["line1"] = json!("10 Downing Street");
    expected["company"] = json!("Ltd");
    let members = expected.as_object_mut().unwrap();
    members.remove("line2");
    members.remove("phone");
    members.insert("updated_at".into(), answer.body["updated_at"].clone());
    assert_eq!(answer.body, expected);
    let read = auth.get(&own(&address), ann.access()).await;
    assert_eq!(read.body, answer.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_parts_must_suffice_together_after_the_change(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let address = added(&auth, &ann, &berlin()).await;
    for (patch, pointer) in [
        (json!({ "postal_code": null }), "/postal_code"),
        (json!({ "country": "GB" }), "/postal_code"),
        (json!({ "country": "US" }), "/region"),
        (json!({ "postal_code": "1011" }), "/postal_code"),
    ] {
        let answer = send(&auth, "PATCH", &own(&address), &ann, &patch).await;
        answer.is_invalid(pointer);
    }
    let patch = json!({ "country": "us", "region": "NY", "postal_code": "10001" });
    let answer = send(&auth, "PATCH", &own(&address), &ann, &patch).await;
    assert_eq!((answer.status, answer.header("etag")), (200, "\"2\""));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_address_of_earlier_rules_can_still_become_a_default(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    added(&auth, &ann, &london()).await;
    let old = added(&auth, &ann, &berlin()).await;
    sqlx::query("UPDATE addresses SET postal_code = NULL WHERE country = 'DE'")
        .execute(&pool)
        .await
        .unwrap();
    let path = own(&old);
    let answer = send(
        &auth,
        "PATCH",
        &path,
        &ann,
        &json!({ "default_shipping": true }),
    )
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    send(&auth, "PATCH", &path, &ann, &json!({ "city": "Bonn" }))
        .await
        .is_invalid("/postal_code");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_default_moves_and_can_be_given_up(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let (one, two) = (
        added(&auth, &ann, &london()).await,
        added(&auth, &ann, &berlin()).await,
    );
    let of = async |path: String| defaults(&auth.get(&path, ann.access()).await.body);
    let patch = json!({ "default_shipping": true });
    let answer = send(&auth, "PATCH", &own(&two), &ann, &patch).await;
    assert_eq!(defaults(&answer.body), (true, false));
    assert_eq!(of(own(&one)).await, (false, true));
    let patch = json!({ "default_shipping": false });
    let answer = send(&auth, "PATCH", &own(&two), &ann, &patch).await;
    assert_eq!(defaults(&answer.body), (false, false));
    assert_eq!(of(own(&one)).await, (false, true));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn two_addresses_that_become_the_default_at_the_same_time_leave_one(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    added(&auth, &ann, &london()).await;
    let (one, two) = (
        added(&auth, &ann, &berlin()).await,
        added(&auth, &ann, &berlin()).await,
    );
    let both = json!({ "default_shipping": true, "default_billing": true });
    let patch = async |path: String| send(&auth, "PATCH", &path, &ann, &both).await.status;
    for _ in 0..5 {
        let statuses = tokio::join!(patch(own(&one)), patch(own(&two)));
        assert_eq!(statuses, (200, 200));
        let marked: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM addresses WHERE default_shipping AND default_billing",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!(marked, 1);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_stale_version_changes_nothing(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let path = own(&added(&auth, &ann, &berlin()).await);
    let body = json!({ "name": "Ben" });
    let patch = async |tag| send_if(&auth, ("PATCH", &path), &ann, &body, tag).await;
    assert_eq!(patch("\"1\"").await.status, 200);
    patch("\"1\"").await.is(412, "precondition_failed");
    assert_eq!(patch("*").await.header("etag"), "\"3\"");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn invalid_patches_are_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let path = own(&added(&auth, &ann, &berlin()).await);
    for (field, value) in [
        ("name", json!(null)),
        ("line1", json!(" ")),
        ("city", json!(null)),
        ("country", json!(null)),
        ("phone", json!("12")),
        ("default_billing", json!(null)),
        ("id", json!("adr_01932c5e-7d2a-7c3e-9f00-0242ac120002")),
        ("user_id", json!("usr_01932c5e-7d2a-7c3e-9f00-0242ac120002")),
        ("created_at", json!("2026-01-01T00:00:00Z")),
    ] {
        let answer = send(&auth, "PATCH", &path, &ann, &json!({ field: value })).await;
        answer.is_invalid(&format!("/{field}"));
    }
    assert_eq!(auth.get(&path, ann.access()).await.header("etag"), "\"1\"");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_the_owner_changes_an_address(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let root = auth.admin("boss").await;
    let address = added(&auth, &ann, &berlin()).await;
    let path = of(&ann, &format!("addresses/{}", address.text("/id")));
    let body = json!({ "name": "Eve" });
    for (path, by) in [
        (path.clone(), &ben),
        (own(&address), &ben),
        (own(&address), &root),
    ] {
        send(&auth, "PATCH", &path, by, &body)
            .await
            .is(404, "not_found");
    }
    send(&auth, "PATCH", &path, &root, &body)
        .await
        .is(403, "forbidden");
    let unknown = format!("{OWN}/adr_01932c5e-7d2a-7c3e-9f00-0242ac120002");
    send(&auth, "PATCH", &unknown, &ann, &body)
        .await
        .is(404, "not_found");
    let read = auth.get(&path, ann.access()).await;
    assert_eq!(read.body, address.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_guest_and_an_ended_session_change_nothing(pool: PgPool) {
    let path = format!("{OWN}/adr_01932c5e-7d2a-7c3e-9f00-0242ac120002");
    needs_a_live_session(&Auth::new(pool), "PATCH", &path, &json!({})).await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_merge_patch_is_a_type_of_body(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let path = own(&added(&auth, &ann, &berlin()).await);
    let body: Value = json!({ "region": "Berlin" });
    let mut request =
        crate::support::fixture::request("PATCH", &path, Some(ann.access()), Some(&body));
    let headers = request.headers_mut();
    headers.insert(
        "content-type",
        "application/merge-patch+json".parse().unwrap(),
    );
    let answer = auth.send(request).await;
    assert_eq!((answer.status, answer.text("/region")), (200, "Berlin"));
}
