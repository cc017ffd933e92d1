//! The plan of a shop: which processes it has, how many of each, and from which binaries.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use crate::postgres::Durability;

/// The databases, each of which belongs to the service of the same name.
pub const DATABASES: [&str; 3] = ["auth", "product", "order"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum Workload {
    Auth,
    Product,
    Order,
    /// `order work`.
    Worker,
}

/// One process: `Member(Workload::Order, 1)` is the second process of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member(pub Workload, pub usize);

#[derive(Clone, Debug)]
pub struct Binaries {
    pub auth: PathBuf,
    pub product: PathBuf,
    pub order: PathBuf,
}

/// The plan of a shop.
#[derive(Clone, Debug)]
pub struct Plan {
    pub binaries: Binaries,
    pub durability: Durability,
    pub auths: usize,
    pub products: usize,
    pub orders: usize,
    pub workers: usize,
    /// The folder of the logs; by default they are removed with the shop.
    pub logs: Option<PathBuf>,
    /// Further variables of a workload's processes, which override the usual ones.
    pub environment: Vec<(Workload, String, String)>,
    /// Settings of Postgres, which override the usual ones.
    pub postgres: Vec<(String, String)>,
}

impl Binaries {
    /// `auth`, `product` and `order` in one folder, such as `target/debug`.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            auth: folder.join("auth"),
            product: folder.join("product"),
            order: folder.join("order"),
        }
    }
}

impl Plan {
    /// One process of each workload, on a fast Postgres.
    pub fn new(binaries: Binaries) -> Self {
        Self {
            binaries,
            durability: Durability::Fast,
            auths: 1,
            products: 1,
            orders: 1,
            workers: 1,
            logs: None,
            environment: Vec::new(),
            postgres: Vec::new(),
        }
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = Member> {
        [
            (Workload::Auth, self.auths),
            (Workload::Product, self.products),
            (Workload::Order, self.orders),
            (Workload::Worker, self.workers),
        ]
        .into_iter()
        .flat_map(|(workload, count)| (0..count).map(move |index| Member(workload, index)))
    }
}

impl Workload {
    /// The service of the workload, which is also the name of its database.
    pub fn database(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Product => "product",
            Self::Order | Self::Worker => "order",
        }
    }

    pub(crate) fn subcommand(self) -> &'static str {
        match self {
            Self::Auth | Self::Product | Self::Order => "serve",
            Self::Worker => "work",
        }
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}
