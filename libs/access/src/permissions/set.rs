//! Sets of permissions, each with its reach: small, so that a request compares bits and no text.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{ObjectBuilder, Schema, Type},
    },
};

use super::{Permission, Reach, Row, TABLE};
use crate::Role;

/// What follows the name of a permission that covers only what belongs to its holder.
const OWN: &str = ":own";

/// A permission and how far it reaches, as roles and tokens name it: `orders:read:own`, `payments:refund`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Grant {
    place: usize,
    reach: Reach,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown permission; use a name that GET /permissions returns in grants")]
pub struct UnknownPermission;

/// The permissions of a caller or of a role: a bit for each row of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Permissions {
    /// The rows that reach at least what belongs to the holder.
    own: u128,
    /// The rows that reach what belongs to anyone.
    any: u128,
}

const _: () = assert!(TABLE.len() <= u128::BITS as usize, "a bit for each row");

impl Grant {
    fn row(self) -> &'static Row {
        &TABLE[self.place]
    }
}

impl Row {
    /// The reaches with which the permission can be granted.
    pub fn grants(&self) -> impl Iterator<Item = Grant> {
        let place = super::place(self.name);
        [Reach::Own, Reach::Any]
            .into_iter()
            .filter(move |reach| self.admits(*reach))
            .map(move |reach| Grant { place, reach })
    }
}

impl Permissions {
    pub const NONE: Self = Self { own: 0, any: 0 };

    /// Those of a built-in role.
    pub fn of_role(role: Role) -> Self {
        let mut permissions = Self::NONE;
        for (place, row) in TABLE.iter().enumerate() {
            let held = row.holders().find(|(holder, _)| *holder == role);
            if let Some((_, reach)) = held {
                permissions = permissions.with(Grant { place, reach });
            }
        }
        permissions
    }

    /// Those of several built-in roles: each reaches as far as the widest of them.
    pub fn of_roles(roles: impl IntoIterator<Item = Role>) -> Self {
        let roles = roles.into_iter().map(Self::of_role);
        roles.fold(Self::NONE, Self::union)
    }

    /// Those with these names. Unknown ones are ignored: a newer release may have written them.
    pub fn known<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names = names.into_iter();
        names
            .filter_map(|name| name.parse::<Grant>().ok())
            .collect()
    }

    /// Those of a token's `scope` (RFC 9068, section 2.2.3), which [`fmt::Display`] writes.
    pub fn of_scope(scope: &str) -> Self {
        Self::known(scope.split_ascii_whitespace())
    }

    pub const fn reach<P: Permission>(self) -> Reach {
        self.reach_of(P::PLACE)
    }

    pub fn may<P: Permission>(self) -> bool {
        self.reach::<P>() > Reach::No
    }

    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self {
            own: self.own | other.own,
            any: self.any | other.any,
        }
    }

    /// What both hold: each permission reaches as far as in the narrower of them.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self {
            own: self.own & other.own,
            any: self.any & other.any,
        }
    }

    /// In the order of the table; each permission once, with its widest reach.
    pub fn grants(self) -> impl Iterator<Item = Grant> {
        (0..TABLE.len()).filter_map(move |place| {
            let reach = self.reach_of(place);
            (reach > Reach::No).then_some(Grant { place, reach })
        })
    }

    /// Those that reach what belongs to others.
    #[must_use]
    pub const fn over_others(self) -> Self {
        Self {
            own: self.any,
            any: self.any,
        }
    }

    /// The first of these permissions that is not among the others, or that reaches further.
    pub fn beyond(self, others: Self) -> Option<Grant> {
        self.grants()
            .find(|grant| grant.reach > others.reach_of(grant.place))
    }

    /// What their holder may grant to others: what they hold themselves. An administrator neither buys nor sells, but grants
    /// the roles of those who do; so a holder of everything that an administrator holds may grant everything.
    #[must_use]
    pub fn grantable(self) -> Self {
        match Self::of_role(Role::Admin).beyond(self) {
            None => TABLE.iter().flat_map(Row::grants).collect(),
            Some(_) => self,
        }
    }

    #[must_use]
    fn with(self, grant: Grant) -> Self {
        let bit = 1 << grant.place;
        let (own, any) = match grant.reach {
            Reach::No => (0, 0),
            Reach::Own => (bit, 0),
            Reach::Any => (bit, bit),
        };
        self.union(Self { own, any })
    }

    const fn reach_of(self, place: usize) -> Reach {
        let bit = 1 << place;
        if self.any & bit != 0 {
            Reach::Any
        } else if self.own & bit != 0 {
            Reach::Own
        } else {
            Reach::No
        }
    }
}

impl FromIterator<Grant> for Permissions {
    fn from_iter<I: IntoIterator<Item = Grant>>(grants: I) -> Self {
        grants.into_iter().fold(Self::NONE, Self::with)
    }
}

/// The names, separated by spaces.
impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, grant) in self.grants().enumerate() {
            let space = if number == 0 { "" } else { " " };
            write!(f, "{space}{grant}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().name)?;
        match self.reach {
            Reach::Own => f.write_str(OWN),
            Reach::No | Reach::Any => Ok(()),
        }
    }
}

impl FromStr for Grant {
    type Err = UnknownPermission;

