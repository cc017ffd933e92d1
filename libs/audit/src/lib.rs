//! Audits of a service's records: by one replica at a time, on schedule, on request and after a restore, over a
//! connection of their own, with the result stored in the database so that every replica reports the same. The service
//! decides what is read, and how (`AuditSource`).

mod auditor;
mod findings;
mod report;
mod results;
mod schedule;
mod session;

pub use auditor::{AuditError, AuditSource, Audited, Auditor, Names};
pub use findings::{Finding, FindingKind, Findings};
pub use report::{AuditReport, AuditResult, get_audit, request_audit};
pub use schedule::{audit_on_schedule, report};
pub use session::{Session, in_time};
