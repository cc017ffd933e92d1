//! External tools check the documents: a linter, a generator of typed clients with a compiler, and a comparison with the
//! documents of the last release.

use std::{path::Path, process::Command};

use crate::{SERVICES, document, package};

/// Runs a tool, and fails with its output if it does not succeed.
fn run(command: &mut Command) {
    let output = command.current_dir(package()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
}

#[test]
fn redocly_finds_no_problems() {
    let documents = SERVICES.map(document);
    run(Command::new("redocly")
        .env("REDOCLY_TELEMETRY", "off")
        .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true")
        .arg("lint")
        .args(documents));
}

/// A client of all documents compiles. It also contains invalid code, marked as expected errors.
#[test]
fn a_typed_client_compiles() {
    for service in SERVICES {
        run(Command::new("openapi-typescript")
            .arg(document(service))
            .arg("--output")
            .arg(format!("generated/{service}.d.ts")));
    }
    run(&mut Command::new("tsc"));
}

/// A breaking change needs a line in `released/accepted.txt`, with its reason.
#[test]
fn nothing_of_the_last_release_is_broken() {
    for service in SERVICES {
        run(breaking(
            &package().join(format!("released/{service}.json")),
            &document(service),
        )
        .args(["--err-ignore", "released/accepted.txt"]));
    }
}

#[test]
fn a_breaking_change_is_detected() {
    let folder = std::env::temp_dir().join(format!("contract-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let changed = folder.join("order.json");
    let document = std::fs::read_to_string(document("order")).unwrap();
    std::fs::write(
        &changed,
        document.replace("/api/v1/vendor/orders", "/api/v1/vendor/sales"),
    )
    .unwrap();
    let status = breaking(
        &package().join("../../services/order/openapi.json"),
        &changed,
    )
    .output()
    .unwrap()
    .status;
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(!status.success());
}

fn breaking(before: &Path, after: &Path) -> Command {
    let mut command = Command::new("oasdiff");
    command
        .args(["breaking", "--fail-on", "ERR"])
        .args([before, after]);
    command
}
