//! What a client can learn from a response apart from its duration: everything but what differs between any two responses.

use std::fmt::Write as _;

use serde_json::Value;

use crate::http::Whole;

/// Headers that differ between any two responses.
const OWN: [&str; 3] = ["date", "x-request-id", "traceparent"];
/// The headers whose values count down.
const SECONDS: [&str; 2] = ["ratelimit", "retry-after"];

/// The form of a response; two clients who get the same form learn the same. Headers keep their order. What is left of the limit by
/// address is no part of it if all calls are from `one_address`, since it counts down with each.
pub fn form(response: &Whole, one_address: bool) -> String {
    let mut text = response.status.to_string();
    for (name, value) in &response.headers {
        let counts_down = one_address && name == "ratelimit" && value.starts_with("\"address\";");
        if OWN.contains(&name.as_str()) || counts_down {
            continue;
        }
        let value = if SECONDS.contains(&name.as_str()) {
            without_seconds(name, value)
        } else {
            value.clone()
        };
        // Writing to a String cannot fail.
        let _ = write!(text, "\n{name}: {value}");
    }
    text.push_str("\n\n");
    text.push_str(&body(&response.body));
    text
}

/// `"account";r=9;t=900` without its last number; of a Retry-After nothing remains.
fn without_seconds(name: &str, value: &str) -> String {
    if name == "retry-after" {
        return "…".to_owned();
    }
    let kept = value.split(';').map(|part| {
        if part.starts_with("t=") {
            "t=…"
        } else {
            part
        }
    });
    kept.collect::<Vec<_>>().join(";")
}

fn body(text: &str) -> String {
    let Ok(Value::Object(mut document)) = serde_json::from_str(text) else {
        return text.to_owned();
    };
    if let Some(trace) = document.get_mut("trace_id") {
        *trace = Value::from("…");
    }
    Value::Object(document).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(headers: &[(&str, &str)], body: &str) -> Whole {
        Whole {
            status: 401,
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.to_owned(),
        }
    }

    #[test]
    fn ids_and_seconds_are_not_part_of_the_form() {
        let one = response(
            &[
                ("date", "now"),
                ("x-request-id", "1"),
                ("ratelimit", "\"account\";r=9;t=900"),
            ],
            r#"{"code":"unauthorized","trace_id":"aa"}"#,
        );
        let other = response(
            &[
                ("date", "then"),
                ("x-request-id", "2"),
                ("ratelimit", "\"account\";r=9;t=12"),
            ],
            r#"{"code":"unauthorized","trace_id":"bb"}"#,
        );
        assert_eq!(form(&one, false), form(&other, false));
    }

    #[test]
    fn counts_other_headers_and_words_of_the_body_are() {
        let base = response(&[("ratelimit", "\"account\";r=9;t=900")], r#"{"code":"a"}"#);
        for other in [
            response(&[("ratelimit", "\"account\";r=8;t=900")], r#"{"code":"a"}"#),
            response(&[("ratelimit", "\"address\";r=9;t=900")], r#"{"code":"a"}"#),
            response(&[("ratelimit", "\"account\";r=9;t=900")], r#"{"code":"b"}"#),
            response(
                &[("ratelimit", "\"account\";r=9;t=900"), ("etag", "1")],
                r#"{"code":"a"}"#,
            ),
            response(&[], r#"{"code":"a"}"#),
        ] {
            assert_ne!(form(&base, false), form(&other, false), "{other:?}");
        }
    }

    #[test]
    fn only_calls_from_one_address_count_its_limit_down() {
        let [one, other] = ["7", "8"].map(|left| {
            let value = format!("\"address\";r={left};t=9");
            response(&[("ratelimit", &value)], "")
        });
        assert_eq!(form(&one, true), form(&other, true));
        assert_ne!(form(&one, false), form(&other, false));
    }
}
