//! Stories: what people try, most of which is refused.

use proptest::{collection::vec, prelude::*, sample::select};

use super::model::{ADMIN, PEOPLE};

/// What roles of the stories permit.
pub const GRANTS: [&str; 9] = [
    "orders:read:own",
    "orders:read",
    "orders:list",
    "orders:create:own",
    "payments:refund",
    "roles:read",
    "roles:write",
    "users:assign_roles",
    "users:delete",
];
const CUSTOM: [&str; 3] = ["alpha", "beta", "manager"];
const ALL: [&str; 6] = ["alpha", "beta", "manager", "customer", "vendor", "admin"];
/// The place of one who manages roles, among the people.
const MANAGER: usize = 3;

#[derive(Clone, Debug)]
pub enum Command {
    Create {
        by: usize,
        role: &'static str,
        grants: Vec<usize>,
    },
    Change {
        by: usize,
        role: &'static str,
        grants: Vec<usize>,
    },
    Delete {
        by: usize,
        role: &'static str,
    },
    Assign {
        by: usize,
        to: usize,
        role: &'static str,
    },
    Remove {
        by: usize,
        from: usize,
        role: &'static str,
    },
    /// Until then, the person goes on with the tokens of before.
    LogIn {
        who: usize,
    },
}

pub fn story() -> impl Strategy<Value = Vec<Command>> {
    vec(command(), 1..40)
}

fn command() -> impl Strategy<Value = Command> {
    let anyone = || 0..PEOPLE.len();
    let by = || prop_oneof![1 => anyone(), 3 => Just(MANAGER), 2 => Just(ADMIN)];
    let grants = || vec(0..GRANTS.len(), 0..4);
    prop_oneof![
        4 => (by(), select(CUSTOM.to_vec()), grants())
            .prop_map(|(by, role, grants)| Command::Create { by, role, grants }),
        4 => (by(), select(CUSTOM.to_vec()), grants())
            .prop_map(|(by, role, grants)| Command::Change { by, role, grants }),
        1 => (by(), select(CUSTOM.to_vec())).prop_map(|(by, role)| Command::Delete { by, role }),
        8 => (by(), anyone(), select(ALL.to_vec()))
            .prop_map(|(by, to, role)| Command::Assign { by, to, role }),
        3 => (by(), anyone(), select(ALL.to_vec()))
            .prop_map(|(by, from, role)| Command::Remove { by, from, role }),
        8 => by().prop_map(|who| Command::LogIn { who }),
    ]
}
