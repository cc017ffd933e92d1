//! The endpoints of the audit log.

mod list_audit_log;
