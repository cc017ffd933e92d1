//! An admin is fired. Another one suspends the account, and from then on nothing that the first one has opens anything: not
//! here, and not in the services that read the feed of revocations. Re-employed, the first one has to log in again.

use auth::{MIGRATOR, tokens::postgres::since};
use serde_json::json;
use sqlx::PgPool;

use crate::support::fixture::{Auth, PASSWORD, request};

const USERS: &str = "/api/v1/users";

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_fired_admin_is_out_at_once_and_comes_back_only_by_password(pool: PgPool) {
    let auth = Auth::new(pool);
    let (boss, fired) = (auth.admin("boss").await, auth.admin("fred").await);
    let on_phone = auth.log_in("fred", PASSWORD).await;
    let id = fired.text("/user/id");
    let path = |action: &str| format!("{USERS}/{id}/{action}");
    let post = |action: &str, token: &str| request("POST", &path(action), Some(token), None);
    assert_eq!(auth.get(USERS, fired.access()).await.status, 200);

    let answer = auth.send(post("suspend", boss.access())).await;
    assert_eq!(
        (answer.status, answer.text("/status")),
        (200, "suspended"),
        "{}",
        answer.body
    );

    // The tokens of both sessions are refused here at once, by what only admins do and by what everyone does.
    for session in [&fired, &on_phone] {
        for path in [USERS, "/api/v1/users/me", "/api/v1/auth/profile"] {
            auth.get(path, session.access())
                .await
                .is(401, "session_ended");
        }
        auth.refresh(session.refresh())
            .await
            .is(401, "refresh_token_invalid");
    }
    auth.send(post("activate", fired.access()))
        .await
        .is(401, "session_ended");
    // The known device does not help with the right password.
    auth.log_in_on(fired.device(), "fred", PASSWORD)
        .await
        .is(401, "invalid_credentials");

    // The other services are told of both sessions, and that no token of before is valid.
    let revoked = since(&auth.app.pool, None).await.unwrap();
    let user = id.trim_start_matches("usr_");
    let raised = revoked.users.iter();
    let raised = raised.filter(|raised| raised.id.to_string() == user);
    let epoch = raised.map(|raised| raised.epoch).max();
    assert_eq!(epoch, Some(2), "after the promotion and the suspension");
    // The registration's session, from before the promotion, as well.
    assert_eq!(revoked.sessions.len(), 3);

    // The log tells who did it, and when Fred is employed again, who did that.
    let answer = auth.send(post("activate", boss.access())).await;
    assert_eq!((answer.status, answer.text("/status")), (200, "active"));
    let log = format!("/api/v1/admin/audit-log?target={id}");
    let log = auth.get(&log, boss.access()).await;
    let told: Vec<_> = log.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["action"].clone(), entry["actor"].clone()))
        .collect();
    let by_boss = |action: &str| (json!(action), boss.body["user"]["id"].clone());
    assert_eq!(told, [by_boss("user.activated"), by_boss("user.suspended")]);

    auth.get(USERS, fired.access())
        .await
        .is(401, "session_ended");
    auth.refresh(on_phone.refresh())
        .await
        .is(401, "refresh_token_invalid");
    let back = auth.log_in("fred", PASSWORD).await;
    assert_eq!(back.status, 200, "{}", back.body);
    assert_eq!(auth.get(USERS, back.access()).await.status, 200);
}
