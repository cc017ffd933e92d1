//! One audit: the only one of its shop, from the first chunk to the stored result.

use std::error::Error;

use chrono::{DateTime, Utc};
use clock::{Ids, Jitter};
use db::Pool;
use sqlx::postgres::PgConnectOptions;
use tracing::{error, info};
use uuid::Uuid;
use web::Problem;

use crate::{AuditResult, FindingKind, Findings, Session, report, session};

/// The records of a service, and where the results of their audits are stored.
pub trait AuditSource: Clone + Send + Sync + 'static {
    /// What is returned besides findings, such as the number of rows.
    type Checked: Send;

    const NAMES: Names;

    /// How the session differs from others.
    const SETTINGS: &[(&str, &str)] = &[];

    /// Reads everything, a chunk at a time, so that no snapshot is kept for long and the shop goes on beside it.
    fn read(
        &self,
        session: &mut Session,
        findings: &mut Findings,
    ) -> impl Future<Output = Result<Self::Checked, AuditError>> + Send;

    /// Stores a result that ends now, and deletes those that are older than a month.
    fn keep(
        &self,
        pool: &Pool,
        id: Uuid,
        started_at: DateTime<Utc>,
        finding_count: i64,
        kinds: &[&FindingKind],
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// The newest result.
    fn latest(
        &self,
        pool: &Pool,
    ) -> impl Future<Output = Result<Option<AuditResult>, sqlx::Error>> + Send;
}

/// The names of an audit.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// In logs: `stock`.
    pub subject: &'static str,
    /// The lock that one audit of a shop holds.
    pub lock: &'static str,
    /// Gauges.
    pub consistent: &'static str,
    pub findings: &'static str,
    pub finished: &'static str,
    pub duration: &'static str,
}

/// How to audit: over a connection of its own, without the time limits of requests.
#[derive(Clone, Debug)]
pub struct Auditor<S> {
    pub source: S,
    /// For the result.
    pub pool: Pool,
    pub options: PgConnectOptions,
    pub ids: Ids,
    pub jitter: Jitter,
}

#[derive(Debug)]
pub enum Audited<C> {
    /// Another one is running, here or in another replica: it reads every row.
    Busy,
    Done(Findings, C),
}

/// Why an audit has no result.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error("the database failed during the audit")]
    Database(#[from] sqlx::Error),
    #[error("the service that the records are compared with did not respond")]
    Neighbour(#[source] Box<dyn Error + Send + Sync>),
}

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Database(error) => error.into(),
            AuditError::Neighbour(_) => Self::unavailable(1).with_cause(&error),
        }
    }
}

impl<S: AuditSource> Auditor<S> {
    /// Reads everything, and stores the result.
    pub async fn run(&self) -> Result<Audited<S::Checked>, AuditError> {
        match self.begin().await? {
            Some(session) => self.read(session).await,
            None => Ok(Audited::Busy),
        }
    }

    /// `None`: another one is running.
    pub(crate) async fn begin(&self) -> Result<Option<Session>, AuditError> {
        let settings = S::SETTINGS.iter().copied();
        let options = self.options.clone().options(settings);
        Ok(Session::begin(&options, S::NAMES.lock).await?)
    }

    pub(crate) async fn read(
        &self,
        mut session: Session,
    ) -> Result<Audited<S::Checked>, AuditError> {
        let subject = S::NAMES.subject;
        let mut findings = Findings::default();
        let checked = self.source.read(&mut session, &mut findings).await?;
        // Stored under the lock: the next holder sees the result.
        let count = findings.count().try_into().unwrap_or(i64::MAX);
        let (id, started_at) = (self.ids.uuid(), session.started_at());
        self.source
            .keep(&self.pool, id, started_at, count, &findings.kinds())
            .await?;
        session.end().await?;
        if let Some(first) = findings.listed().first() {
            let (findings, code, first) = (findings.count(), &first.code, &first.message);
            error!(subject, findings, code, first, "the audit found problems");
        } else {
            info!(subject, "the audit found no problems");
        }
        if let Some(result) = self.latest().await? {
            report::<S>(&result);
        }
        Ok(Audited::Done(findings, checked))
    }

    /// The newest result, from any replica.
    pub async fn latest(&self) -> Result<Option<AuditResult>, AuditError> {
        Ok(self.source.latest(&self.pool).await?)
    }

    /// Whether one is running, in any replica.
    pub async fn is_running(&self) -> Result<bool, AuditError> {
        Ok(session::is_running(&self.pool, S::NAMES.lock).await?)
    }
}
