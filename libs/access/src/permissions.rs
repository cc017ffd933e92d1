//! Who may do what: one table of permissions and the built-in roles that hold them. A handler names the permission that it
//! requires in its signature, `caller: Requires<orders::Read>`.

mod set;

pub use self::set::{Grant, Permissions, UnknownPermission};
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
    /// The place of the row in the table.
    const PLACE: usize = place(Self::ROW.name);
}

pub struct Row {
    /// `resource:action`.
    pub name: &'static str,
    /// One sentence.
    pub description: &'static str,
    roles: [(Role, Reach); 3],
    /// How old the knowledge of revocations may be.
    revocations: Freshness,
}

impl Row {
    /// The built-in roles that hold the permission, and how far it reaches for them.
    pub fn holders(&self) -> impl Iterator<Item = (Role, Reach)> {
        self.roles
            .into_iter()
            .filter(|(_, reach)| *reach > Reach::No)
    }

    /// Whether the permission can be granted with this reach. Handlers know only the reaches of built-in roles: a custom
    /// role with `payments:refund:own` would refund the payments of others.
    fn admits(&self, reach: Reach) -> bool {
        self.holders().any(|(_, held)| held == reach)
    }

    /// Whether operations with this permission are refused once the knowledge of revocations is half a minute old.
    pub fn needs_fresh(&self) -> bool {
        self.revocations == Freshness::Fresh
    }

    /// The detail of the 403 for a caller without the permission.
    pub(super) fn refusal(&self) -> String {
        let name = self.name;
        let holders: Vec<_> = self.holders().map(|(role, _)| role.into_str()).collect();
        let holders = holders.join(", ");
        match holders.rsplit_once(", ") {
            Some((most, last)) => {
                format!("The permission {name} is required; the roles {most} and {last} hold it.")
            }
            None => format!("The permission {name} is required; the role {holders} holds it."),
        }
    }
}

/// All permissions.
pub const fn table() -> &'static [Row] {
    TABLE
}

/// The place of the row with this name; a name that is not in the table does not compile.
const fn place(name: &str) -> usize {
    let mut place = 0;
    while !is_same(TABLE[place].name, name) {
        place += 1;
    }
    place
}

/// `==`, in a constant.
const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len() != other.len() {
        return false;
    }
    let mut byte = 0;
    while byte < one.len() {
        if one[byte] != other[byte] {
            return false;
        }
        byte += 1;
    }
    true
}

