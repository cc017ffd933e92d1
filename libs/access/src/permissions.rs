//! Who may do what: one table of permissions and the roles that hold them. A handler names the permission that it
//! requires in its signature, `caller: Requires<orders::Read>`.

use super::{Role, revocations::Freshness};

/// How much of a resource a permission covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    No,
    /// What belongs to the caller: `orders:read:own`.
    Own,
    /// What belongs to anyone: `orders:read`.
    Any,
}

/// A row of the table, as a type.
pub trait Permission {
    const ROW: Row;
}

pub struct Row {
    /// `resource:action`.
    pub name: &'static str,
    roles: [(Role, Reach); 3],
    /// How old the knowledge of revocations may be.
    revocations: Freshness,
}

impl Row {
    /// The reach for a caller with these roles.
    pub(super) fn reach(&self, roles: &[Role]) -> Reach {
        let held = self.roles.iter().filter(|(role, _)| roles.contains(role));
        held.map(|(_, reach)| *reach).max().unwrap_or(Reach::No)
    }

    pub(super) fn needs_fresh(&self) -> bool {
        self.revocations == Freshness::Fresh
    }

    /// The detail of the 403 for a caller without any of the roles that hold the permission.
    pub(super) fn refusal(&self) -> String {
        let holders = self.roles.iter().filter(|(_, reach)| *reach > Reach::No);
        let holders: Vec<_> = holders.map(|(role, _)| role.into_str()).collect();
        let holders = holders.join(", ");
        match holders.rsplit_once(", ") {
            Some((most, last)) => format!("The role {most} or {last} is required."),
            None => format!("The role {holders} is required."),
        }
    }
}

