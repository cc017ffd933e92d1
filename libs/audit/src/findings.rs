//! What an audit found: the first findings in words, and all of them counted by kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Findings that are kept with their messages; the others are counted.
const MOST_LISTED: usize = 1_000;
/// Kinds of findings that are kept and reported.
const MOST_KINDS: usize = 20;

/// The inconsistencies found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: String,
    pub message: String,
}

/// All findings of one code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingKind {
    pub code: String,
    /// The first of them.
    pub message: String,
    pub count: u64,
}

#[derive(Clone, Debug, Default)]
pub struct Findings {
    listed: Vec<Finding>,
    count: u64,
    kinds: BTreeMap<String, FindingKind>,
}

impl Findings {
    pub fn add(&mut self, finding: Finding) {
        self.count += 1;
        let kind = self
            .kinds
            .entry(finding.code.clone())
            .or_insert_with(|| FindingKind {
                code: finding.code.clone(),
                message: finding.message.clone(),
                count: 0,
            });
        kind.count += 1;
        if self.listed.len() < MOST_LISTED {
            self.listed.push(finding);
        }
    }

    /// The first of them.
    pub fn listed(&self) -> &[Finding] {
        &self.listed
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn kinds(&self) -> Vec<&FindingKind> {
        self.kinds.values().take(MOST_KINDS).collect()
    }
}

impl Extend<Finding> for Findings {
    fn extend<I: IntoIterator<Item = Finding>>(&mut self, findings: I) {
        for finding in findings {
            self.add(finding);
        }
    }
}
