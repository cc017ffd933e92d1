use std::{sync::atomic::AtomicI64, time::Duration};

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{Method, Request},
};
use chrono::TimeDelta;
use clock::{Clock, Ids};
use uuid::Uuid;

use super::*;
use crate::{
    EndedSession, RaisedEpoch, Requires, Revoked, Role,
    permissions::{orders, payments, sagas},
    testing::Signer,
};

const NOW: Duration = Duration::ZERO;
/// Just too old.
const STALE: Duration = Duration::from_secs(31);

#[derive(Clone)]
struct App(Verifier);

impl FromRef<App> for Verifier {
    fn from_ref(app: &App) -> Self {
        app.0.clone()
    }
}

fn user() -> Uuid {
    Ids::system().uuid()
}

fn signer() -> Signer {
    Signer::try_new().unwrap()
}

fn nothing() -> Revoked {
    Revoked {
        as_of: Clock::system().now(),
        sessions: Vec::new(),
        users: Vec::new(),
    }
}

/// The status and code that an extractor answers this token with, 200 where it admits it.
async fn answer<C>(verifier: &Verifier, method: Method, token: &str) -> (u16, String)
where
    C: FromRequestParts<App, Rejection = Problem>,
{
    let request = Request::builder()
        .method(method)
        .header("authorization", format!("Bearer {token}"))
        .body(())
        .unwrap();
    let (mut parts, ()) = request.into_parts();
    match C::from_request_parts(&mut parts, &App(verifier.clone())).await {
        Ok(_) => (200, String::new()),
        Err(problem) => (problem.status().as_u16(), problem.code().to_owned()),
    }
}

async fn code(verifier: &Verifier, token: &str) -> String {
    match verifier.verify(token).await {
        Ok(_) => "good".to_owned(),
        Err(problem) => problem.code().to_owned(),
    }
}

#[tokio::test]
async fn a_remembered_token_costs_no_second_signature() {
    let signer = signer();
    let verifier = signer.verifier().unwrap();
    let (one, other) = (
        signer.token(user(), &[Role::Customer]).unwrap(),
        signer.token(user(), &[Role::Customer]).unwrap(),
    );
    for _ in 0..100 {
        assert_eq!(code(&verifier, &one).await, "good");
    }
    assert_eq!(verifier.signatures_checked(), 1);
    assert_eq!(code(&verifier, &other).await, "good");
    assert_eq!(verifier.signatures_checked(), 2);
}

#[tokio::test]
async fn a_changed_token_is_not_the_remembered_one() {
    let signer = signer();
    let verifier = signer.verifier().unwrap();
    let token = signer.token(user(), &[Role::Customer]).unwrap();
    assert_eq!(code(&verifier, &token).await, "good");
    let signature = token.rfind('.').unwrap() + 1;
    let other = if token[signature..].starts_with('A') {
        "B"
    } else {
        "A"
    };
    let mut forged = token.clone();
    forged.replace_range(signature..=signature, other);
    for _ in 0..2 {
        assert_eq!(code(&verifier, &forged).await, "token_invalid");
    }
    assert_eq!(
        verifier.signatures_checked(),
        3,
        "a bad token is never remembered"
    );
}

#[tokio::test]
async fn a_remembered_token_expires() {
    static AHEAD: AtomicI64 = AtomicI64::new(0);
    let now = || Clock::system().now() + TimeDelta::seconds(AHEAD.load(Ordering::Relaxed));
    let signer = signer();
    let mut verifier = signer.verifier().unwrap();
    Arc::get_mut(&mut verifier.0).unwrap().clock = Clock::fixed(now);
    let mut claims = signer.claims(user(), &[Role::Customer]);
    // Good for a minute more, and for the leeway.
    claims.exp = Clock::system().now().timestamp() + 60;
    let token = signer.sign(&claims).unwrap();
    assert_eq!(code(&verifier, &token).await, "good");
    AHEAD.store(60 + i64::from(LEEWAY_SECONDS) - 5, Ordering::Relaxed);
    assert_eq!(code(&verifier, &token).await, "good");
    AHEAD.store(60 + i64::from(LEEWAY_SECONDS) + 1, Ordering::Relaxed);
    assert_eq!(code(&verifier, &token).await, "token_expired");
    assert_eq!(verifier.signatures_checked(), 1);
}

