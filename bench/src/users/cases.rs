//! The requests that are measured: every list and search of auth, with combinations of the filters of each.

use anyhow::{Context, Result};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use serde_json::Value;

/// How slow a request may be, compared with a read by key (P12).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    List,
    Search,
}

impl Kind {
    pub const fn goal(self) -> f64 {
        match self {
            Self::List => 10.0,
            Self::Search => 50.0,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub kind: Kind,
    pub path: String,
}

/// What the filled database has that requests name.
pub struct Known {
    /// The e-mail address of a user.
    pub email: String,
    /// A name of ten words.
    pub long_name: String,
    /// The middle of all creations of users, and the day after it, in RFC 3339.
    pub middle: String,
    pub next_day: String,
    /// The user in the middle of the list, with the prefix, and a term in the middle of those that begin with `e`.
    pub middle_user: String,
    pub middle_term: String,
    /// The entry in the middle of the audit log, with the prefix, and the target that has the most entries.
    pub middle_entry: String,
    pub target: String,
    /// Admins who have acted most and least.
    pub busy_actor: String,
    pub idle_actor: String,
    /// The API key in the middle of the list, with the prefix, and a user with one key.
    pub middle_key: String,
    pub key_owner: String,
}

const ROLES: [Option<&str>; 4] = [None, Some("vendor"), Some("admin"), Some("team-001")];
const STATUSES: [Option<&str>; 4] = [None, Some("active"), Some("suspended"), Some("deleted")];
const ACTIONS: [Option<&str>; 4] = [
    None,
    Some("user.updated"),
    Some("user.deleted"),
    Some("role.updated"),
];

/// All requests that need no cursor.
pub fn all(known: &Known) -> Vec<Case> {
    let mut cases = users(known);
    cases.extend(audit_log(known));
    let others = [
        "/auth/sessions".to_owned(),
        "/auth/sessions?limit=100&include_total=true".to_owned(),
        "/roles".to_owned(),
        "/roles?limit=100&include_total=true".to_owned(),
        "/users/me/addresses".to_owned(),
        "/users/me/addresses?include_total=true".to_owned(),
        format!("/users/{}/addresses", known.middle_user),
        format!("/users/{}/roles", known.middle_user),
        "/api-keys".to_owned(),
        "/api-keys?limit=100".to_owned(),
        "/api-keys?include_total=true".to_owned(),
        "/api-keys?page=500".to_owned(),
        format!("/api-keys?user={}", known.key_owner),
        format!("/api-keys?user={}&include_total=true", known.key_owner),
    ];
    cases.extend(others.map(list));
    cases
}

fn users(known: &Known) -> Vec<Case> {
    let middle_day = format!(
        "created_from={}&created_to={}",
        known.middle, known.next_day
    );
    let periods = [None, Some(middle_day.as_str())];
    let searches = [None, Some("e"), Some("anna"), Some(known.email.as_str())];
    let mut cases = Vec::new();
    for q in searches {
        let kind = if q.is_some() {
            Kind::Search
        } else {
            Kind::List
        };
        for role in ROLES {
            for status in STATUSES {
                for period in periods {
                    let filters = [("q", q), ("role", role), ("status", status)];
                    let filters = filters
                        .into_iter()
                        .filter_map(|(name, value)| Some(format!("{name}={}", encoded(value?))));
                    let filters: Vec<String> =
                        filters.chain(period.map(ToOwned::to_owned)).collect();
                    let path = format!("/users?{}", filters.join("&"));
                    cases.push(Case { kind, path });
                }
            }
        }
    }
    let paged = [
        "/users?limit=100",
        "/users?page=500",
        "/users?page=100&limit=100",
    ];
    cases.extend(paged.map(|path| list(path.to_owned())));
    let deep = [
        "created_from=2200-01-01T00:00:00Z",
        "role=customer",
        "role=customer&status=suspended",
        "status=pending",
        "role=customer&page=500",
        "status=active&page=500",
        "role=vendor&status=suspended&page=20",
    ];
    cases.extend(deep.map(|query| list(format!("/users?{query}"))));
    let long_name = format!("q={}", encoded(&known.long_name));
    let searches = [
        "q=zyzzyva",
        "q=mail.example",
        "q=mail.example&status=pending",
        &long_name,
        "q=qqqq",
        "q=e&page=500",
        "q=e&limit=100",
    ];
    cases.extend(searches.map(|query| Case {
        kind: Kind::Search,
        path: format!("/users?{query}"),
    }));
    cases
}

fn audit_log(known: &Known) -> Vec<Case> {
    let actors = [
        None,
        Some(known.busy_actor.as_str()),
        Some(known.idle_actor.as_str()),
    ];
    let targets = [None, Some(known.target.as_str()), Some("nothing")];
    let middle_day = format!("from={}&to={}", known.middle, known.next_day);
    let mut cases = Vec::new();
    for actor in actors {
        for target in targets {
            for action in ACTIONS {
                for period in [None, Some(middle_day.as_str())] {
                    let filters = [("actor", actor), ("target", target), ("action", action)];
                    let filters = filters
                        .into_iter()
                        .filter_map(|(name, value)| Some(format!("{name}={}", encoded(value?))));
                    let filters: Vec<String> =
                        filters.chain(period.map(ToOwned::to_owned)).collect();
                    cases.push(list(format!("/admin/audit-log?{}", filters.join("&"))));
                }
            }
        }
    }
    let paged = ["limit=100", "page=500", "action=user.updated&page=500"];
    cases.extend(paged.map(|query| list(format!("/admin/audit-log?{query}"))));
    cases
}

/// The lists that are read from their middle on: the path of the first page, and the key there.
pub fn middles(known: &Known) -> Vec<(Case, Value)> {
    let user = |term: Option<&str>| serde_json::json!({ "term": term, "user": known.middle_user });
    let search = |path: &str| Case {
        kind: Kind::Search,
        path: path.to_owned(),
    };
    vec![
        (list("/users?limit=20".to_owned()), user(None)),
        (list("/users?status=active".to_owned()), user(None)),
        (list("/users?role=customer".to_owned()), user(None)),
        (search("/users?q=e"), user(Some(&known.middle_term))),
        (
            search("/users?q=e&status=suspended"),
            user(Some(&known.middle_term)),
        ),
        (
            list("/admin/audit-log?limit=20".to_owned()),
            known.middle_entry.clone().into(),
        ),
        (
            list("/admin/audit-log?action=user.updated".to_owned()),
            known.middle_entry.clone().into(),
        ),
        (
            list("/api-keys?limit=20".to_owned()),
            known.middle_key.clone().into(),
        ),
    ]
}

/// The cursor of a first page, moved to another key.
pub fn moved(first_page: &[u8], key: Value) -> Result<String> {
    let page: Value = serde_json::from_slice(first_page)?;
    let cursor = page["page"]["next_cursor"].as_str();
    let cursor = cursor.context("the list has only one page")?;
    let mut cursor: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(cursor)?)?;
    cursor["key"] = key;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(cursor.to_string()))
}

fn list(path: String) -> Case {
    Case {
        kind: Kind::List,
        path,
    }
}

/// The text of a name or an e-mail address in a query.
fn encoded(text: &str) -> String {
    text.replace(' ', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_cursor_keeps_the_list_that_it_belongs_to() {
        let cursor = BASE64_URL_SAFE_NO_PAD.encode(r#"{"key":"usr_1","shape":"ab"}"#);
        let page = format!(r#"{{"data":[],"page":{{"next_cursor":"{cursor}"}}}}"#);
        let moved_to = moved(page.as_bytes(), "usr_2".into()).unwrap();
        let read: Value =
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(moved_to).unwrap()).unwrap();
        assert_eq!(read, serde_json::json!({ "key": "usr_2", "shape": "ab" }));
        assert!(moved(br#"{"data":[],"page":{}}"#, "usr_2".into()).is_err());
    }
}
