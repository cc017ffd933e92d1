use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use access::{TokenSettings, Verifier};
use auth::{MIGRATOR, http, sweeper};
use axum::{Router, extract::Request, http::StatusCode, middleware::map_request};
use db::testing::eventually;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::{net::TcpListener, sync::watch, time::Instant};

use crate::support::fixture::{Auth, Settings, request, scope};

/// auth listening on its two ports, and the folder of internal tokens.
struct Listening {
    public: String,
    internal: String,
    tokens: PathBuf,
    /// Requests to the internal port.
    asked: Arc<AtomicU64>,
}

impl Listening {
    async fn start(auth: &Auth) -> Self {
        let tokens = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("internal-{}", clock::Ids::system().uuid()));
        std::fs::create_dir_all(&tokens).unwrap();
        for caller in ["product", "order"] {
            std::fs::write(tokens.join(caller), format!("token of {caller}\n")).unwrap();
        }
        let asked = Arc::<AtomicU64>::default();
        let counter = Arc::clone(&asked);
        let count = move |request: Request| {
            counter.fetch_add(1, Ordering::Relaxed);
            std::future::ready(request)
        };
        let internal = http::internal(auth.app.clone(), &tokens).layer(map_request(count));
        Self {
            public: listen(auth.router()).await,
            internal: listen(internal).await,
            tokens,
            asked,
        }
    }

    /// The verifier of another service, which has read the revocations so far.
    async fn neighbour(&self) -> Verifier {
        let settings = TokenSettings {
            scope: scope(),
            jwks_url: format!("{}/.well-known/jwks.json", self.public),
            revocations_url: format!("{}/internal/revocations", self.internal),
        };
        let auth = settings.auth_client(self.tokens.join("order")).unwrap();
        let verifier = Verifier::remote(settings, auth).unwrap();
        tokio::spawn(verifier.clone().keep_fresh());
        let ready = verifier.dependency().unwrap();
        eventually("ready", async || (ready.check)().await.is_ok()).await;
        verifier
    }

    async fn feed(&self, query: &str) -> Value {
        let url = format!("{}/internal/revocations{query}", self.internal);
        let question = reqwest::Client::new()
            .get(url)
            .bearer_auth("token of product");
        question.send().await.unwrap().json().await.unwrap()
    }

    /// The epochs of this user in the feed.
    async fn epochs(&self, user: &str) -> Vec<i64> {
        let user = user.trim_start_matches("usr_");
        let feed = self.feed("").await;
        let users = feed["users"].as_array().unwrap().iter();
        let of_user = users.filter(|entry| plain(&entry["id"]) == plain(&json!(user)));
        of_user
            .map(|entry| entry["epoch"].as_i64().unwrap())
            .collect()
    }
}

/// A UUID without hyphens.
fn plain(id: &Value) -> String {
    id.as_str().unwrap().replace('-', "")
}

