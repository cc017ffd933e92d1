//! The connections of a serving process, by what they are for. Their sum is what the operator counts: one setting.

use std::time::Duration;

use db::{ConnectError, Database, Pool};

/// For lists: one slow list still leaves room for another, and two cannot keep others from the database.
const LISTS: u32 = 2;
/// `Reads` runs one statement at a time.
const READS: u32 = 1;
const HEALTH: u32 = 1;
/// Orders and changes get at least these, whatever the setting is.
const FEWEST: u32 = 2;

/// As long as requests wait for a connection elsewhere; nothing else uses this one.
const READ_PATIENCE: Duration = Duration::from_secs(2);
/// The server ends a list that takes longer: 503.
const LIST_TIMEOUT: &str = "500ms";
/// A list that waits longer for a connection is refused.
const LIST_PATIENCE: Duration = Duration::from_secs(1);

pub struct Pools {
    pub main: Pool,
    pub reads: Pool,
    pub lists: Pool,
    pub health: Pool,
}

/// How sessions of lists differ from others.
pub const LIST_SETTINGS: [(&str, &str); 4] = [
    ("statement_timeout", LIST_TIMEOUT),
    // Filters are parameters, most of them empty: only their values decide which index fits.
    ("plan_cache_mode", "force_custom_plan"),
    ("max_parallel_workers_per_gather", "0"),
    ("jit", "off"),
];

/// How the session of reads differs. It reads by key: there is one good plan, and planning takes as long as the read. The
/// server would plan again each time, since it estimates that a plan for few keys is cheaper than one for any number.
pub const READ_SETTINGS: [(&str, &str); 1] = [("plan_cache_mode", "force_generic_plan")];

impl Pools {
    pub fn of(database: &Database) -> Result<Self, ConnectError> {
        let rest = database
            .max_connections
            .saturating_sub(READS + LISTS + HEALTH);
        let main = Database {
            max_connections: rest.max(FEWEST),
            ..database.clone()
        };
        Ok(Self {
            main: main.pool("product")?,
            reads: database.pool_of("product reads", READS, READ_PATIENCE, &READ_SETTINGS)?,
            lists: database.pool_of("product lists", LISTS, LIST_PATIENCE, &LIST_SETTINGS)?,
            health: database.pool_of("product health", HEALTH, LIST_PATIENCE, &[])?,
        })
    }
}
