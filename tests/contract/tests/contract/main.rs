//! What the services say of themselves in their OpenAPI documents, held against what they do.

#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

mod conformance;
mod documents;

use std::path::{Path, PathBuf};

/// The services with a document, and the folder of this package.
const SERVICES: [&str; 3] = ["auth", "product", "order"];

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn document(service: &str) -> PathBuf {
    package().join(format!("../../services/{service}/openapi.json"))
}
