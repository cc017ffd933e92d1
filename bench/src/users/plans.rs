//! What Postgres read for a request, from the plans that `auto_explain` writes to its log.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

use anyhow::Result;
use serde::Serialize;

/// Settings of a database whose statements are explained.
pub const SETTINGS: &[&str] = &[
    "session_preload_libraries = 'auto_explain'",
    "auto_explain.log_min_duration = 0",
    "auto_explain.log_analyze = on",
    "auto_explain.log_timing = off",
];

/// The rows that were read for a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reads {
    pub statements: u64,
    /// The rows that all scans read, also those that a filter rejected.
    pub rows: u64,
    /// The rows of sequential scans, by table.
    pub sequential: BTreeMap<String, u64>,
}

impl Reads {
    /// The plans in the log behind this place, and the next place.
    pub fn since(log: &Path, place: u64) -> Result<(Self, u64)> {
        let mut file = File::open(log)?;
        file.seek(SeekFrom::Start(place))?;
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        Ok((Self::of(&text), place + u64::try_from(text.len())?))
    }

    pub fn of(log: &str) -> Self {
        let mut reads = Self::default();
        // The scan that the lines are about, which tell more of it: its table if it is sequential, and its loops.
        let mut scan: Option<(Option<String>, u64)> = None;
        for line in log.lines() {
            let text = line.trim_start().trim_start_matches("->").trim_start();
            let rejected = text.strip_prefix("Rows Removed by ");
            if let Some((scanned, loops)) = scan.as_ref()
                && let Some((_, rows)) = rejected.and_then(|text| text.split_once(": "))
            {
                let (scanned, rows) = (scanned.clone(), rows.parse::<u64>().unwrap_or(0) * loops);
                reads.add(scanned, rows);
                continue;
            }
            reads.statements += u64::from(text.contains("  plan:"));
            let Some((node, measured)) = text.split_once("(actual rows=") else {
                continue;
            };
            scan = None;
            // A bitmap index scan is followed by the heap scan that reads its rows.
            if !node.contains("Scan ") || node.starts_with("Bitmap Index") {
                continue;
            }
            let mut numbers = measured.split(|c: char| !c.is_ascii_digit());
            let numbers = (&mut numbers).filter(|part| !part.is_empty());
            let numbers: Vec<u64> = numbers.filter_map(|part| part.parse().ok()).collect();
            let [rows, loops, ..] = numbers[..] else {
                continue;
            };
            let table = node.strip_prefix("Seq Scan on ");
            let table = table.and_then(|rest| rest.split_whitespace().next());
            reads.add(table.map(ToOwned::to_owned), rows * loops);
            scan = Some((table.map(ToOwned::to_owned), loops));
        }
        reads
    }

    fn add(&mut self, sequential: Option<String>, rows: u64) {
        self.rows += rows;
        if let Some(table) = sequential {
            *self.sequential.entry(table).or_default() += rows;
        }
    }

    /// The larger of both in every respect.
    pub fn worst(self, other: Self) -> Self {
        let mut sequential = self.sequential;
        for (table, rows) in other.sequential {
            let known = sequential.entry(table).or_default();
            *known = rows.max(*known);
        }
        Self {
            statements: self.statements.max(other.statements),
            rows: self.rows.max(other.rows),
            sequential,
        }
    }

    /// Leaves only the sequential scans of these tables.
    pub fn only_of(mut self, large: &BTreeSet<String>) -> Self {
        self.sequential.retain(|table, _| large.contains(table));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "2026-12-01 05:00:00 UTC [1] LOG:  duration: 0.042 ms  plan:
\tQuery Text: SELECT id FROM users
\tLimit  (cost=0.42..1.00 rows=21 width=16) (actual rows=21 loops=1)
\t  ->  Seq Scan on users  (cost=0.00..9.00 rows=90 width=16) (actual rows=21 loops=2)
\t        Filter: (status = 'active'::text)
\t        Rows Removed by Filter: 100
\t  ->  Index Only Scan using users_pkey on users  (cost=0.42..9.00 rows=9 width=16) (actual rows=5 loops=3)
\t        Heap Fetches: 4
2026-12-01 05:00:00 UTC [1] LOG:  duration: 0.042 ms  plan:
\tQuery Text: SELECT
\tBitmap Heap Scan on roles  (cost=0.00..1.00 rows=1 width=8) (actual rows=4 loops=1)
\t  ->  Bitmap Index Scan on roles_pkey  (cost=0.00..1.00 rows=1 width=0) (actual rows=4 loops=1)
";

    #[test]
    fn rows_of_all_scans_are_counted_with_those_that_a_filter_rejected() {
        let reads = Reads::of(LOG);
        assert_eq!((reads.statements, reads.rows), (2, 42 + 200 + 15 + 4));
        assert_eq!(
            reads.sequential,
            BTreeMap::from([("users".to_owned(), 242)])
        );
        assert!(reads.only_of(&BTreeSet::new()).sequential.is_empty());
    }

    #[test]
    fn of_two_plans_the_worse_counts() {
        let few = Reads {
            statements: 9,
            rows: 1,
            sequential: BTreeMap::from([("roles".to_owned(), 7)]),
        };
        let worst = few.worst(Reads::of(LOG));
        assert_eq!((worst.statements, worst.rows), (9, 261));
        assert_eq!(worst.sequential.len(), 2);
    }
}