macro_rules! permissions {
    ($($resource:ident { $(
        #[doc = $description:literal]
        $permission:ident $action:literal $customer:ident $vendor:ident $admin:ident $revocations:ident;
    )+ })+) => {
        $(pub mod $resource {
            use super::{Freshness, Permission, Reach, Role, Row};

            $(
                #[doc = $description]
                pub struct $permission;

                impl Permission for $permission {
                    const ROW: Row = Row {
                        name: concat!(stringify!($resource), ":", $action),
                        description: $description.trim_ascii(),
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

        const TABLE: &[Row] = &[$($($resource::$permission::ROW),+),+];
    };
}

// Operations that move money, and those of administrators alone, require fresh knowledge of revocations.
permissions! {
    //                             customer vendor admin  revocations
    orders {
        /// Place orders.
        Create      "create"       Own      No     No     Stale;
        /// Read single orders; vendors read the lines of their own products.
        Read        "read"         Own      Own    Any    Stale;
        /// List orders.
        List        "list"         Own      No     Any    Stale;
        /// Read the history of orders.
        ReadHistory "read_history" Own      No     Any    Stale;
        /// Change the address and the note of pending orders.
        Update      "update"       Own      No     Any    Stale;
        /// Set the status of orders; vendors set that of their own lines.
        SetStatus   "set_status"   No       Own    Any    Stale;
        /// Cancel orders.
        Cancel      "cancel"       Own      No     Any    Fresh;
    }
    vendor_orders {
        /// List the orders that contain products of the caller.
        List        "list"         No       Own    No     Stale;
    }
    fulfillments {
        /// Read the fulfillments of orders.
        Read        "read"         Own      Own    Any    Stale;
        /// Create, ship, deliver and cancel fulfillments.
        Write       "write"        No       Own    Any    Stale;
    }
    returns {
        /// Ask for returns.
        Create      "create"       Own      No     No     Stale;
        /// Read the returns of orders.
        Read        "read"         Own      Own    Any    Stale;
        /// Approve and reject returns.
        Decide      "decide"       No       Own    Any    Stale;
        /// Receive returned units.
        Receive     "receive"      No       Own    Any    Fresh;
    }
    payments {
        /// Start payments.
        Create      "create"       Own      No     Any    Fresh;
        /// Read payments and their refunds.
        Read        "read"         Own      No     Any    Stale;
        /// Change payments.
        Update      "update"       Own      No     Any    Stale;
        /// Cancel payments.
        Cancel      "cancel"       Own      No     Any    Fresh;
        /// Capture authorized payments.
        Capture     "capture"      No       No     Any    Fresh;
        /// Refund payments.
        Refund      "refund"       No       No     Any    Fresh;
    }
    sagas {
        /// Read the sagas of orders.
        Read        "read"         No       No     Any    Fresh;
        /// Retry and compensate sagas.
        Write       "write"        No       No     Any    Fresh;
    }
    products {
        /// Read products that are not active; active ones are public.
        ReadHidden  "read_hidden"  No       Own    Any    Stale;
        /// Create, change, enable, disable and delete products.
        Write       "write"        No       Own    Any    Stale;
    }
    vendor_products {
        /// List the products of the caller.
        List        "list"         No       Own    No     Stale;
    }
    stock {
        /// Read stock levels and their movements.
        Read        "read"         No       Own    Any    Stale;
        /// Set and adjust stock levels.
        Write       "write"        No       Own    Any    Stale;
        /// Compare stock levels with the reservations and movements behind them.
        Audit       "audit"        No       No     Any    Fresh;
    }
    reservations {
        /// List reservations of stock.
        Read        "read"         No       Own    Any    Stale;
    }
    locations {
        /// List locations.
        Read        "read"         No       No     Any    Fresh;
        /// Add locations.
        Write       "write"        No       No     Any    Fresh;
    }
    users {
        /// List and search accounts.
        List        "list"         No       No     Any    Fresh;
        /// Read accounts.
        Read        "read"         Own      Own    Any    Stale;
        /// Change accounts.
        Update      "update"       Own      Own    Any    Stale;
        /// Suspend and activate accounts, and admit vendors who wait for approval.
        Suspend     "suspend"      No       No     Any    Fresh;
        /// Delete accounts.
        Delete      "delete"       Own      Own    Any    Fresh;
        /// Assign roles to accounts and remove them.
        AssignRoles "assign_roles" No       No     Any    Fresh;
    }
    roles {
        /// List roles and permissions.
        Read        "read"         No       No     Any    Fresh;
        /// Create, change and delete roles.
        Write       "write"        No       No     Any    Fresh;
    }
    api_keys {
        /// List API keys.
        Read        "read"         Own      Own    Any    Stale;
        /// Create and revoke API keys.
        Write       "write"        Own      Own    Any    Fresh;
    }
    audit_log {
        /// Read the audit log.
        Read        "read"         No       No     Any    Fresh;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of the permissions that a role holds.
    fn held_by(role: Role) -> Vec<String> {
        let held = Permissions::of_role(role).grants();
        held.map(|grant| grant.to_string()).collect()
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
        let admins = |row: &&Row| row.holders().all(|(role, _)| role == Role::Admin);
        assert!(TABLE.iter().filter(admins).all(Row::needs_fresh));
    }

    #[test]
    fn a_permission_knows_its_place_and_has_a_description() {
        assert_eq!(orders::Create::PLACE, 0);
        assert_eq!(TABLE[audit_log::Read::PLACE].name, "audit_log:read");
        assert_eq!(audit_log::Read::PLACE, TABLE.len() - 1);
        for row in TABLE {
            let sentence = row.description;
            assert!(sentence.ends_with('.'), "{}: {sentence}", row.name);
            assert_eq!(sentence.trim(), sentence);
            assert!(row.holders().count() > 0, "{}", row.name);
        }
    }

    #[test]
    fn a_refusal_names_the_permission_and_the_roles_that_hold_it() {
        assert_eq!(
            orders::Create::ROW.refusal(),
            "The permission orders:create is required; the role customer holds it."
        );
        assert_eq!(
            orders::List::ROW.refusal(),
            "The permission orders:list is required; the roles customer and admin hold it."
        );
        assert_eq!(
            returns::Read::ROW.refusal(),
            "The permission returns:read is required; the roles customer, vendor and admin hold it."
        );
    }
}
