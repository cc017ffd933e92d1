//! Orders of a batch that are turned away before anything is held for them.

use std::{num::NonZeroU32, sync::Arc};

use super::{Outcome, PlaceOrders};
use crate::{
    checkout::{
        Command, PlaceOrderError,
        model::UnpaidUnits,
        ports::{PlacedOrders, Reservations},
    },
    orders::ports::OrdersError,
    values::{Cause, UserId},
};

impl<R: Reservations + Clone, O: PlacedOrders> PlaceOrders<R, O> {
    pub(super) fn refuse_methods(&self, commands: &[Command], outcomes: &mut [Option<Outcome>]) {
        for (command, outcome) in commands.iter().zip(outcomes) {
            let method = command.request.payment_method.as_ref();
            if outcome.is_none() && method.is_some_and(|method| !self.terms.offer(method)) {
                *outcome = Some(Err(PlaceOrderError::UnknownPaymentMethod));
            }
        }
    }

    /// Turns away customers who leave too many orders unpaid (ORDERS 15). Orders placed at the same moment by other
    /// consumers or replicas are not seen: a limit for people, not a lock.
    pub(super) async fn refuse_many_orders(
        &self,
        commands: &[Command],
        outcomes: &mut [Option<Outcome>],
    ) {
        if !self.terms.are_asked() {
            return;
        }
        let (open, customers) = open(commands, outcomes);
        if open.is_empty() {
            return;
        }
        let unpaid = self.orders.unpaid(&customers).await;
        turn_away(commands, outcomes, open, unpaid, |unpaid, command| {
            let orders = unpaid.entry(command.identity.principal).or_default();
            *orders += 1;
            if *orders > self.terms.most_unpaid {
                return Err(PlaceOrderError::TooManyUnpaid);
            }
            Ok(())
        });
    }

    /// Turns away customers who would have too many units of one product unpaid, before anything is held for them: the
    /// same request may be sent again once they have paid. What is placed at the same moment is seen as it is written.
    pub(super) async fn refuse_many_units(
        &self,
        commands: &[Command],
        outcomes: &mut [Option<Outcome>],
    ) {
        let Some(allowed) = self.most_unpaid_units() else {
            return;
        };
        let (open, customers) = open(commands, outcomes);
        if open.is_empty() {
            return;
        }
        let owing = self.orders.owing_units(&customers).await;
        let owing = owing.map(|owing| UnpaidUnits::new(allowed, owing));
        turn_away(commands, outcomes, open, owing, |units, command| {
            let lines = command.request.lines.as_slice().iter();
            let lines = lines.map(|line| (line.product.clone(), line.quantity.get()));
            units
                .admit(command.identity.principal, lines)
                .map_err(PlaceOrderError::TooManyUnpaidUnits)
        });
    }

    /// Where nothing waits for a payment, nothing is counted.
    pub(super) fn most_unpaid_units(&self) -> Option<NonZeroU32> {
        self.terms
            .most_unpaid_units
            .filter(|_| self.terms.are_asked())
    }
}

/// The commands that are not answered yet, and whose they are.
fn open(commands: &[Command], outcomes: &[Option<Outcome>]) -> (Vec<usize>, Vec<UserId>) {
    (0..commands.len())
        .filter(|index| outcomes[*index].is_none())
        .map(|index| (index, commands[index].identity.principal))
        .unzip()
}

/// Turns away what `admit` refuses by what was read of the customers; all of it, if nothing could be read.
fn turn_away<T>(
    commands: &[Command],
    outcomes: &mut [Option<Outcome>],
    open: Vec<usize>,
    read: Result<T, OrdersError>,
    admit: impl Fn(&mut T, &Command) -> Result<(), PlaceOrderError>,
) {
    let mut read = read.map_err(|error| Arc::new(error) as Cause);
    for index in open {
        let admitted = match &mut read {
            Ok(read) => admit(read, &commands[index]),
            Err(cause) => Err(PlaceOrderError::Unavailable(Arc::clone(cause))),
        };
        if let Err(refusal) = admitted {
            outcomes[index] = Some(Err(refusal));
        }
    }
}
