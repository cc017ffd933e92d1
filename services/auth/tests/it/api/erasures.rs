mod list_due_erasures;
mod record_erasure_results;