#[tokio::test]
async fn a_key_that_is_taken_out_takes_its_tokens_with_it() {
    let signer = signer();
    let verifier = signer.verifier().unwrap();
    let token = signer.token(user(), &[Role::Customer]).unwrap();
    assert_eq!(code(&verifier, &token).await, "good");
    // Read again, as every minute: nothing changes.
    verifier.0.keys.replace(&signer.keys().unwrap()).unwrap();
    assert_eq!(code(&verifier, &token).await, "good");
    assert_eq!(verifier.signatures_checked(), 1);

    verifier
        .0
        .keys
        .replace(&JwkSet { keys: Vec::new() })
        .unwrap();
    assert_eq!(code(&verifier, &token).await, "token_invalid");
    assert_eq!(verifier.0.signatures.len(), 0);
}

#[tokio::test]
async fn what_is_remembered_is_bounded_and_what_is_in_use_stays() {
    let signer = signer();
    let verifier = signer.verifier().unwrap();
    let token = signer.token(user(), &[Role::Customer]).unwrap();
    let good = verifier.check_signature(&token).await.unwrap();
    let signatures = Signatures::new(100);
    signatures.remember("in use", good.clone());
    for number in 0..1_000 {
        signatures.remember(&format!("token {number}"), good.clone());
        assert!(signatures.find("in use").is_some(), "after {number}");
        assert!(signatures.len() <= 101, "{}", signatures.len());
    }
    assert!(signatures.find("token 999").is_some());
    let found = |number: &u32| signatures.find(&format!("token {number}")).is_some();
    let kept = (0..1_000).filter(found).count();
    assert!(kept < 100, "{kept}");
}

#[tokio::test]
async fn a_token_that_was_dropped_is_verified_again() {
    let signer = signer();
    let mut verifier = signer.verifier().unwrap();
    Arc::get_mut(&mut verifier.0).unwrap().signatures = Signatures::new(50);
    let token = || signer.token(user(), &[Role::Customer]).unwrap();
    let tokens: Vec<_> = std::iter::repeat_with(token).take(100).collect();
    for token in &tokens {
        assert_eq!(code(&verifier, token).await, "good");
    }
    assert_eq!(verifier.signatures_checked(), 100);
    for token in &tokens {
        assert_eq!(code(&verifier, token).await, "good");
    }
    let checked = verifier.signatures_checked();
    assert!((150..=200).contains(&checked), "{checked}");
}

#[tokio::test]
async fn a_session_that_ended_is_refused_although_its_token_is_remembered() {
    let signer = signer();
    let verifier = signer.verifier_told(NOW, nothing()).unwrap();
    let claims = signer.claims(user(), &[Role::Customer]);
    let (token, other) = (
        signer.sign(&claims).unwrap(),
        signer.token(claims.sub, &[Role::Customer]).unwrap(),
    );
    assert_eq!(code(&verifier, &token).await, "good");
    let revoked = Revoked {
        sessions: vec![EndedSession {
            id: claims.sid,
            until: Clock::system().now() + TimeDelta::minutes(20),
        }],
        ..nothing()
    };
    verifier
        .0
        .revocations
        .learn(revoked, tokio::time::Instant::now());
    assert_eq!(code(&verifier, &token).await, "session_ended");
    assert_eq!(code(&verifier, &other).await, "good", "another session");
}

#[tokio::test]
async fn a_risen_epoch_refuses_older_tokens_and_no_newer_one() {
    let signer = signer();
    let mut claims = signer.claims(user(), &[Role::Vendor]);
    let raised = |epoch| RaisedEpoch {
        id: claims.sub,
        epoch,
        until: Clock::system().now() + TimeDelta::minutes(20),
    };
    // In any order: the highest counts.
    let revoked = Revoked {
        users: vec![raised(2), raised(1)],
        ..nothing()
    };
    let verifier = signer.verifier_told(NOW, revoked).unwrap();
    for (epoch, expected) in [(0, "token_expired"), (1, "token_expired"), (2, "good")] {
        claims.epoch = epoch;
        let token = signer.sign(&claims).unwrap();
        assert_eq!(code(&verifier, &token).await, expected, "epoch {epoch}");
    }
}

#[tokio::test]
async fn revocations_are_forgotten_when_no_token_can_matter() {
    let signer = signer();
    let now = Clock::system().now();
    let revoked = Revoked {
        sessions: vec![EndedSession {
            id: user(),
            until: now + TimeDelta::seconds(60),
        }],
        users: vec![RaisedEpoch {
            id: user(),
            epoch: 1,
            until: now + TimeDelta::seconds(60),
        }],
        as_of: now,
    };
    let verifier = signer.verifier_told(NOW, revoked).unwrap();
    assert_eq!(verifier.0.revocations.len(), 2);
    let later = Revoked {
        as_of: now + TimeDelta::seconds(61),
        ..nothing()
    };
    verifier
        .0
        .revocations
        .learn(later, tokio::time::Instant::now());
    assert_eq!(verifier.0.revocations.len(), 0);
}