    fn from_str(text: &str) -> Result<Self, UnknownPermission> {
        let (name, reach) = match text.strip_suffix(OWN) {
            Some(name) => (name, Reach::Own),
            None => (text, Reach::Any),
        };
        let place = TABLE.iter().position(|row| row.name == name);
        place
            .map(|place| Self { place, reach })
            .filter(|grant| grant.row().admits(reach))
            .ok_or(UnknownPermission)
    }
}

impl TryFrom<String> for Grant {
    type Error = UnknownPermission;

    fn try_from(text: String) -> Result<Self, UnknownPermission> {
        text.parse()
    }
}

impl Serialize for Grant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl PartialSchema for Grant {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[a-z_]+:[a-z_]+(:own)?$"))
            .examples([serde_json::json!("orders:read")])
            .into()
    }
}

impl ToSchema for Grant {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permissions::{orders, payments, stock};

    fn known(names: &[&str]) -> Permissions {
        Permissions::known(names.iter().copied())
    }

    #[test]
    fn several_roles_reach_as_far_as_the_widest() {
        let reach =
            |roles: &[Role]| Permissions::of_roles(roles.iter().copied()).reach::<orders::List>();
        assert_eq!(reach(&[]), Reach::No);
        assert_eq!(reach(&[Role::Vendor]), Reach::No);
        assert_eq!(reach(&[Role::Vendor, Role::Customer]), Reach::Own);
        assert_eq!(reach(&[Role::Admin, Role::Customer]), Reach::Any);
    }

    #[test]
    fn a_scope_is_written_and_read_again() {
        for role in Role::ALL {
            let permissions = Permissions::of_role(role);
            assert_eq!(Permissions::of_scope(&permissions.to_string()), permissions);
        }
        let some = known(&["payments:refund", "orders:read:own"]);
        assert_eq!(some.to_string(), "orders:read:own payments:refund");
        assert_eq!(Permissions::NONE.to_string(), "");
        assert_eq!(Permissions::of_scope(""), Permissions::NONE);
    }

    #[test]
    fn unknown_names_grant_nothing() {
        let text = "orders:read:own:own orders:read:any orders: :own own ORDERS:READ orders:explode \u{0} *";
        assert_eq!(Permissions::of_scope(text), Permissions::NONE);
    }

    #[test]
    fn a_reach_that_no_built_in_role_has_cannot_be_granted() {
        for name in [
            "payments:refund:own",
            "sagas:write:own",
            "orders:create",
            "vendor_orders:list",
        ] {
            assert_eq!(name.parse::<Grant>(), Err(UnknownPermission), "{name}");
        }
        for row in TABLE {
            for grant in row.grants() {
                assert_eq!(grant.to_string().parse(), Ok(grant));
            }
        }
    }

    #[test]
    fn the_widest_reach_of_a_permission_counts() {
        let both = known(&["orders:read:own", "orders:read", "stock:read:own"]);
        assert_eq!(both.to_string(), "orders:read stock:read:own");
        assert_eq!(both.reach::<orders::Read>(), Reach::Any);
        assert_eq!(both.reach::<stock::Read>(), Reach::Own);
        assert!(!both.may::<payments::Read>());
    }

    #[test]
    fn an_intersection_reaches_as_far_as_the_narrower() {
        let one = known(&["orders:read", "stock:read:own", "payments:refund"]);
        let other = known(&["orders:read:own", "stock:read", "users:list"]);
        let both = "orders:read:own stock:read:own";
        assert_eq!(one.intersection(other).to_string(), both);
        assert_eq!(other.intersection(one).to_string(), both);
        assert_eq!(one.intersection(one), one);
        assert_eq!(one.intersection(Permissions::NONE), Permissions::NONE);
    }

    #[test]
    fn beyond_finds_what_is_missing_or_reaches_further() {
        let (own, any) = (known(&["orders:read:own"]), known(&["orders:read"]));
        assert_eq!(own.beyond(any), None);
        assert_eq!(own.beyond(own), None);
        assert_eq!(any.beyond(own).unwrap().to_string(), "orders:read");
        let other = known(&["stock:audit"]);
        assert_eq!(own.beyond(other).unwrap().to_string(), "orders:read:own");
        assert_eq!(Permissions::NONE.beyond(Permissions::NONE), None);
    }

    #[test]
    fn permissions_over_others_leave_out_what_reaches_only_ones_own() {
        let some = known(&["payments:refund", "orders:read:own"]);
        assert_eq!(some.over_others(), known(&["payments:refund"]));
        for role in [Role::Customer, Role::Vendor] {
            assert_eq!(Permissions::of_role(role).over_others(), Permissions::NONE);
        }
    }

    #[test]
    fn administrators_grant_everything_and_others_what_they_hold() {
        let admin = Permissions::of_role(Role::Admin);
        for role in Role::ALL {
            let role = Permissions::of_role(role);
            assert_eq!(role.beyond(admin.grantable()), None);
        }
        let narrower: Permissions = admin.grants().skip(1).collect();
        assert_eq!(narrower.grantable(), narrower);
        let vendor = Permissions::of_role(Role::Vendor);
        assert_eq!(vendor.grantable(), vendor);
        assert_eq!(Permissions::NONE.grantable(), Permissions::NONE);
    }
}
