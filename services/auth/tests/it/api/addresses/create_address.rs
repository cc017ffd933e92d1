use auth::MIGRATOR;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{OWN, added, berlin, defaults, london, own, with};
use crate::support::{
    fixture::Auth,
    people::{needs_a_live_session, of, send},
};

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_address_is_kept_as_it_was_sent(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let answer = added(&auth, &ann, &london()).await;
    assert_eq!(answer.header("etag"), "\"1\"");
    let location = format!("{}/{}", of(&ann, "addresses"), answer.text("/id"));
    assert_eq!(answer.header("location"), location);
    for (field, value) in london().as_object().unwrap() {
        assert_eq!(&answer.body[field], value);
    }
    assert!(answer.text("/id").starts_with("adr_"));
    assert_eq!(auth.get(&location, ann.access()).await.body, answer.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn texts_are_trimmed_and_blank_ones_are_absent(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let mut sent = berlin();
    sent["name"] = json!("  Ann Ö. ");
    sent["country"] = json!("de");
    for (field, value) in [
        ("line2", json!("  ")),
        ("company", json!("")),
        ("region", json!(null)),
        ("phone", json!("")),
    ] {
        sent[field] = value;
    }
    let answer = added(&auth, &ann, &sent).await;
    assert_eq!(
        (answer.text("/name"), answer.text("/country")),
        ("Ann Ö.", "DE")
    );
    for field in ["line2", "company", "region", "phone"] {
        assert!(answer.body.get(field).is_none(), "{field}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_first_address_is_both_defaults_and_a_later_one_takes_over_what_it_is_wanted_for(
    pool: PgPool,
) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let first = added(
        &auth,
        &ann,
        &with(berlin(), "default_billing", json!(false)),
    )
    .await;
    assert_eq!(defaults(&first.body), (true, true));
    let second = added(&auth, &ann, &london()).await;
    assert_eq!(defaults(&second.body), (false, false));
    let third = added(
        &auth,
        &ann,
        &with(berlin(), "default_shipping", json!(true)),
    )
    .await;
    assert_eq!(defaults(&third.body), (true, false));
    let first = auth.get(&own(&first), ann.access()).await;
    assert_eq!(defaults(&first.body), (false, true));
    assert_eq!(
        first.header("etag"),
        "\"2\"",
        "what clients see has changed"
    );
    let second = auth.get(&own(&second), ann.access()).await;
    assert_eq!(second.header("etag"), "\"1\"");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn addresses_of_two_users_have_defaults_of_their_own(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let of_ann = added(&auth, &ann, &berlin()).await;
    added(&auth, &ben, &berlin()).await;
    let read = auth.get(&own(&of_ann), ann.access()).await;
    assert_eq!(read.body, of_ann.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn new_defaults_at_the_same_time_leave_one(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let wanted = with(
        with(berlin(), "default_shipping", json!(true)),
        "default_billing",
        json!(true),
    );
    let post = async || send(&auth, "POST", OWN, &ann, &wanted).await.status;
    let statuses = tokio::join!(post(), post(), post(), post(), post(), post());
    assert_eq!(statuses, (201, 201, 201, 201, 201, 201));
    let (shipping, billing): (i64, i64) = sqlx::query_as(
        "SELECT count(*) FILTER (WHERE default_shipping), count(*) FILTER (WHERE default_billing) FROM addresses",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!((shipping, billing), (1, 1));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_51st_address_is_refused_until_one_is_deleted(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let first = added(&auth, &ann, &berlin()).await;
    sqlx::query(
        "INSERT INTO addresses (id, user_id, name, line1, city, country, default_shipping, default_billing)
         SELECT gen_random_uuid(), user_id, 'Ann', 'Line', 'City', 'AE', false, false
         FROM addresses, generate_series(1, 48)",
    )
    .execute(&pool)
    .await
    .unwrap();
    // Of two at the same time, one is the 50th.
    let post = async || send(&auth, "POST", OWN, &ann, &berlin()).await;
    let (one, two) = tokio::join!(post(), post());
    let (added, refused) = if one.status == 201 {
        (one, two)
    } else {
        (two, one)
    };
    assert_eq!(added.status, 201, "{}", added.body);
    refused.is(409, "too_many_addresses");
    let deleted = send(&auth, "DELETE", &own(&first), &ann, &Value::Null).await;
    assert_eq!(deleted.status, 204);
    assert_eq!(post().await.status, 201);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn what_is_required_depends_on_the_country(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let address = |country: &str, region: Option<&str>, postal_code: Option<&str>| {
        json!({
            "name": "Ann", "line1": "Street 1", "city": "City", "country": country, "region": region, "postal_code": postal_code,
        })
    };
    for (country, region, postal_code) in [
        ("AE", None, None),
        ("HK", Some("Kowloon"), None),
        ("US", Some("CA"), Some("95014-1234")),
        ("CA", Some("ON"), Some("K1A 0B1")),
        ("NL", None, Some("1234 AB")),
        ("JP", Some("Tokyo"), Some("154-0023")),
        ("IE", None, Some("D02 AF30")),
    ] {
        added(&auth, &ann, &address(country, region, postal_code)).await;
    }
    for (country, region, postal_code, expected) in [
        (
            "US",
            None,
            Some("95014"),
            vec![("/region", "region_required")],
        ),
        (
            "US",
            None,
            None,
            vec![
                ("/region", "region_required"),
                ("/postal_code", "postal_code_required"),
            ],
        ),
        (
            "GB",
            None,
            Some("12345"),
            vec![("/postal_code", "invalid_postal_code")],
        ),
        (
            "IE",
            None,
            None,
            vec![("/postal_code", "postal_code_required")],
        ),
    ] {
        let answer = send(
            &auth,
            "POST",
            OWN,
            &ann,
            &address(country, region, postal_code),
        )
        .await;
        assert_eq!(answer.status, 422, "{country}: {}", answer.body);
        let errors = answer.body["errors"].as_array().unwrap();
        let found: Vec<_> = errors
            .iter()
            .map(|error| {
                (
                    error["pointer"].as_str().unwrap(),
                    error["code"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(found, expected, "{country}");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn invalid_parts_are_refused(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    for (field, value) in [
        ("name", json!("")),
        ("name", json!(null)),
        ("name", json!("a".repeat(201))),
        ("name", json!("A\u{202E}nn")),
        ("line1", json!("a\nb")),
        ("line2", json!("a\0b")),
        ("company", json!("a".repeat(900_000))),
        ("city", json!("c".repeat(101))),
        ("region", json!("r".repeat(101))),
        ("postal_code", json!("1".repeat(21))),
        ("postal_code", json!(10115)),
        ("country", json!("UK")),
        ("country", json!("DEU")),
        ("country", json!(null)),
        ("phone", json!("0800-FLOWERS")),
        ("default_shipping", json!(null)),
        ("default_billing", json!("true")),
        ("id", json!("adr_01932c5e-7d2a-7c3e-9f00-0242ac120002")),
        ("version", json!(7)),
    ] {
        let answer = send(&auth, "POST", OWN, &ann, &with(berlin(), field, value)).await;
        answer.is_invalid(&format!("/{field}"));
    }
    for field in ["name", "line1", "city", "country"] {
        let mut body = berlin();
        body.as_object_mut().unwrap().remove(field);
        let answer = send(&auth, "POST", OWN, &ann, &body).await;
        assert_eq!(answer.status, 422, "{field}");
    }
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM addresses")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(rows, 0);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_the_owner_adds_to_a_book(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let root = auth.admin("boss").await;
    let path = of(&ann, "addresses");
    send(&auth, "POST", &path, &ben, &berlin())
        .await
        .is(404, "not_found");
    send(&auth, "POST", &path, &root, &berlin())
        .await
        .is(403, "forbidden");
    assert_eq!(
        send(&auth, "POST", &path, &ann, &berlin()).await.status,
        201
    );
    added(&auth, &root, &berlin()).await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_guest_and_an_ended_session_add_nothing(pool: PgPool) {
    needs_a_live_session(&Auth::new(pool), "POST", OWN, &berlin()).await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_erased_book_is_empty(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    for user in [&ann, &ann, &ben] {
        added(&auth, user, &london()).await;
    }
    let mut transaction = auth.app.pool.begin().await.unwrap();
    let id = ann.text("/user/id").parse().unwrap();
    auth::addresses::erase(&mut transaction, id).await.unwrap();
    transaction.commit().await.unwrap();
    let left = async |user| {
        auth.get(OWN, user).await.body["data"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(left(ann.access()).await, 0);
    assert_eq!(left(ben.access()).await, 1);
}
