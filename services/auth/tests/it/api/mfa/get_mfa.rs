use auth::{MIGRATOR, mfa::policy::RequireMfa};
use serde_json::json;
use sqlx::PgPool;

use crate::support::{
    authenticator::MFA,
    fixture::{Auth, Settings, request},
};

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_account_without_a_second_factor_says_so(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let none = json!({ "enabled": false, "required": false, "recovery_codes_left": 0 });
    assert_eq!(auth.get(MFA, ann.access()).await.body, none);
    auth.begin_totp(ann.access()).await;
    assert_eq!(
        auth.get(MFA, ann.access()).await.body,
        none,
        "an app counts once it is confirmed"
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn an_administrator_is_told_that_the_shop_requires_one(pool: PgPool) {
    let settings = Settings {
        require_mfa: RequireMfa::Admins,
        ..Settings::default()
    };
    let auth = Auth::with(pool.clone(), settings);
    let (ann, ben) = (auth.customer("ann").await, auth.customer("ben").await);
    sqlx::query("UPDATE users SET roles = '{customer,admin}' WHERE username = 'ben'")
        .execute(&pool)
        .await
        .unwrap();
    let ben = auth.renewed(&ben).await;
    for (token, required) in [(ann.access(), false), (ben.access(), true)] {
        let mfa = auth.get(MFA, token).await;
        assert_eq!(mfa.body["required"], json!(required));
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_guest_is_refused(pool: PgPool) {
    let answer = Auth::new(pool).send(request("GET", MFA, None, None)).await;
    answer.is(401, "token_missing");
}
