//! The endpoints of the audit log.

mod list_audit_log;
mod receive_audit_entries;