macro_rules! permissions {
    ($($resource:ident { $(
        $(#[$docs:meta])*
        $permission:ident $action:literal $customer:ident $vendor:ident $admin:ident $revocations:ident;
    )+ })+) => {
        $(pub mod $resource {
            use super::{Freshness, Permission, Reach, Role, Row};

            $(
                $(#[$docs])*
                pub struct $permission;

                impl Permission for $permission {
                    const ROW: Row = Row {
                        name: concat!(stringify!($resource), ":", $action),
                        roles: [
                            (Role::Customer, Reach::$customer),
                            (Role::Vendor, Reach::$vendor),
                            (Role::Admin, Reach::$admin),
                        ],
                        revocations: Freshness::$revocations,
                    };
                }
            )+
        })+

        #[cfg(test)]
        const TABLE: &[Row] = &[$($($resource::$permission::ROW),+),+];
    };
}

// Operations that move money, and those of administrators alone, require fresh knowledge of revocations.
permissions! {
    //                             customer vendor admin  revocations
    orders {
        Create      "create"       Own      No     No     Stale;
        /// Vendors read the lines of their own products.
        Read        "read"         Own      Own    Any    Stale;
        List        "list"         Own      No     Any    Stale;
        ReadHistory "read_history" Own      No     Any    Stale;
        Update      "update"       Own      No     Any    Stale;
        SetStatus   "set_status"   No       Own    Any    Stale;
        Cancel      "cancel"       Own      No     Any    Fresh;
    }
    vendor_orders {
        List        "list"         No       Own    No     Stale;
    }
    fulfillments {
        Read        "read"         Own      Own    Any    Stale;
        Write       "write"        No       Own    Any    Stale;
    }
    returns {
        Create      "create"       Own      No     No     Stale;
        Read        "read"         Own      Own    Any    Stale;
        Decide      "decide"       No       Own    Any    Stale;
        Receive     "receive"      No       Own    Any    Fresh;
    }
    payments {
        Create      "create"       Own      No     Any    Fresh;
        Read        "read"         Own      No     Any    Stale;
        Update      "update"       Own      No     Any    Stale;
        Cancel      "cancel"       Own      No     Any    Fresh;
        Capture     "capture"      No       No     Any    Fresh;
        Refund      "refund"       No       No     Any    Fresh;
    }
    sagas {
        Read        "read"         No       No     Any    Fresh;
        Write       "write"        No       No     Any    Fresh;
    }
    products {
        /// Active products are public.
        ReadHidden  "read_hidden"  No       Own    Any    Stale;
        Write       "write"        No       Own    Any    Stale;
    }
    vendor_products {
        List        "list"         No       Own    No     Stale;
    }
    stock {
        Read        "read"         No       Own    Any    Stale;
        Write       "write"        No       Own    Any    Stale;
        Audit       "audit"        No       No     Any    Fresh;
    }
    reservations {
        Read        "read"         No       Own    Any    Stale;
    }
    locations {
        Read        "read"         No       No     Any    Fresh;
        Write       "write"        No       No     Any    Fresh;
    }
    users {
        List        "list"         No       No     Any    Fresh;
        Read        "read"         Own      Own    Any    Stale;
        Update      "update"       Own      Own    Any    Stale;
        /// Also activate, and admit a vendor who waits for approval.
        Suspend     "suspend"      No       No     Any    Fresh;
        Delete      "delete"       Own      Own    Any    Fresh;
        AssignRoles "assign_roles" No       No     Any    Fresh;
    }
    roles {
        Read        "read"         No       No     Any    Fresh;
        Write       "write"        No       No     Any    Fresh;
    }
    api_keys {
        Read        "read"         Own      Own    Any    Stale;
        Write       "write"        Own      Own    Any    Fresh;
    }
    audit_log {
        Read        "read"         No       No     Any    Fresh;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the permissions that a role holds.
    fn held_by(role: Role) -> Vec<String> {
        let held = TABLE.iter().filter_map(|row| match row.reach(&[role]) {
            Reach::No => None,
            Reach::Own => Some(format!("{}:own", row.name)),
            Reach::Any => Some(row.name.to_owned()),
        });
        held.collect()
    }

    #[test]
    fn each_role_holds_its_permissions() {
        assert_eq!(
            held_by(Role::Customer),
            [
                "orders:create:own",
                "orders:read:own",
                "orders:list:own",
                "orders:read_history:own",
                "orders:update:own",
                "orders:cancel:own",
                "fulfillments:read:own",
                "returns:create:own",
                "returns:read:own",
                "payments:create:own",
                "payments:read:own",
                "payments:update:own",
                "payments:cancel:own",
                "users:read:own",
                "users:update:own",
                "users:delete:own",
                "api_keys:read:own",
                "api_keys:write:own",
            ]
        );
        assert_eq!(
            held_by(Role::Vendor),
            [
                "orders:read:own",
                "orders:set_status:own",
                "vendor_orders:list:own",
                "fulfillments:read:own",
                "fulfillments:write:own",
                "returns:read:own",
                "returns:decide:own",
                "returns:receive:own",
                "products:read_hidden:own",
                "products:write:own",
                "vendor_products:list:own",
                "stock:read:own",
                "stock:write:own",
                "reservations:read:own",
                "users:read:own",
                "users:update:own",
                "users:delete:own",
                "api_keys:read:own",
                "api_keys:write:own",
            ]
        );
        assert_eq!(
            held_by(Role::Admin),
            [
                "orders:read",
                "orders:list",
                "orders:read_history",
                "orders:update",
                "orders:set_status",
                "orders:cancel",
                "fulfillments:read",
                "fulfillments:write",
                "returns:read",
                "returns:decide",
                "returns:receive",
                "payments:create",
                "payments:read",
                "payments:update",
                "payments:cancel",
                "payments:capture",
                "payments:refund",
                "sagas:read",
                "sagas:write",
                "products:read_hidden",
                "products:write",
                "stock:read",
                "stock:write",
                "stock:audit",
                "reservations:read",
                "locations:read",
                "locations:write",
                "users:list",
                "users:read",
                "users:update",
                "users:suspend",
                "users:delete",
                "users:assign_roles",
                "roles:read",
                "roles:write",
                "api_keys:read",
                "api_keys:write",
                "audit_log:read",
            ]
        );
    }

    #[test]
    fn money_and_administration_require_fresh_revocations() {
        let fresh = TABLE.iter().filter(|row| row.needs_fresh());
        let fresh: Vec<_> = fresh.map(|row| row.name).collect();
        assert_eq!(
            fresh,
            [
                "orders:cancel",
                "returns:receive",
                "payments:create",
                "payments:cancel",
                "payments:capture",
                "payments:refund",
                "sagas:read",
                "sagas:write",
                "stock:audit",
                "locations:read",
                "locations:write",
                "users:list",
                "users:suspend",
                "users:delete",
                "users:assign_roles",
                "roles:read",
                "roles:write",
                "api_keys:write",
                "audit_log:read",
            ]
        );
        let admins = |row: &&Row| row.reach(&[Role::Customer, Role::Vendor]) == Reach::No;
        assert!(TABLE.iter().filter(admins).all(Row::needs_fresh));
    }

    #[test]
    fn several_roles_reach_as_far_as_the_widest() {
        let row = &orders::List::ROW;
        assert_eq!(row.reach(&[]), Reach::No);
        assert_eq!(row.reach(&[Role::Vendor]), Reach::No);
        assert_eq!(row.reach(&[Role::Vendor, Role::Customer]), Reach::Own);
        assert_eq!(row.reach(&[Role::Admin, Role::Customer]), Reach::Any);
    }

    #[test]
    fn a_refusal_names_the_roles_that_hold_the_permission() {
        assert_eq!(
            orders::Create::ROW.refusal(),
            "The role customer is required."
        );
        assert_eq!(
            vendor_orders::List::ROW.refusal(),
            "The role vendor is required."
        );
        assert_eq!(sagas::Read::ROW.refusal(), "The role admin is required.");
        assert_eq!(
            orders::List::ROW.refusal(),
            "The role customer or admin is required."
        );
        assert_eq!(
            stock::Read::ROW.refusal(),
            "The role vendor or admin is required."
        );
        assert_eq!(
            returns::Read::ROW.refusal(),
            "The role customer, vendor or admin is required."
        );
    }
}
