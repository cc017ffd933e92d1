use auth::MIGRATOR;
use serde_json::json;
use sqlx::PgPool;

use crate::support::fixture::{Auth, request};

const PATH: &str = "/api/v1/auth/validate";

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_valid_token_identifies_its_user(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let answer = auth.get(PATH, ann.access()).await;
    assert_eq!((answer.status, &answer.body["valid"]), (200, &json!(true)));
    assert_eq!(answer.body["user"], ann.body["user"]);
    assert!(answer.text("/session_id").starts_with("ses_"));
    let mut alias = request("GET", "/api/auth/validate", None, None);
    alias.headers_mut().insert(
        "authentication",
        format!("Bearer {}", ann.access()).parse().unwrap(),
    );
    assert_eq!(auth.send(alias).await.status, 200);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_missing_or_invalid_token_is_refused_with_a_challenge(pool: PgPool) {
    let auth = Auth::new(pool);
    let ann = auth.customer("ann").await;
    let missing = auth.send(request("GET", PATH, None, None)).await;
    missing.is(401, "token_missing");
    assert_eq!(
        missing.header("www-authenticate"),
        "Bearer realm=\"ecommercestack\""
    );
    let (head, signature) = ann.access().rsplit_once('.').unwrap();
    let forged = format!("{head}.{}", signature.chars().rev().collect::<String>());
    for token in ["nonsense", ann.refresh(), &forged] {
        auth.get(PATH, token).await.is(401, "token_invalid");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_token_of_another_stack_is_refused(pool: PgPool) {
    let (here, there) = (Auth::new(pool.clone()), Auth::new(pool));
    let ann = there.customer("ann").await;
    here.get(PATH, ann.access()).await.is(401, "token_invalid");
}
