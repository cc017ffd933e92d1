//! How much memory and write-ahead log Postgres may take, from what its container and its volume have. Pure.
//! Amounts are whole megabytes of Postgres, which are mebibytes elsewhere.

use crate::kube::pods::amount;
use k8s_openapi::api::core::v1::ResourceRequirements;
use std::ops::RangeInclusive;

const MEBIBYTE: u128 = 1 << 20;

/// `shared_buffers`: a quarter of the memory, as PostgreSQL's documentation advises for a machine that runs nothing
/// else. The rest is for sessions and for the page cache, which serves what is not in the buffers.
pub fn shared_buffers(resources: &ResourceRequirements) -> String {
    let memory = [&resources.limits, &resources.requests]
        .into_iter()
        .find_map(|amounts| amounts.as_ref()?.get("memory"));
    quarter(memory.map_or("", |memory| &memory.0), 128..=8 * 1024)
}

/// `max_wal_size`: a quarter of the volume. A checkpoint starts when this much was written, and after it each page is
/// logged as a whole at its first change, so that frequent checkpoints multiply the log. Postgres may exceed the size
/// for a while, replicas may retain more, and the data need the rest.
pub fn max_wal_size(volume: &str) -> String {
    quarter(volume, 256..=4 * 1024)
}

/// A quarter of a quantity of bytes, within bounds in megabytes; the lower bound if it cannot be parsed.
fn quarter(quantity: &str, megabytes: RangeInclusive<u128>) -> String {
    // `amount` counts in thousandths.
    let quarter = amount(quantity).unwrap_or(0) / 1_000 / MEBIBYTE / 4;
    format!("{}MB", quarter.clamp(*megabytes.start(), *megabytes.end()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
    use std::collections::BTreeMap;

    fn memory(quantity: &str) -> BTreeMap<String, Quantity> {
        [("memory".to_owned(), Quantity(quantity.to_owned()))].into()
    }

    fn limited_to(limit: &str) -> ResourceRequirements {
        ResourceRequirements {
            limits: Some(memory(limit)),
            requests: Some(memory("64Ti")),
            ..Default::default()
        }
    }

    #[test]
    fn a_quarter_of_the_memory_limit_is_shared_buffers() {
        for (limit, expected) in [
            ("1Gi", "256MB"),
            ("3Gi", "768MB"),
            ("2G", "476MB"),
            ("1073741824", "256MB"),
            ("256Mi", "128MB"),
            ("0", "128MB"),
            ("32Gi", "8192MB"),
            ("1Ti", "8192MB"),
        ] {
            assert_eq!(shared_buffers(&limited_to(limit)), expected, "{limit}");
        }
    }

    #[test]
    fn without_a_limit_the_request_counts() {
        let mut resources = limited_to("1Gi");
        resources.limits = None;
        resources.requests = Some(memory("4Gi"));
        assert_eq!(shared_buffers(&resources), "1024MB");
        assert_eq!(shared_buffers(&ResourceRequirements::default()), "128MB");
    }

    #[test]
    fn a_quarter_of_the_volume_is_for_the_log() {
        for (volume, expected) in [
            ("1Gi", "256MB"),
            ("2Gi", "512MB"),
            ("10Gi", "2560MB"),
            ("1500Mi", "375MB"),
            ("512Mi", "256MB"),
            ("16Gi", "4096MB"),
            ("1Ti", "4096MB"),
        ] {
            assert_eq!(max_wal_size(volume), expected, "{volume}");
        }
    }
}
