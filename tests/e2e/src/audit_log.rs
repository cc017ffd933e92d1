//! The API calls of an account, from the API server's audit log.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::Path,
};

use anyhow::{Context as _, Result};
use serde_json::Value;

/// One permission: a verb on a resource of an API group, such as `patch` on `apps/deployments/scale`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    pub resource: String,
    pub verb: String,
}

impl Right {
    pub fn new(group: &str, resource: &str, verb: &str) -> Self {
        Self {
            resource: format!("{group}/{resource}"),
            verb: verb.to_owned(),
        }
    }
}

/// Every permission that an account used, in the log and in the rotated logs.
pub fn used_by(account: &str, log: &Path) -> Result<BTreeSet<Right>> {
    let folder = log.parent().context("the log has no folder")?;
    let mut rights = BTreeSet::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("no audit log at {}", log.display()))?
    {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "log") {
            continue;
        }
        for line in BufReader::new(File::open(path)?).lines() {
            // Most lines are of other accounts, and the last one may be incomplete.
            let line = line?;
            if line.contains(account) {
                rights.extend(
                    serde_json::from_str(&line)
                        .iter()
                        .flat_map(|event| used(account, event)),
                );
            }
        }
    }
    Ok(rights)
}

fn used(account: &str, event: &Value) -> Vec<Right> {
    let object = &event["objectRef"];
    let code = event["responseStatus"]["code"].as_u64();
    let (Some(resource), Some(verb)) = (object["resource"].as_str(), event["verb"].as_str()) else {
        return Vec::new();
    };
    if event["user"]["username"] != account || code == Some(403) {
        return Vec::new();
    }
    let group = object["apiGroup"].as_str().unwrap_or_default();
    let resource = match object["subresource"].as_str() {
        Some(subresource) => format!("{resource}/{subresource}"),
        None => resource.to_owned(),
    };
    // Server-side apply of an absent object is a patch with status 201 in the log, and needs `create` as well.
    let verbs = if (verb, code) == ("patch", Some(201)) {
        vec![verb, "create"]
    } else {
        vec![verb]
    };
    verbs
        .into_iter()
        .map(|verb| Right::new(group, &resource, verb))
        .collect()
}
