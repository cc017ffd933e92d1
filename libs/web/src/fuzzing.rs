//! The parsers of untrusted bytes as functions for fuzzing: none may end the process, whatever its input. `make fuzz`
//! runs them instrumented for ten minutes each; [`drive`] runs them within an ordinary test, from the same seeds.

use std::{fs, path::Path};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use chrono::{DateTime, Utc};
use proptest::{
    prelude::{Just, Strategy, any, prop},
    test_runner::{Config, TestRunner},
};
use serde_json::Value;
use telemetry::TraceContext;
use uuid::Uuid;

use crate::{
    Problem, authorization, conditional,
    json::{FreeObject, from_slice},
    list::{PageQuery, Paging},
};

/// The stack of a worker of tokio.
const STACK_BYTES: usize = 2 * 1024 * 1024;
/// Largest response of an error, whatever was sent.
const MAX_ANSWER: usize = 32 * 1024;
const CASES: u32 = 2_000;

/// Free JSON, and errors about it.
///
/// # Panics
///
/// If a bound is broken, which fuzzing searches for.
pub fn json(bytes: &[u8]) {
    if let Err(error) = from_slice::<Value>(bytes) {
        let answer = Problem::from(error).document("/", "").to_string();
        assert!(answer.len() < MAX_ANSWER, "{} bytes", answer.len());
    }
    let text = String::from_utf8_lossy(bytes);
    let Ok(object) = text.parse::<FreeObject<4096>>() else {
        return;
    };
    let again = object.as_str().parse::<FreeObject<4096>>();
    assert!(again.is_ok_and(|again| again == object), "{text}");
    if let Ok(merged) = object.merged(&object) {
        assert!(
            from_slice::<Value>(merged.as_str().as_bytes()).is_ok(),
            "{text}"
        );
    }
}

/// Headers, ids and cursors: each line is tried as each of them.
pub fn headers(bytes: &[u8]) {
    for line in bytes.split(|byte| *byte == b'\n').take(16) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            let names = ["if-match", "authorization", "authentication"];
            let headers: HeaderMap = names
                .map(|name| (HeaderName::from_static(name), value.clone()))
                .into_iter()
                .collect();
            let _ = conditional::parse(&headers);
            let _ = authorization::is_ambiguous(&headers);
        }
        let text = String::from_utf8_lossy(line);
        let _ = TraceContext::parse(&text);
        let _ = ids::parse("ord", &text);
        let query = PageQuery {
            cursor: Some(text.into_owned()),
            ..PageQuery::default()
        };
        let _ = Paging::<(DateTime<Utc>, Uuid)>::try_new(&query, &"");
    }
}

/// Runs a target with every seed, and with changed and invented ones, on a worker's stack.
///
/// # Panics
/// Where the target does, or there is no seed.
pub fn drive(corpus: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../fuzz/corpus")
        .join(corpus);
    let files = fs::read_dir(&folder).expect("a folder of seeds");
    let seeds: Vec<Vec<u8>> = files
        .map(|file| fs::read(file.expect("a seed").path()).expect("a seed"))
        .collect();
    assert!(!seeds.is_empty(), "no seed in {}", folder.display());
    let run = move || {
        for seed in &seeds {
            target(seed);
        }
        let config = Config {
            cases: CASES,
            failure_persistence: None,
            ..Config::default()
        };
        let ran = TestRunner::new(config).run(&texts(seeds), |text| {
            target(&text);
            Ok(())
        });
        assert!(ran.is_ok(), "{ran:?}");
    };
    let thread = std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(run);
    thread.expect("a thread").join().expect("no panic");
}

/// Bytes, seeds with some bytes of others in them, and JSON of odd pieces.
fn texts(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let seed = prop::sample::select(seeds);
    let changed = (
        seed.clone(),
        seed.clone(),
        any::<[prop::sample::Index; 4]>(),
    )
        .prop_map(|(into, from, [at, until, start, end])| {
            let cut = |length: usize, one: prop::sample::Index, two: prop::sample::Index| {
                let (one, two) = (one.index(length + 1), two.index(length + 1));
                (one.min(two), one.max(two))
            };
            let (at, until) = cut(into.len(), at, until);
            let (start, end) = cut(from.len(), start, end);
            [&into[..at], &from[start..end], &into[until..]].concat()
        });
    let one_of = |words: &'static str| prop::sample::select(words.split(' ').collect::<Vec<_>>());
    let odd = one_of(r#"null true 5 -0 1e308 1e999 0.1 "" "\u0000" "\ud800" [] {} "draft""#);
    let names = one_of(
        "items status metadata email password sku quantity price shipping_address data \\u0000 \
         $serde_json::private::RawValue $serde_json::private::Number",
    );
    let invented = odd
        .prop_map(str::to_owned)
        .prop_recursive(8, 64, 6, move |inner| {
            let members = prop::collection::vec((names.clone(), inner.clone()), 0..6);
            let object = members.prop_map(|members| {
                let members: Vec<_> = members
                    .iter()
                    .map(|(name, value)| format!("\"{name}\":{value}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            });
            let list = prop::collection::vec(inner, 0..6)
                .prop_map(|items| format!("[{}]", items.join(",")));
            prop::strategy::Union::new([object.boxed(), list.boxed()])
        });
    prop::strategy::Union::new([
        prop::collection::vec(any::<u8>(), 0..512).boxed(),
        changed.boxed(),
        invented.prop_map(String::into_bytes).boxed(),
        seed.prop_flat_map(Just).boxed(),
    ])
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_json_ends_the_process() {
        super::drive("json", super::json);
    }

    #[test]
    fn no_header_ends_the_process() {
        super::drive("headers", super::headers);
    }
}
