//! The parts of a shop: which run, which have a database, in which order they roll.

use strum::{Display, IntoStaticStr};

/// A service with a database of its own, whose migrations gate its rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display, IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Application {
    Auth,
    Product,
    Order,
}

/// A Deployment of a shop. As text it is the component label and the end of the name: `shop-order-worker`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display, IntoStaticStr)]
#[strum(serialize_all = "lowercase", const_into_str)]
pub enum Workload {
    Auth,
    Product,
    Order,
    #[strum(serialize = "order-worker")]
    Worker,
}

/// The database, as names and labels spell it.
pub const POSTGRES: &str = "postgres";
/// The Job that sets roles, databases and passwords, as names and labels spell it.
pub const BOOTSTRAP: &str = "bootstrap";

impl Application {
    /// In the order in which they roll: none before the services that it calls, unless those make no progress
    /// (OPERATOR 2, ADR 9).
    pub const ALL: [Self; 3] = [Self::Auth, Self::Product, Self::Order];

    /// The component label of its migration Job. It differs from that of the service, by which the Service selects pods.
    pub fn migration(self) -> &'static str {
        match self {
            Self::Auth => "auth-migration",
            Self::Product => "product-migration",
            Self::Order => "order-migration",
        }
    }

    /// The Deployment that serves it.
    pub fn workload(self) -> Workload {
        match self {
            Self::Auth => Workload::Auth,
            Self::Product => Workload::Product,
            Self::Order => Workload::Order,
        }
    }
}

impl Workload {
    /// In the order in which they roll.
    pub const ALL: [Self; 4] = [Self::Auth, Self::Product, Self::Order, Self::Worker];

    /// Its name in `spec.components`.
    pub fn field(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Auth | Self::Product | Self::Order => self.into_str(),
        }
    }

    /// Whose image it runs and whose database it uses.
    pub fn application(self) -> Application {
        match self {
            Self::Auth => Application::Auth,
            Self::Product => Application::Product,
            Self::Order | Self::Worker => Application::Order,
        }
    }

    /// Whether it answers on the public port.
    pub fn serves(self) -> bool {
        match self {
            Self::Auth | Self::Product | Self::Order => true,
            Self::Worker => false,
        }
    }
}
