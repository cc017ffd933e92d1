//! The services compared with their OpenAPI documents and with the role matrix, and the documents with external tools.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod conformance;
mod documents;
mod roles;

use std::path::{Path, PathBuf};

/// The services that have a document.
const SERVICES: [&str; 3] = ["auth", "product", "order"];

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn document(service: &str) -> PathBuf {
    package().join(format!("../../services/{service}/openapi.json"))
}
