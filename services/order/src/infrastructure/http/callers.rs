//! Callers in the terms of the models. Admins who are customers or vendors too act as admins where the permission covers
//! what belongs to anyone.

use access::{
    Reach, Requires,
    permissions::{fulfillments, orders},
};

use crate::{
    orders::model::{Seller, Viewer},
    values::{Actor, Reader, UserId},
};

/// Reads everything, or what belongs to the caller.
pub fn reader<P>(caller: &Requires<P>) -> Reader {
    match caller.reach {
        Reach::Any => Reader::Everything,
        Reach::Own | Reach::No => Reader::Own(UserId(caller.id)),
    }
}

/// Acts as a customer or an admin.
pub fn actor<P>(caller: &Requires<P>) -> Actor {
    match caller.reach {
        Reach::Any => Actor::Admin(UserId(caller.id)),
        Reach::Own | Reach::No => Actor::Customer(UserId(caller.id)),
    }
}

/// Acts as a vendor for the own lines of an order, or as an admin for all.
pub fn seller<P>(caller: &Requires<P>) -> Seller {
    match caller.reach {
        Reach::Any => Seller::Admin(UserId(caller.id)),
        Reach::Own | Reach::No => Seller::Vendor(UserId(caller.id)),
    }
}

/// Sees the fulfillments and returns of an order: as its customer, if they may place orders; as a seller, if they may write
/// fulfillments or read those of anyone.
pub fn viewer<P>(caller: &Requires<P>) -> Viewer {
    let buys = caller.may::<orders::Create>();
    let sells = caller.reach == Reach::Any || caller.may::<fulfillments::Write>();
    Viewer {
        customer: buys.then_some(UserId(caller.id)),
        seller: sells.then(|| seller(caller)),
    }
}
