//! The codes of the API's problems, read from the sources that send them, for `docs/errors.md`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use regex::{Captures, Regex};

use crate::File;

/// A code of problems, or of the fields that a problem names.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// The statuses of a problem; a field has none of its own.
    pub statuses: BTreeSet<u16>,
    /// A sentence that is sent with the code, as it is in the source.
    pub text: String,
    /// The services that send it; `libs` stands for all.
    pub senders: BTreeSet<String>,
}

#[derive(Debug, Default)]
pub struct Codes {
    pub problems: BTreeMap<String, Code>,
    pub fields: BTreeMap<String, Code>,
}

impl Codes {
    /// # Errors
    /// If a pattern of this module is invalid.
    pub fn read(files: &[File]) -> Result<Self, regex::Error> {
        let text = r#"(?:format!\(\s*)?(?:"((?:[^"\\]|\\.|\\\n)*)")?"#;
        let pattern = |before: &str| Regex::new(&format!("{before}{text}"));
        let with_status = pattern(r#"StatusCode::([A-Z_]+),\s*"([a-z_]+)",\s*"#)?;
        let conflict = pattern(r#"conflict\(\s*"([a-z_]+)",\s*"#)?;
        // A match over several conflicts returns a code and its sentence.
        let pair = Regex::new(r#"=>\s*\(\s*"([a-z_]+)",\s*"([A-Z](?:[^"\\]|\\.|\\\n)*)""#)?;
        let unauthorized = pattern(r#"unauthorized\(\s*"([a-z_]+)",\s*"#)?;
        let field = pattern(
            r#"(?:invalid_field|FieldError::new)\(\s*(?:"[^"]*"|format!\("[^"]*"[^)]*\)|[a-z_.()]+),\s*"([a-z_]+)",\s*"#,
        )?;
        let word = Regex::new(r#"=>\s*"(password_[a-z_]+)""#)?;

        let mut codes = Self::default();
        for file in files.iter().filter(|file| is_source(&file.path)) {
            let source = file.text.split("#[cfg(test)]").next().unwrap_or_default();
            let sender = sender(&file.path);
            for found in with_status.captures_iter(source) {
                let status = number(&found[1]);
                add(&mut codes.problems, &sender, &found, 2, status);
            }
            for (pattern, status) in [(&conflict, 409), (&pair, 409), (&unauthorized, 401)] {
                for found in pattern.captures_iter(source) {
                    add(&mut codes.problems, &sender, &found, 1, Some(status));
                }
            }
            for found in field
                .captures_iter(source)
                .chain(word.captures_iter(source))
            {
                add(&mut codes.fields, &sender, &found, 1, None);
            }
        }
        Ok(codes)
    }

    /// The document.
    pub fn document(&self) -> String {
        let mut document = String::from(
            "# Errors\n\n\
             Every error of the API is a problem document (RFC 9457) with a stable `code`; a 422 names the fields in `errors`, each with a code \
             of its own. Programs read the code, people the text, which may change. `make gen` makes this page from the sources.\n\n\
             ## Problems\n\n| code | status | service | text |\n|---|---|---|---|\n",
        );
        for (name, code) in &self.problems {
            let statuses: Vec<_> = code.statuses.iter().map(ToString::to_string).collect();
            // Writing to a String cannot fail.
            let _ = writeln!(
                document,
                "| `{name}` | {} | {} | {} |",
                statuses.join(", "),
                code.senders(),
                code.text
            );
        }
        document.push_str("\n## Fields\n\n| code | service | for example |\n|---|---|---|\n");
        for (name, code) in &self.fields {
            let _ = writeln!(
                document,
                "| `{name}` | {} | {} |",
                code.senders(),
                code.text
            );
        }
        document
    }
}

impl Code {
    fn senders(&self) -> String {
        if self.senders.contains("libs") {
            return "all".to_owned();
        }
        let senders: Vec<_> = self.senders.iter().map(String::as_str).collect();
        senders.join(", ")
    }
}

fn add(
    codes: &mut BTreeMap<String, Code>,
    sender: &str,
    found: &Captures<'_>,
    name: usize,
    status: Option<u16>,
) {
    let code = codes.entry(found[name].to_owned()).or_default();
    code.statuses.extend(status);
    code.senders.insert(sender.to_owned());
    if code.text.is_empty()
        && let Some(text) = found.get(name + 1)
    {
        // A continued line begins after its indentation, and a bar would end the cell of the table.
        let lines = text.as_str().split("\\\n").map(str::trim_start);
        code.text = lines
            .collect::<String>()
            .replace('|', "\\|")
            .replace("\\\"", "\"");
    }
}

fn is_source(path: &Path) -> bool {
    let text = path.to_string_lossy();
    let place = text.starts_with("services/") || text.starts_with("libs/");
    place && text.contains("/src/") && text.ends_with(".rs") && !text.ends_with("tests.rs")
}

fn sender(path: &Path) -> String {
    let mut parts = path.iter().map(|part| part.to_string_lossy());
    match (parts.next().as_deref(), parts.next()) {
        (Some("services"), Some(service)) => service.into_owned(),
        _ => "libs".to_owned(),
    }
}

/// The number of a status by its name in `axum::http::StatusCode`.
fn number(name: &str) -> Option<u16> {
    let number = match name {
        "BAD_REQUEST" => 400,
        "UNAUTHORIZED" => 401,
        "FORBIDDEN" => 403,
        "NOT_FOUND" => 404,
        "METHOD_NOT_ALLOWED" => 405,
        "REQUEST_TIMEOUT" => 408,
        "CONFLICT" => 409,
        "PRECONDITION_FAILED" => 412,
        "PAYLOAD_TOO_LARGE" => 413,
        "UNSUPPORTED_MEDIA_TYPE" => 415,
        "UNPROCESSABLE_ENTITY" => 422,
        "PRECONDITION_REQUIRED" => 428,
        "TOO_MANY_REQUESTS" => 429,
        "REQUEST_HEADER_FIELDS_TOO_LARGE" => 431,
        "INTERNAL_SERVER_ERROR" => 500,
        "SERVICE_UNAVAILABLE" => 503,
        _ => return None,
    };
    Some(number)
}
