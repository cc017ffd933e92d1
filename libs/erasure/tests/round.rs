//! Rounds of erasures against a server with auth's two operations.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "this is how a test fails, and a defect is imitated"
)]

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, LazyLock, Mutex},
};

use access::internal::AuthClient;
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::{get, post},
};
use erasure::{DueErasures, Erased, ErasureResults, PersonalData, round};
use tokio::net::TcpListener;
use uuid::Uuid;

const ALL: Uuid = Uuid::from_u128(1);
const PART: Uuid = Uuid::from_u128(2);
const FAILS: Uuid = Uuid::from_u128(3);
const PANICS: Uuid = Uuid::from_u128(4);
const LAST: Uuid = Uuid::from_u128(5);

/// An auth that forgets whom it is told of.
#[derive(Clone, Default)]
struct Auth(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    due: Vec<Uuid>,
    reports: Vec<ErasureResults>,
    /// Reports that are answered by 503 and not recorded.
    lose: usize,
    /// Reads that are answered by 503.
    refuse: usize,
}

fn authorize(headers: &HeaderMap) -> Result<(), StatusCode> {
    let token = headers
        .get("authorization")
        .ok_or(StatusCode::UNAUTHORIZED)?;
    if token == "Bearer own-token" {
        Ok(())
    } else {
        Err(StatusCode::UNAUTHORIZED)
    }
}

async fn due(
    State(Auth(known)): State<Auth>,
    headers: HeaderMap,
) -> Result<Json<DueErasures>, StatusCode> {
    authorize(&headers)?;
    let mut known = known.lock().unwrap();
    if known.refuse > 0 {
        known.refuse -= 1;
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let users = known.due.clone();
    Ok(Json(DueErasures { users }))
}

async fn results(
    State(Auth(known)): State<Auth>,
    headers: HeaderMap,
    Json(report): Json<ErasureResults>,
) -> Result<StatusCode, StatusCode> {
    authorize(&headers)?;
    let mut known = known.lock().unwrap();
    if known.lose > 0 {
        known.lose -= 1;
        return Err(StatusCode::SERVICE_UNAVAILABLE);
    }
    let reported = |user: &Uuid| report.erased.contains(user) || report.postponed.contains(user);
    known.due.retain(|user| !reported(user));
    known.reports.push(report);
    Ok(StatusCode::NO_CONTENT)
}

/// Written once: a test that wrote it again would empty it for a moment.
static TOKEN_FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let file = std::env::temp_dir().join(format!("erasure-token-{}", std::process::id()));
    fs::write(&file, "own-token\n").unwrap();
    file
});

/// The client of an address at which `auth` answers.
async fn open(auth: &Auth, users: &[Uuid]) -> AuthClient {
    auth.0.lock().unwrap().due = users.to_vec();
    let router = Router::new()
        .route("/internal/erasures", get(due))
        .route("/internal/erasures/results", post(results))
        .with_state(auth.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    client(&format!("http://{address}/internal/revocations"))
}

fn client(operation: &str) -> AuthClient {
    AuthClient::try_new(operation, TOKEN_FILE.clone()).unwrap()
}

/// Data whose users are erased as their names say; it records who was asked for.
#[derive(Default)]
struct Data(Mutex<Vec<Uuid>>);

#[derive(Debug, thiserror::Error)]
#[error("the database is down")]
struct Down;

impl PersonalData for Data {
    type Error = Down;

    async fn erase(&self, user: Uuid) -> Result<Erased, Down> {
        self.0.lock().unwrap().push(user);
        // The panic comes from a poll behind the first, too.
        tokio::task::yield_now().await;
        match user {
            PART => Ok(Erased::Part),
            FAILS => Err(Down),
            PANICS => panic!("a defect"),
            _ => Ok(Erased::All),
        }
    }
}

fn report(erased: &[Uuid], postponed: &[Uuid]) -> ErasureResults {
    ErasureResults {
        erased: erased.to_vec(),
        postponed: postponed.to_vec(),
    }
}

#[tokio::test]
async fn each_user_is_reported_by_what_came_of_them_and_none_stops_the_others() {
    let (auth, data) = (Auth::default(), Data::default());
    let users = [FAILS, ALL, PANICS, PART, LAST];
    let client = open(&auth, &users).await;
    assert_eq!(round(&client, &data).await.unwrap(), 5);
    assert_eq!(*data.0.lock().unwrap(), users);
    let reports = std::mem::take(&mut auth.0.lock().unwrap().reports);
    assert_eq!(reports, [report(&[ALL, LAST], &[FAILS, PANICS, PART])]);

    assert_eq!(round(&client, &data).await.unwrap(), 0, "none is due");
    assert_eq!(auth.0.lock().unwrap().reports, [], "nothing to report");
}

#[tokio::test]
async fn a_round_without_auth_is_an_error_that_erases_and_loses_nothing() {
    let (auth, data) = (Auth::default(), Data::default());
    // The port of a listener that was closed refuses connections.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let nowhere = client(&format!("http://{address}/internal/revocations"));
    assert!(round(&nowhere, &data).await.is_err());

    let client = open(&auth, &[ALL]).await;
    auth.0.lock().unwrap().refuse = 1;
    assert!(round(&client, &data).await.is_err());
    assert!(data.0.lock().unwrap().is_empty());

    assert_eq!(round(&client, &data).await.unwrap(), 1);
    assert_eq!(auth.0.lock().unwrap().reports, [report(&[ALL], &[])]);
}

#[tokio::test]
async fn a_lost_report_is_an_error_and_the_next_round_repeats_it() {
    let (auth, data) = (Auth::default(), Data::default());
    let client = open(&auth, &[ALL, PART]).await;
    auth.0.lock().unwrap().lose = 1;
    assert!(round(&client, &data).await.is_err());
    assert_eq!(auth.0.lock().unwrap().reports, []);

    assert_eq!(round(&client, &data).await.unwrap(), 2);
    assert_eq!(*data.0.lock().unwrap(), [ALL, PART, ALL, PART]);
    assert_eq!(auth.0.lock().unwrap().reports, [report(&[ALL], &[PART])]);
}