async fn listen(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// How long the verifier continues to accept this token.
async fn refused_after(verifier: &Verifier, token: &str, code: &str) -> Duration {
    let begun = Instant::now();
    eventually(code, async || match verifier.verify(token).await {
        Ok(_) => false,
        Err(problem) => {
            assert_eq!(problem.code(), code);
            true
        }
    })
    .await;
    begun.elapsed()
}

async fn run(pool: &PgPool, statement: &'static str) {
    sqlx::query(statement).execute(pool).await.unwrap();
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn another_service_refuses_a_logged_out_token_within_two_seconds(pool: PgPool) {
    let auth = Auth::new(pool);
    let neighbour = Listening::start(&auth).await.neighbour().await;
    let (session, other) = (auth.customer("ann").await, auth.customer("ben").await);
    assert!(neighbour.verify(session.access()).await.is_ok());

    let log_out = request("POST", "/api/v1/auth/logout", Some(session.access()), None);
    assert_eq!(auth.send(log_out).await.status, 204);
    let late = refused_after(&neighbour, session.access(), "session_ended").await;
    assert!(late < Duration::from_secs(2), "{late:?}");
    assert!(
        neighbour.verify(other.access()).await.is_ok(),
        "other tokens must still be accepted"
    );
    assert_eq!(neighbour.signatures_checked(), 2, "one for each token");
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_revocation_that_commits_late_is_not_missed(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let listening = Listening::start(&auth).await;
    let neighbour = listening.neighbour().await;
    let session = auth.customer("ann").await;
    let mut transaction = pool.begin().await.unwrap();
    sqlx::query("UPDATE sessions SET ended_at = now(), end_reason = 'logout'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    // The third request from now on begins only after the second has a response.
    let before = listening.asked.load(Ordering::Relaxed);
    eventually("the feed is read meanwhile", async || {
        listening.asked.load(Ordering::Relaxed) >= before + 3
    })
    .await;
    assert!(neighbour.verify(session.access()).await.is_ok());
    transaction.commit().await.unwrap();
    refused_after(&neighbour, session.access(), "session_ended").await;
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_reused_refresh_token_ends_the_access_tokens_of_its_family(pool: PgPool) {
    let auth = Auth::new(pool);
    let listening = Listening::start(&auth).await;
    let session = auth.customer("ann").await;
    let second = auth.refresh(session.refresh()).await;
    let third = auth.refresh(second.refresh()).await;
    assert_eq!(third.status, 200);
    auth.refresh(session.refresh())
        .await
        .is(401, "refresh_token_invalid");
    let neighbour = listening.neighbour().await;
    for answer in [&session, &second, &third] {
        let problem = neighbour.verify(answer.access()).await.unwrap_err();
        assert_eq!(problem.code(), "session_ended");
    }
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn changed_roles_status_or_password_raise_the_epoch_and_a_profile_does_not(pool: PgPool) {
    let auth = Auth::new(pool.clone());
    let listening = Listening::start(&auth).await;
    let neighbour = listening.neighbour().await;
    let session = auth.customer("ann").await;
    let user = session.text("/user/id").to_owned();

    run(
        &pool,
        "UPDATE users SET full_name = 'Another', version = version + 1",
    )
    .await;
    run(&pool, "UPDATE users SET roles = roles").await;
    assert_eq!(listening.epochs(&user).await, Vec::<i64>::new());

    run(&pool, "UPDATE users SET roles = '{customer,vendor}'").await;
    assert_eq!(listening.epochs(&user).await, [1]);
    refused_after(&neighbour, session.access(), "token_expired").await;
    let renewed = auth.refresh(session.refresh()).await;
    let caller = neighbour.verify(renewed.access()).await.unwrap();
    assert!(
        caller.may::<access::permissions::products::Write>(),
        "a refreshed token must have the current state"
    );

    run(&pool, "UPDATE users SET status = 'suspended'").await;
    run(&pool, "UPDATE users SET password_hash = 'another'").await;
    assert_eq!(listening.epochs(&user).await, [1, 2, 3]);
    refused_after(&neighbour, renewed.access(), "token_expired").await;

    run(&pool, "DELETE FROM users").await;
    assert_eq!(listening.epochs(&user).await, [1, 2, 3, 4]);
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn a_revocation_is_kept_exactly_as_long_as_a_token_may_be_valid(pool: PgPool) {
    let auth = Auth::with(pool.clone(), Settings::default());
    let listening = Listening::start(&auth).await;
    auth.customer("ann").await;
    run(
        &pool,
        "UPDATE sessions SET ended_at = now(), end_reason = 'logout'",
    )
    .await;
    let (_stop, running) = watch::channel(false);

    run(
        &pool,
        "UPDATE revocations SET recorded_at = now() - interval '19 minutes'",
    )
    .await;
    assert_eq!(
        sweeper::sweep(&db::Pool::from(&pool), &running)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        listening.feed("").await["sessions"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let as_of = listening.feed("").await["as_of"].clone();
    let since = format!("?since={}", as_of.as_str().unwrap());
    assert_eq!(listening.feed(&since).await["sessions"], json!([]));

    run(
        &pool,
        "UPDATE revocations SET recorded_at = now() - interval '21 minutes'",
    )
    .await;
    assert_eq!(listening.feed("").await["sessions"], json!([]));
    assert_eq!(
        sweeper::sweep(&db::Pool::from(&pool), &running)
            .await
            .unwrap(),
        1
    );
}

#[sqlx::test(migrator = "MIGRATOR")]
async fn only_other_services_may_read_the_feed(pool: PgPool) {
    let auth = Auth::new(pool);
    let listening = Listening::start(&auth).await;
    let session = auth.customer("ann").await;
    let url = format!("{}/internal/revocations", listening.internal);
    let client = reqwest::Client::new();
    let status =
        |question: reqwest::RequestBuilder| async { question.send().await.unwrap().status() };
    assert_eq!(status(client.get(&url)).await, StatusCode::UNAUTHORIZED);
    for token in [session.access(), "token of auth"] {
        let question = client.get(&url).bearer_auth(token);
        assert_eq!(status(question).await, StatusCode::UNAUTHORIZED);
    }
    let question = client.get(&url).bearer_auth("token of order");
    assert_eq!(status(question).await, StatusCode::OK);
    let public = client
        .get(format!("{}/internal/revocations", listening.public))
        .bearer_auth("token of order");
    assert_eq!(status(public).await, StatusCode::NOT_FOUND);
}