#[tokio::test]
async fn old_knowledge_stops_money_and_administrators_and_nothing_else() {
    let signer = signer();
    let customer = signer.token(user(), &[Role::Customer]).unwrap();
    let admin = signer.token(user(), &[Role::Admin]).unwrap();
    for (told, refused) in [(NOW, 200), (STALE, 503)] {
        let verifier = signer.verifier_told(told, nothing()).unwrap();
        let (get, post) = (Method::GET, Method::POST);
        assert_eq!(
            answer::<Requires<orders::Create>>(&verifier, get.clone(), &customer)
                .await
                .0,
            200
        );
        assert_eq!(
            answer::<Requires<orders::Create>>(&verifier, post.clone(), &customer)
                .await
                .0,
            200
        );
        assert_eq!(
            answer::<Requires<orders::Update>>(&verifier, post.clone(), &customer)
                .await
                .0,
            200
        );
        assert_eq!(
            answer::<Requires<payments::Create>>(&verifier, post.clone(), &customer)
                .await
                .0,
            refused
        );
        assert_eq!(
            answer::<Requires<orders::Update>>(&verifier, get.clone(), &admin)
                .await
                .0,
            200
        );
        assert_eq!(
            answer::<Requires<orders::Update>>(&verifier, post.clone(), &admin)
                .await
                .0,
            refused
        );
        assert_eq!(
            answer::<Requires<sagas::Read>>(&verifier, get, &admin)
                .await
                .0,
            refused
        );
        assert_eq!(
            answer::<Requires<sagas::Read>>(&verifier, post.clone(), &admin)
                .await
                .0,
            refused
        );
        assert_eq!(
            answer::<Requires<sagas::Read>>(&verifier, post, &customer)
                .await
                .0,
            403
        );
    }
}

#[tokio::test]
async fn a_custom_role_admits_to_what_its_scope_names_and_no_further() {
    let signer = signer();
    let scope = "orders:read orders:update payments:refund unheard:of";
    let token = signer.permitted(user(), scope).unwrap();
    for (told, refused) in [(NOW, 200), (STALE, 503)] {
        let verifier = signer.verifier_told(told, nothing()).unwrap();
        let (get, post) = (Method::GET, Method::POST);
        let read = answer::<Requires<orders::Read>>(&verifier, get.clone(), &token).await;
        assert_eq!(read.0, 200);
        // What belongs to others is changed as an administrator changes it.
        let update = answer::<Requires<orders::Update>>(&verifier, post.clone(), &token).await;
        assert_eq!(update.0, refused);
        let refund = answer::<Requires<payments::Refund>>(&verifier, post.clone(), &token).await;
        assert_eq!(refund.0, refused);
        let capture = answer::<Requires<payments::Capture>>(&verifier, post, &token).await;
        assert_eq!(capture, (403, "forbidden".to_owned()));
        let create = answer::<Requires<orders::Create>>(&verifier, get, &token).await;
        assert_eq!(create.0, 403);
    }
}

#[tokio::test]
async fn a_verifier_without_revocations_is_not_ready_and_trusts_no_token() {
    let signer = signer();
    let feed = AuthClient::try_new("http://127.0.0.1:9/", "/nonexistent".into());
    let revocations = Revocations::followed(feed.unwrap());
    let scope = TokenScope {
        issuer: "urn:ecommercestack:test".into(),
        audience: "test/shop".into(),
    };
    let keys = Keys::fixed(&signer.keys().unwrap()).unwrap();
    let verifier = Verifier::with(&scope, keys, revocations);
    let token = signer.token(user(), &[Role::Customer]).unwrap();
    assert_eq!(code(&verifier, &token).await, "unavailable");
    let ready = verifier.dependency().unwrap();
    assert!((ready.check)().await.is_err());

    verifier
        .0
        .revocations
        .learn(nothing(), tokio::time::Instant::now() - STALE);
    assert!((ready.check)().await.is_ok(), "old knowledge stops no shop");
    assert_eq!(code(&verifier, &token).await, "good");
    assert!(signer.verifier().unwrap().dependency().is_none());
}

#[test]
fn no_token_ends_the_process() {
    web::fuzzing::drive("headers", |bytes| {
        for line in bytes.split(|byte| *byte == b'\n').take(16) {
            let _ = read_unverified(&String::from_utf8_lossy(line));
        }
    });
}
