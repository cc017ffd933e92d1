use auth::MIGRATOR;
use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Duration};
use clock::Clock;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{PATH, count, create, exchange, key, revoke, run};
use crate::support::fixture::{Auth, request};

const OWN: &str = "api_keys:read:own";

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_key_is_shown_once_and_stored_as_a_hash(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let body = json!({ "name": " Import ", "permissions": ["orders:read:own", OWN] });
    let created = create(&auth, ann.access(), body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    assert_eq!(created.text("/name"), "Import");
    assert_eq!(created.text("/user_id"), ann.user());
    assert_eq!(created.text("/status"), "active");
    assert_eq!(created.body["permissions"], json!(["orders:read:own", OWN]));
    assert_eq!(created.body["last_used_at"], Value::Null);
    let secret = created.text("/key");
    assert!(secret.starts_with("esk_") && secret.ends_with(created.text("/hint")));

    let listed = auth.get(PATH, ann.access()).await;
    let mut shown = created.body.clone();
    shown.as_object_mut().unwrap().remove("key");
    assert_eq!(listed.body["data"], json!([shown]));
    let hash: Vec<u8> = sqlx::query_scalar("SELECT secret_hash FROM api_keys")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(hash, digest(&SHA256, secret.as_bytes()).as_ref());
    assert_eq!(
        count(&pool, "api_keys WHERE api_keys::text LIKE '%esk_%'").await,
        0
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_permission_that_the_caller_does_not_hold_is_refused_by_name(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    for permission in [
        "orders:read",
        "payments:refund",
        "users:list",
        "stock:read:own",
    ] {
        let body = json!({ "name": "a", "permissions": [OWN, permission] });
        let refused = create(&auth, ann.access(), body).await;
        refused.is(403, "forbidden");
        let named = format!("the permission {permission},");
        assert!(refused.text("/detail").contains(&named), "{}", refused.body);
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_admins_key_may_reach_less_far_than_the_admin(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let root = auth.admin("boss").await;
    let created = key(&auth, root.access(), &["orders:read:own", "users:list"]).await;
    assert_eq!(
        created.body["permissions"],
        json!(["orders:read:own", "users:list"])
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn unknown_and_missing_permissions_are_invalid(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    for unknown in [
        "orders:explode",
        "",
        "*",
        "ORDERS:READ:OWN",
        "orders:read:own ",
        "orders:read:own:own",
        "payments:refund:own",
        "a\u{0}b",
    ] {
        let body = json!({ "name": "a", "permissions": [OWN, unknown] });
        let refused = create(&auth, ann.access(), body).await;
        assert_eq!(refused.status, 422, "{unknown:?}: {}", refused.body);
    }
    let body = json!({ "name": "a", "permissions": [OWN, "orders:explode"] });
    create(&auth, ann.access(), body)
        .await
        .is_invalid("/permissions/1");
    for permissions in [json!([]), json!(null), json!(OWN), json!(vec![OWN; 201])] {
        let body = json!({ "name": "a", "permissions": permissions });
        create(&auth, ann.access(), body)
            .await
            .is_invalid("/permissions");
    }
    let repeated = create(
        &auth,
        ann.access(),
        json!({ "name": "a", "permissions": vec![OWN; 200] }),
    )
    .await;
    assert_eq!(repeated.body["permissions"], json!([OWN]));
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_name_is_one_visible_line(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let body = |name: Value| json!({ "name": name, "permissions": [OWN] });
    for name in [
        json!(""),
        json!(" "),
        json!("a\nb"),
        json!("a\u{0}"),
        json!("a\u{202E}b"),
        json!("ö".repeat(101)),
        json!(null),
        json!(5),
    ] {
        create(&auth, ann.access(), body(name))
            .await
            .is_invalid("/name");
    }
    let longest = create(&auth, ann.access(), body(json!("ö".repeat(100)))).await;
    assert_eq!(longest.status, 201, "{}", longest.body);
    let dot = create(&auth, ann.access(), body(json!("."))).await;
    assert_eq!(dot.status, 201, "{}", dot.body);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn unknown_fields_are_refused(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    for field in ["user_id", "key", "roles", "scope", "id"] {
        let body = json!({ "name": "a", "permissions": [OWN], field: "a" });
        create(&auth, ann.access(), body)
            .await
            .is_invalid(&format!("/{field}"));
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_key_expires_after_90_days_or_when_its_owner_says_within_a_year(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let now = Clock::system().now();
    let expiring =
        |expires_at: Value| json!({ "name": "a", "permissions": [OWN], "expires_at": expires_at });
    let lifetime = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc() - now;

    let by_default = key(&auth, ann.access(), &[OWN]).await;
    let days = lifetime(by_default.text("/expires_at")).num_days();
    assert_eq!(days, 90);
    let requested = now + Duration::days(365);
    let requested = create(&auth, ann.access(), expiring(json!(requested))).await;
    // The response is exact to the microsecond.
    let longer = Duration::days(365) - lifetime(requested.text("/expires_at"));
    assert!(longer.abs() < Duration::milliseconds(1), "{longer}");
    for bad in [
        json!(now - Duration::days(1)),
        json!(now + Duration::minutes(1)),
        json!(now + Duration::days(367)),
        json!("9999-12-31T23:59:59Z"),
        json!("0000-01-01T00:00:00Z"),
        json!("+262142-12-31T23:59:59Z"),
        json!("tomorrow"),
        json!(1_900_000_000),
    ] {
        create(&auth, ann.access(), expiring(bad))
            .await
            .is_invalid("/expires_at");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_user_has_at_most_20_live_keys(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let mut ids = Vec::new();
    for _ in 0..20 {
        let created = key(&auth, ann.access(), &[OWN]).await;
        ids.push(created.text("/id").to_owned());
    }
    let body = json!({ "name": "a", "permissions": [OWN] });
    create(&auth, ann.access(), body.clone())
        .await
        .is(409, "too_many_api_keys");
    key(&auth, ben.access(), &[OWN]).await;

    // One that was revoked or has expired makes room.
    assert_eq!(revoke(&auth, ann.access(), &ids[0]).await.status, 204);
    key(&auth, ann.access(), &[OWN]).await;
    create(&auth, ann.access(), body)
        .await
        .is(409, "too_many_api_keys");
    let expired = format!(
        "UPDATE api_keys SET created_at = now() - interval '2 days', expires_at = now() - interval '1 day'
         WHERE id = '{}'",
        super::bare(&ids[1])
    );
    run(&pool, &expired).await;
    key(&auth, ann.access(), &[OWN]).await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn concurrent_creations_do_not_exceed_the_limit_together(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    for _ in 0..19 {
        key(&auth, ann.access(), &[OWN]).await;
    }
    let body = json!({ "name": "a", "permissions": [OWN] });
    let another = || create(&auth, ann.access(), body.clone());
    let answers = tokio::join!(another(), another(), another(), another());
    let mut statuses = [answers.0, answers.1, answers.2, answers.3].map(|answer| answer.status);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
    assert_eq!(count(&pool, "api_keys").await, 20);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn keys_are_not_created_and_revoked_without_end(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    for _ in 0..60 {
        let created = key(&auth, ann.access(), &[OWN]).await;
        revoke(&auth, ann.access(), created.text("/id")).await;
    }
    let body = json!({ "name": "a", "permissions": [OWN] });
    let refused = create(&auth, ann.access(), body.clone()).await;
    refused.is(429, "too_many_requests");
    let seconds: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=900).contains(&seconds));
    assert_eq!(count(&pool, "revocations").await, 60);
    key(&auth, ben.access(), &[OWN]).await;
    // The window ends.
    run(
        &pool,
        "UPDATE attempts SET window_started_at = now() - interval '16 minutes'",
    )
    .await;
    key(&auth, ann.access(), &[OWN]).await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn of_keys_that_have_ended_a_bounded_number_stays(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    for (user, number) in [(&ann, 105), (&ben, 102)] {
        let ended = format!(
            "INSERT INTO api_keys (id, user_id, name, secret_hash, hint, permissions, created_at, expires_at, revoked_at)
             SELECT gen_random_uuid(), '{user}', number::text, sha256(('{user}' || number)::bytea), 'abcd', '{{a:b}}',
                 now() - interval '2 days', now() + interval '2 days', now() - make_interval(mins => number)
             FROM generate_series(1, {number}) AS number",
            user = super::bare(user.user()),
        );
        run(&pool, &ended).await;
    }
    key(&auth, ann.access(), &[OWN]).await;
    let of = async |user: &str| {
        let user = super::bare(user);
        count(&pool, &format!("api_keys WHERE user_id = '{user}'")).await
    };
    assert_eq!(of(ann.user()).await, 101);
    assert_eq!(of(ben.user()).await, 102);
    // Those that ended first are gone.
    let oldest = "api_keys WHERE revoked_at IS NOT NULL AND name::int BETWEEN 101 AND 105";
    assert_eq!(count(&pool, oldest).await, 2, "those of Ben");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_key_creates_no_keys(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ann = auth.customer("ann").await;
    let body = json!({ "name": "a", "permissions": [OWN] });
    let writer = key(&auth, ann.access(), &["api_keys:write:own", OWN]).await;
    let token = exchange(&auth, writer.text("/key")).await;
    create(&auth, token.access(), body.clone())
        .await
        .is(401, "login_required");
    let reader = key(&auth, ann.access(), &[OWN]).await;
    let token = exchange(&auth, reader.text("/key")).await;
    create(&auth, token.access(), body)
        .await
        .is(403, "forbidden");
    assert_eq!(count(&pool, "api_keys").await, 2);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_a_user_who_is_logged_in_creates_keys(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let body = json!({ "name": "a", "permissions": [OWN] });
    auth.post(PATH, body.clone()).await.is(401, "token_missing");
    let ann = auth.customer("ann").await;
    auth.send(request(
        "POST",
        "/api/v1/auth/logout",
        Some(ann.access()),
        None,
    ))
    .await;
    create(&auth, ann.access(), body)
        .await
        .is(401, "session_ended");
    assert_eq!(count(&pool, "api_keys").await, 0);
}
