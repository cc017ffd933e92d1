use auth::MIGRATOR;
use sqlx::PgPool;

use crate::support::fixture::{Auth, request};

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_user_sees_their_own_account(pool: PgPool) {
    let auth = Auth::new(pool);
    let (ann, _ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let answer = auth.get("/api/v1/auth/profile", ann.access()).await;
    assert_eq!((answer.status, answer.header("etag")), (200, "\"1\""));
    assert_eq!(answer.body, ann.body["user"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_guest_has_no_account(pool: PgPool) {
    Auth::new(pool)
        .send(request("GET", "/api/v1/auth/profile", None, None))
        .await
        .is(401, "token_missing");
}
