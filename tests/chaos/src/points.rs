//! The fail points of the services, read from their declarations, so that the matrix contains a new one at once.

use local_shop::Workload;

const ORDER: &str = include_str!("../../../services/order/src/fail_point.rs");
const PRODUCT: &str = include_str!("../../../services/product/src/fail_point.rs");

/// A fail point, and the workload whose process reaches it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    pub workload: Workload,
    pub name: &'static str,
}

/// The fault at a fail point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process aborts at the point.
    Abort,
    /// The process hangs at the point, with the locks that it holds, until `kill -9`.
    Kill,
    Error,
    Delay,
}

impl Fault {
    /// The first fault shows whether the point is reached at all.
    pub const ALL: [Self; 4] = [Self::Abort, Self::Kill, Self::Error, Self::Delay];

    pub const fn action(self) -> &'static str {
        match self {
            Self::Abort => "abort",
            Self::Kill => "sleep",
            Self::Error => "error",
            Self::Delay => "delay",
        }
    }
}

/// The points of product, then those of order and its worker.
pub fn all() -> Vec<Point> {
    let of = |workload, source| names(source).map(move |name| Point { workload, name });
    of(Workload::Product, PRODUCT)
        .chain(of(Workload::Order, ORDER))
        .collect()
}

/// The names in the lines `Variant = "name",` of a declaration.
fn names(source: &'static str) -> impl Iterator<Item = &'static str> {
    source.lines().filter_map(|line| {
        let (variant, text) = line.trim().split_once(" = ")?;
        let name = text.strip_prefix('"')?.strip_suffix("\",")?;
        variant.chars().all(char::is_alphanumeric).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declarations_are_parsed() {
        let all = all();
        let of = |workload| {
            all.iter()
                .filter(|point| point.workload == workload)
                .count()
        };
        assert!(
            of(Workload::Product) >= 12 && of(Workload::Order) >= 4,
            "{all:?}"
        );
        let known = |name| all.iter().any(|point| point.name == name);
        assert!(known("before_reserve_commit") && known("after_reserve"));
    }
}
