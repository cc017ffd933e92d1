//! What an error of the database means to whoever asked (ORDERS 12, OPERATOR 13).

use sqlx::Error;
use web::Problem;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The whole transaction may be tried again: a deadlock, a lock that took too long, a lost connection,
    /// a server that is read-only or going down.
    Retryable,
    /// The data was refused: trying again changes nothing.
    Data,
    /// Anything else: a defect of ours.
    Defect,
}

impl Failure {
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Io(_)
            | Error::Tls(_)
            | Error::PoolTimedOut
            | Error::PoolClosed
            | Error::WorkerCrashed
            | Error::Protocol(_) => Self::Retryable,
            Error::Database(database) => match database.code().as_deref() {
                // serialization_failure, deadlock_detected, lock_not_available, query_canceled (statement_timeout),
                // read_only_sql_transaction
                Some("40001" | "40P01" | "55P03" | "57014" | "25006") => Self::Retryable,
                Some(code) => match code.get(..3) {
                    // connection exceptions, insufficient resources, operator intervention
                    Some("080" | "530" | "57P") => Self::Retryable,
                    // data exceptions and integrity constraint violations
                    Some("220" | "22P" | "230" | "235" | "23P") => Self::Data,
                    _ => Self::Defect,
                },
                None => Self::Defect,
            },
            _ => Self::Defect,
        }
    }
}

/// The name of the constraint that refused a write.
pub fn constraint(error: &Error) -> Option<&str> {
    error.as_database_error()?.constraint()
}

/// The answer to a request whose transaction failed: 503 where trying again helps, else 500.
pub fn problem(error: &Error) -> Problem {
    match Failure::of(error) {
        Failure::Retryable => Problem::unavailable(1).with_cause(error),
        Failure::Data | Failure::Defect => Problem::internal(error),
    }
}
