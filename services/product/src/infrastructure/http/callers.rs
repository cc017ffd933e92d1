//! Callers, as viewers and owners of products.

use access::{Caller, Reach, Requires, permissions::products};

use crate::catalog::products::model::{Admin, Owner, VendorId, Viewer};

impl Viewer {
    pub fn of(caller: Option<&Caller>) -> Self {
        let Some(caller) = caller else {
            return Self::Public;
        };
        match caller.reach::<products::ReadHidden>() {
            Reach::No => Self::Public,
            Reach::Own => Self::Vendor(VendorId(caller.id)),
            Reach::Any => Self::Admin,
        }
    }
}

impl Owner {
    pub fn of<P>(caller: &Requires<P>) -> Self {
        if caller.reach == Reach::Any {
            Self::Any(Admin {
                user: caller.id,
                session: caller.session,
            })
        } else {
            Self::Only(VendorId(caller.id))
        }
    }
}
