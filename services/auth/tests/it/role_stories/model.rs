//! The model: who has which role, what roles permit, and what administrators have put into circulation.

use std::collections::BTreeMap;

use access::{Permissions, Role};

use crate::support::staff::MANAGER;

pub struct Person {
    pub name: &'static str,
    pub roles: &'static [&'static str],
}

const fn person(name: &'static str, roles: &'static [&'static str]) -> Person {
    Person { name, roles }
}

/// The people of every story, as an administrator has set them up; the last is the administrator.
pub const PEOPLE: [Person; 5] = [
    person("ann", &["customer"]),
    person("ben", &["customer"]),
    person("vera", &["vendor"]),
    person("mia", &["manager"]),
    person("ada", &["admin"]),
];

/// The place of the administrator.
pub const ADMIN: usize = PEOPLE.len() - 1;

pub struct Model {
    /// The custom roles.
    pub roles: BTreeMap<&'static str, Permissions>,
    people: Vec<Vec<&'static str>>,
    /// What administrators granted, and what the others had at the beginning.
    pub vouched: Permissions,
}

impl Model {
    pub fn new() -> Self {
        let mut model = Self {
            roles: BTreeMap::from([("manager", Permissions::known(MANAGER))]),
            people: PEOPLE.iter().map(|person| person.roles.to_vec()).collect(),
            vouched: Permissions::NONE,
        };
        let initial = (0..ADMIN).map(|who| model.permissions(who));
        model.vouched = initial.fold(Permissions::NONE, Permissions::union);
        model
    }

    pub fn of_role(&self, role: &str) -> Permissions {
        let built_in = Role::built_in(role).map(Permissions::of_role);
        built_in.unwrap_or_else(|| self.roles.get(role).copied().unwrap_or_default())
    }

    pub fn permissions(&self, who: usize) -> Permissions {
        let roles = self.people[who].iter().map(|role| self.of_role(role));
        roles.fold(Permissions::NONE, Permissions::union)
    }

    pub fn is_held(&self, role: &str) -> bool {
        self.people.iter().flatten().any(|held| *held == role)
    }

    pub fn define(&mut self, by: usize, role: &'static str, permissions: Permissions) {
        self.vouch(by, permissions);
        self.roles.insert(role, permissions);
    }

    pub fn assign(&mut self, by: usize, to: usize, role: &'static str) {
        self.vouch(by, self.of_role(role));
        if !self.people[to].contains(&role) {
            self.people[to].push(role);
        }
    }

    pub fn remove(&mut self, from: usize, role: &str) {
        self.people[from].retain(|held| *held != role);
    }

    /// An administrator, by whatever role, puts permissions into circulation.
    fn vouch(&mut self, by: usize, permissions: Permissions) {
        let admin = Permissions::of_role(Role::Admin);
        if admin.beyond(self.permissions(by)).is_none() {
            self.vouched = self.vouched.union(permissions);
        }
    }
}
