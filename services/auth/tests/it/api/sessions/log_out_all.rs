use auth::MIGRATOR;
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, PASSWORD, add_cookie, request};

const PATH: &str = "/api/v1/auth/logout-all";

async fn log_out_all(auth: &Auth, query: &str, token: &str) -> Answer {
    let path = format!("{PATH}{query}");
    auth.send(request("POST", &path, Some(token), None)).await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn every_session_of_the_caller_ends_and_no_other(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let ben = auth.customer("ben").await;
    let (first, second) = (
        auth.customer("ann").await,
        auth.log_in("ann", PASSWORD).await,
    );
    assert_eq!(log_out_all(&auth, "", first.access()).await.status, 204);
    for session in [&first, &second] {
        auth.refresh(session.refresh())
            .await
            .is(401, "refresh_token_invalid");
        auth.get("/api/v1/auth/validate", session.access())
            .await
            .is(401, "session_ended");
    }
    assert_eq!(auth.refresh(ben.refresh()).await.status, 200);
    assert_eq!(auth.log_in("ann", PASSWORD).await.status, 200);
    let told: Vec<String> = sqlx::query_scalar(
        "SELECT end_reason FROM sessions JOIN revocations ON session_id = sessions.id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(told, ["logout_all", "logout_all"]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_current_session_is_kept_on_request(pool: PgPool) {
    let auth = Auth::new(pool);
    let (other, current) = (
        auth.customer("ann").await,
        auth.log_in("ann", PASSWORD).await,
    );
    let kept = log_out_all(&auth, "?keep_current=true", current.access()).await;
    assert_eq!(kept.status, 204);
    auth.get("/api/v1/auth/validate", other.access())
        .await
        .is(401, "session_ended");
    let current = auth.refresh(current.refresh()).await;
    assert_eq!(current.status, 200);
    let ended = log_out_all(&auth, "?keep_current=false", current.access()).await;
    assert_eq!(ended.status, 204);
    auth.get("/api/v1/auth/validate", current.access())
        .await
        .is(401, "session_ended");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn the_cookie_of_the_ended_session_is_deleted(pool: PgPool) {
    let auth = Auth::new(pool);
    let session = auth.customer("ann").await;
    let send = async |path: &str| {
        let mut request = request("POST", path, Some(session.access()), None);
        add_cookie(&mut request, session.refresh());
        auth.send(request).await
    };
    let kept = send("/api/v1/auth/logout-all?keep_current=true").await;
    assert_eq!(
        (kept.status, kept.headers_named("set-cookie").len()),
        (204, 0)
    );
    let ended = send(PATH).await;
    assert_eq!(
        (ended.status, ended.header("set-cookie")),
        (
            204,
            "refresh_token=; Path=/api/v1/auth; Max-Age=0; HttpOnly; Secure; SameSite=Lax"
        )
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn unknown_parameters_are_refused_and_nothing_ends(pool: PgPool) {
    let auth = Auth::new(pool);
    let session = auth.customer("ann").await;
    for query in [
        "?keep_current=yes",
        "?keep_current=",
        "?keep_current=true&keep_current=true",
        "?keep=true",
    ] {
        let refused = log_out_all(&auth, query, session.access()).await;
        assert_eq!(refused.status, 422, "{query}: {}", refused.body);
    }
    assert_eq!(auth.refresh(session.refresh()).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_a_caller_with_a_live_session_logs_out_everywhere(pool: PgPool) {
    let auth = Auth::new(pool);
    auth.send(request("POST", PATH, None, None))
        .await
        .is(401, "token_missing");
    let (ended, other) = (
        auth.customer("ann").await,
        auth.log_in("ann", PASSWORD).await,
    );
    let log_out = request("POST", "/api/v1/auth/logout", Some(ended.access()), None);
    assert_eq!(auth.send(log_out).await.status, 204);
    log_out_all(&auth, "", ended.access())
        .await
        .is(401, "session_ended");
    assert_eq!(auth.refresh(other.refresh()).await.status, 200);
}
