//! A thief copies the refresh token of Ann's laptop. No matter which of the two uses it first, it is used twice in the end,
//! and that ends the session for both of them: the thief has nothing, and Ann logs in again.

use auth::MIGRATOR;
use serde_json::json;
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, FIREFOX, PASSWORD};

const CODE: &str = "refresh_token_invalid";

/// Ann's laptop, where the token is in a cookie, and her phone.
async fn devices(auth: &Auth) -> (Answer, Answer) {
    let phone = auth.customer("ann").await;
    let body = json!({ "refresh_token_in": "cookie" });
    let laptop = auth.log_in_by(FIREFOX, "ann", body).await;
    assert_eq!(laptop.status, 200);
    (laptop, phone)
}

/// Neither of these access tokens is accepted, and the session that ended is the only one that did.
async fn only_the_stolen_session_has_ended(auth: &Auth, pool: &PgPool, tokens: &[&Answer]) {
    for answer in tokens {
        auth.get("/api/v1/auth/profile", answer.access())
            .await
            .is(401, "session_ended");
    }
    let reasons: Vec<Option<String>> =
        sqlx::query_scalar("SELECT end_reason FROM sessions ORDER BY id")
            .fetch_all(pool)
            .await
            .unwrap();
    assert_eq!(reasons, [None, Some("reuse".into())]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_thief_who_comes_second_ends_the_session(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (laptop, phone) = devices(&auth).await;
    let stolen = laptop.refresh_cookie().to_owned();
    let second = auth.refresh_in_browser(&stolen).await;
    let third = auth.refresh_in_browser(second.refresh_cookie()).await;
    assert_eq!(third.status, 200);

    auth.refresh(&stolen).await.is(401, CODE);

    let refused = auth.refresh_in_browser(third.refresh_cookie()).await;
    refused.is(401, CODE);
    assert!(refused.header("set-cookie").contains("Max-Age=0"));
    only_the_stolen_session_has_ended(&auth, &pool, &[&laptop, &second, &third]).await;
    assert_eq!(auth.refresh(phone.refresh()).await.status, 200);
    assert_eq!(auth.log_in("ann", PASSWORD).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_thief_who_comes_first_loses_the_session_when_the_owner_returns(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (laptop, phone) = devices(&auth).await;
    let stolen = auth.refresh(laptop.refresh_cookie()).await;
    let more = auth.refresh(stolen.refresh()).await;
    assert_eq!(more.status, 200, "so far nothing tells them apart");

    auth.refresh_in_browser(laptop.refresh_cookie())
        .await
        .is(401, CODE);

    auth.refresh(more.refresh()).await.is(401, CODE);
    only_the_stolen_session_has_ended(&auth, &pool, &[&laptop, &stolen, &more]).await;
    assert_eq!(auth.refresh(phone.refresh()).await.status, 200);
    assert_eq!(auth.log_in("ann", PASSWORD).await.status, 200);
}
