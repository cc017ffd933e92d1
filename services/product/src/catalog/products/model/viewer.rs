//! Who looks at the catalogue, and whose products a caller may change.

use uuid::Uuid;

use super::VendorId;

/// Guests and customers see what is active; vendors their own products as well; admins all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    Public,
    Vendor(VendorId),
    Admin,
}

impl Viewer {
    pub fn sees_all(self) -> bool {
        match self {
            Self::Admin => true,
            Self::Public | Self::Vendor(_) => false,
        }
    }

    /// The vendor whose hidden products are visible too.
    pub fn vendor(self) -> Option<Uuid> {
        match self {
            Self::Vendor(vendor) => Some(vendor.0),
            Self::Public | Self::Admin => None,
        }
    }

    /// Whether this viewer may see what makes up a number of units, and not only what is available.
    pub fn manages(self, vendor: VendorId) -> bool {
        match self {
            Self::Admin => true,
            Self::Vendor(own) => own == vendor,
            Self::Public => false,
        }
    }
}

/// A caller who acts on what belongs to others, and the session or API key that is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admin {
    pub user: Uuid,
    pub session: Uuid,
}

/// Whose products a caller may change: a vendor's own, or any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    Any(Admin),
    Only(VendorId),
}

impl Owner {
    /// None: any.
    pub fn vendor(self) -> Option<Uuid> {
        match self {
            Self::Any(_) => None,
            Self::Only(vendor) => Some(vendor.0),
        }
    }

    /// Whose change is an entry of the audit log.
    pub fn admin(self) -> Option<Admin> {
        match self {
            Self::Any(admin) => Some(admin),
            Self::Only(_) => None,
        }
    }
}
