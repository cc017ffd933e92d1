use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its parsing is tested")]
struct Line {
    quantity: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Draft,
    Active,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only its parsing is tested")]
struct Order {
    items: Vec<Line>,
    #[serde(default)]
    first: Option<Line>,
    #[serde(default)]
    by_name: BTreeMap<String, Line>,
    #[serde(default)]
    status: Option<Status>,
    #[serde(default)]
    statuses: Vec<Status>,
}

fn refused<T: DeserializeOwned + std::fmt::Debug>(body: &str) -> (u16, String) {
    let problem = Problem::from(from_slice::<T>(body.as_bytes()).unwrap_err());
    let document = problem.document("/", "");
    let pointer = &document["errors"][0]["pointer"];
    (
        problem.status().as_u16(),
        pointer.as_str().unwrap_or_default().to_owned(),
    )
}

fn order(body: &str) -> (u16, String) {
    refused::<Order>(body)
}

fn at(pointer: &str) -> (u16, String) {
    (422, pointer.to_owned())
}

/// Some twenty kilobytes that unfold to twelve hundred levels: text in text, each level read with a fresh limit.
const UNFOLDING: &str = include_str!("../../../../fuzz/corpus/json/unfolding");

/// As much stack as a worker of tokio has, whatever the test's own thread has.
fn with_worker_stack<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap()
}

#[test]
fn broken_json_is_400_and_a_broken_rule_422_with_its_place() {
    assert_eq!(order("{\"items\": [").0, 400);
    assert_eq!(order("{\"items\": []} x").0, 400);
    assert_eq!(order("").0, 400);
    assert_eq!(order("{\"items\": [], \"more\": \"\\ud800\"}").0, 400);
    assert_eq!(
        order("{\"items\": [{\"quantity\": -1}]}"),
        at("/items/0/quantity")
    );
    assert_eq!(
        order("{\"items\": [{\"quantity\": 99999999999}]}"),
        at("/items/0/quantity")
    );
    assert_eq!(
        order("{\"items\": [{\"quantity\": 1e999}]}"),
        at("/items/0/quantity")
    );
    assert_eq!(order("{\"items\": [], \"more\": 1}").0, 422);
    assert_eq!(order("{}").0, 422);
}

