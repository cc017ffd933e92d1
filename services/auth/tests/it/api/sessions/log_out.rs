use auth::MIGRATOR;
use sqlx::PgPool;

use crate::support::fixture::{Auth, PASSWORD, request};

#[sqlx::test(migrator = "MIGRATOR")]
async fn logging_out_ends_the_session_and_no_other(pool: PgPool) {
    let auth = Auth::new(pool);
    let (session, other) = (
        auth.customer("ann").await,
        auth.log_in("ann", PASSWORD).await,
    );
    let log_out = || request("POST", "/api/v1/auth/logout", Some(session.access()), None);
    assert_eq!(auth.send(log_out()).await.status, 204);
    auth.refresh(session.refresh())
        .await
        .is(401, "refresh_token_invalid");
    auth.get("/api/v1/auth/validate", session.access())
        .await
        .is(401, "session_ended");
    assert_eq!(auth.send(log_out()).await.status, 204, "again is fine");
    assert_eq!(auth.refresh(other.refresh()).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_a_caller_with_a_token_logs_out(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.send(request("POST", "/api/v1/auth/logout", None, None))
        .await
        .is(401, "token_missing");
    auth.send(request(
        "POST",
        "/api/v1/auth/logout",
        Some("nonsense"),
        None,
    ))
    .await
    .is(401, "token_invalid");
}
