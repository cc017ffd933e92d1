//! What an error of the database means to its caller (ORDERS 12, 14, OPERATOR 13).

use sqlx::Error;

use crate::transaction::OutcomeUnknown;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nothing was written, and the whole transaction may be tried again: a deadlock, a lock that took too long, a
    /// lost connection, a server that is full, read-only or going down.
    Retryable,
    /// COMMIT was sent and not answered. Only an operation that finds its own earlier write may be retried.
    Unknown,
    /// The data was refused: a retry changes nothing.
    Data,
    /// Anything else: a defect of ours.
    Defect,
}

impl Failure {
    pub fn of(error: &Error) -> Self {
        match error {
            Error::Io(io)
                if io
                    .get_ref()
                    .and_then(|cause| cause.downcast_ref::<OutcomeUnknown>())
                    .is_some() =>
            {
                Self::Unknown
            }
            Error::Io(_)
            | Error::Tls(_)
            | Error::PoolTimedOut
            | Error::PoolClosed
            | Error::WorkerCrashed
            | Error::Protocol(_) => Self::Retryable,
            Error::Database(database) => database
                .code()
                .as_deref()
                .map_or(Self::Defect, Self::of_state),
            _ => Self::Defect,
        }
    }

    /// Whether another attempt may succeed, of an operation that finds its own earlier write.
    pub fn is_transient(self) -> bool {
        match self {
            Self::Retryable | Self::Unknown => true,
            Self::Data | Self::Defect => false,
        }
    }

    /// By SQLSTATE, appendix A of Postgres' manual.
    fn of_state(code: &str) -> Self {
        match code {
            // serialization_failure, statement_completion_unknown, deadlock_detected, lock_not_available
            "40001" | "40003" | "40P01" | "55P03"
            // read_only_sql_transaction, idle_in_transaction_session_timeout, transaction_timeout
            | "25006" | "25P03" | "25P04"
            // invalid_catalog_name: the database is not there yet, or is being restored
            | "3D000" => Self::Retryable,
            _ => match code.get(..2) {
                // connection exceptions, insufficient resources (a full disk, too many connections, no memory),
                // operator intervention (a stop, a statement that took too long), errors of the system below; and
                // refused logins: a password may be changing at this moment
                Some("08" | "53" | "57" | "58" | "28") => Self::Retryable,
                // data exceptions, constraints, a row too large for its index, a view's check option
                Some("22" | "23" | "54" | "44") => Self::Data,
                _ => Self::Defect,
            },
        }
    }
}

/// The name of the constraint that refused a write.
pub fn constraint(error: &Error) -> Option<&str> {
    error.as_database_error()?.constraint()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_of_sqlstate_has_a_meaning() {
        let retryable = [
            "08000", "08001", "08003", "08004", "08006", "08007", "08P01", // connections
            "25006", "25P03", "25P04", "28000", "28P01", "3D000", //
            "40001", "40003", "40P01", "55P03", //
            "53000", "53100", "53200", "53300", "53400", // insufficient resources
            "57000", "57014", "57P01", "57P02", "57P03", "57P04", "57P05", //
            "58000", "58030", "58P01",
        ];
        let data = [
            "22000", "22001", "22003", "22021", "22023", "2203G", "22P02", "22P05", //
            "23000", "23502", "23503", "23505", "23514", "23P01", "44000", "54000", "54001",
        ];
        let defect = [
            "00000", "01000", "02000", "03000", "09000", "0A000", "21000", "24000", "25000",
            "25001", "25P01", "25P02", "26000", "2BP01", "2D000", "2F000", "34000", "38000",
            "39000", "3B000", "3F000", "40000", "40002", "42501", "42601", "42703", "42P01",
            "42P05", "55000", "55006", "72000", "F0000", "HV000", "P0001", "XX000", "XX001", "",
            "5",
        ];
        for (codes, meaning) in [
            (&retryable[..], Failure::Retryable),
            (&data[..], Failure::Data),
            (&defect[..], Failure::Defect),
        ] {
            for code in codes {
                assert_eq!(Failure::of_state(code), meaning, "{code}");
            }
        }
    }
}