#[test]
fn nul_is_found_wherever_it_hides() {
    assert_eq!(
        order(r#"{"items": [{"note": "a\u0000b"}]}"#),
        at("/items/0/note")
    );
    assert_eq!(
        order(r#"{"items": [{"no\u0000te/~": 1}], "by_name": {"a/b": {"c~": "\u0000"}}}"#),
        at("/items/0")
    );
    assert_eq!(
        order(r#"{"by_name": {"a/b": {"c~": "\u0000"}}}"#),
        at("/by_name/a~1b/c~0")
    );
    assert!(
        from_slice::<Value>(br#"{"text": "a\\u0000b"}"#).is_ok(),
        "an escaped backslash is not NUL"
    );
}

#[test]
fn text_that_unfolds_is_refused_before_anything_is_made_of_it() {
    let (as_value, as_order) = with_worker_stack(|| {
        let hidden = format!(r#"{{"a":"\u0000","b":{UNFOLDING}}}"#);
        (refused::<Value>(UNFOLDING), order(&hidden))
    });
    assert_eq!(as_value.0, 422);
    assert_eq!(as_order, at("/a"));
    for name in [
        "$serde_json::private::RawValue",
        "$serde_json::private::Number",
    ] {
        let text = format!(r#"{{"a":[{{"{name}":"1"}}]}}"#);
        assert_eq!(refused::<Value>(&text), at("/a/0"), "{name}");
        let escaped = text.replace('$', "\\u0024");
        assert_eq!(refused::<Value>(&escaped), at("/a/0"), "{name}");
    }
}

#[test]
fn depth_is_bounded_and_fits_a_worker() {
    let lists = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let objects = |levels: usize| "{\"a\":".repeat(levels) + "1" + &"}".repeat(levels);
    with_worker_stack(move || {
        assert!(from_slice::<Value>(lists(MAX_DEPTH).as_bytes()).is_ok());
        assert!(from_slice::<Value>(objects(MAX_DEPTH).as_bytes()).is_ok());
        for levels in [MAX_DEPTH + 1, 127, 128, 100_000] {
            assert_eq!(refused::<Value>(&lists(levels)).0, 422, "{levels}");
            assert_eq!(refused::<Value>(&objects(levels)).0, 422, "{levels}");
            assert_eq!(refused::<Value>(&"[".repeat(levels)).0, 422, "{levels}");
        }
    });
}

#[test]
fn a_list_is_no_object_at_any_depth() {
    assert_eq!(order("[[], null]"), at(""));
    assert_eq!(order(r#"{"items": [[1]]}"#), at("/items/0"));
    assert_eq!(order(r#"{"items": [], "first": [1]}"#), at("/first"));
    assert_eq!(
        order(r#"{"items": [], "by_name": {"a": [1]}}"#),
        at("/by_name/a")
    );
    for other in ["null", "1", "\"a\"", "true"] {
        assert_eq!(order(other), at(""), "{other}");
    }
}

#[test]
fn an_enum_is_one_of_its_words() {
    for status in [
        "5",
        "true",
        "[]",
        "{}",
        r#"{"draft":null}"#,
        "\"other\"",
        "1.5",
    ] {
        let body = format!(r#"{{"items": [], "status": {status}}}"#);
        assert_eq!(order(&body), at("/status"), "{status}");
        let body = format!(r#"{{"items": [], "statuses": ["draft", {status}]}}"#);
        assert_eq!(order(&body), at("/statuses/1"), "{status}");
    }
    assert_eq!(
        order(r#"{"items": [], "statuses": [null]}"#),
        at("/statuses/0")
    );
    for body in [
        r#"{"items": [], "status": "draft", "statuses": ["active"]}"#,
        // Optional, and null says as much as nothing.
        r#"{"items": [], "status": null}"#,
    ] {
        assert!(from_slice::<Order>(body.as_bytes()).is_ok(), "{body}");
    }
}

#[test]
fn what_is_sent_back_is_bounded() {
    let long = "x".repeat(100_000);
    let many = vec!["\"\\u0000\""; 100_000].join(",");
    for body in [
        format!(r#"{{"items": [{{"quantity": {}}}]}}"#, "1".repeat(300)),
        r#"{"items": [{"quantity": 1e308}]}"#.to_owned(),
        format!(r#"{{"items": [{{"quantity": "{long}"}}]}}"#),
        format!(r#"{{"items": [], "{long}": 1}}"#),
        format!(r#"{{"items": [], "status": "{long}"}}"#),
        format!(r#"{{"items": [], "by_name": {{"{long}": 1}}}}"#),
        format!(r#"{{"{long}": "\u0000"}}"#),
        format!("[{many}]"),
        format!("{{\"items\": [{}", "[".repeat(60) + &long),
    ] {
        let problem = Problem::from(from_slice::<Order>(body.as_bytes()).unwrap_err());
        let answer = problem.document(&format!("/{long}"), "").to_string();
        assert!(
            answer.len() < 16 * 1024,
            "{} bytes for {body:.60}",
            answer.len()
        );
    }
}

#[test]
fn amounts_are_read_from_their_text() {
    #[derive(Debug, Deserialize)]
    struct Priced {
        price: Box<serde_json::value::RawValue>,
    }
    let priced: Priced = from_slice(br#"{"price": 0.10}"#).unwrap();
    assert_eq!(priced.price.get(), "0.10");
}

#[test]
fn a_value_has_the_type_that_its_field_asks_for() {
    #[derive(Debug, Deserialize)]
    #[serde(tag = "kind", rename_all = "lowercase")]
    enum Tagged {
        First,
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its parsing is tested")]
    struct Typed {
        id: Option<uuid::Uuid>,
        maps: Option<Vec<serde_json::Map<String, Value>>>,
        tagged: Option<Tagged>,
    }
    let bytes = format!(r#"{{"id": [{}]}}"#, ["1"; 16].join(","));
    assert_eq!(refused::<Typed>(&bytes), at("/id"));
    assert_eq!(refused::<Typed>(r#"{"maps": [null]}"#), at("/maps/0"));
    assert_eq!(refused::<Typed>(r#"{"tagged": {"kind": 0}}"#).0, 422);
}
