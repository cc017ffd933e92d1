use auth::MIGRATOR;
use sqlx::PgPool;

use crate::support::fixture::{Answer, Auth, PASSWORD, request};

const PATH: &str = "/api/v1/auth/sessions";

/// The id of the session of this token.
async fn id(auth: &Auth, token: &str) -> String {
    let validated = auth.get("/api/v1/auth/validate", token).await;
    validated.text("/session_id").to_owned()
}

async fn end(auth: &Auth, token: &str, id: &str) -> Answer {
    auth.send(request(
        "DELETE",
        &format!("{PATH}/{id}"),
        Some(token),
        None,
    ))
    .await
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_session_is_ended_from_another_one(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let lost = auth.customer("ann").await;
    let current = auth.log_in("ann", PASSWORD).await;
    let id = id(&auth, lost.access()).await;
    assert_eq!(end(&auth, current.access(), &id).await.status, 204);
    auth.refresh(lost.refresh())
        .await
        .is(401, "refresh_token_invalid");
    auth.get("/api/v1/auth/validate", lost.access())
        .await
        .is(401, "session_ended");
    assert_eq!(auth.refresh(current.refresh()).await.status, 200);

    assert_eq!(
        end(&auth, current.access(), &id).await.status,
        204,
        "again is fine"
    );
    let told: Vec<String> = sqlx::query_scalar(
        "SELECT end_reason FROM sessions JOIN revocations ON session_id = sessions.id",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(told, ["revoked"], "the feed has it once");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_caller_may_end_the_session_of_the_request(pool: PgPool) {
    let auth = Auth::new(pool);
    let session = auth.customer("ann").await;
    let id = id(&auth, session.access()).await;
    let bare = id.trim_start_matches("ses_");
    assert_eq!(end(&auth, session.access(), bare).await.status, 204);
    end(&auth, session.access(), bare)
        .await
        .is(401, "session_ended");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_session_of_another_user_is_answered_like_one_that_does_not_exist(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    let of_ben = id(&auth, ben.access()).await;
    let wrong_kind = of_ben.replace("ses_", "usr_");
    for id in [
        of_ben.as_str(),
        "ses_01932c5e-7d2a-7c3e-9f00-0242ac120002",
        &wrong_kind,
        "current",
        "%00",
    ] {
        end(&auth, ann.access(), id).await.is(404, "not_found");
    }
    assert_eq!(auth.refresh(ben.refresh()).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_a_caller_with_a_live_session_ends_sessions(pool: PgPool) {
    let auth = Auth::new(pool);
    let (stolen, other) = (
        auth.customer("ann").await,
        auth.log_in("ann", PASSWORD).await,
    );
    let of_other = id(&auth, other.access()).await;
    let path = format!("{PATH}/{of_other}");
    auth.send(request("DELETE", &path, None, None))
        .await
        .is(401, "token_missing");
    let of_stolen = id(&auth, stolen.access()).await;
    assert_eq!(end(&auth, other.access(), &of_stolen).await.status, 204);
    end(&auth, stolen.access(), &of_other)
        .await
        .is(401, "session_ended");
    assert_eq!(auth.refresh(other.refresh()).await.status, 200);
}
