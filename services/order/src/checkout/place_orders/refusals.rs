//! Orders of a batch that are turned away before anything is held for them.

use std::{num::NonZeroU32, sync::Arc};

use super::{Outcome, PlaceOrders};
use crate::{
    checkout::{Command, PlaceOrderError, model::UnpaidUnits, ports::Reservations},
    orders::ports::Orders,
    values::{Cause, UserId},
};

impl<R: Reservations + Clone, O: Orders> PlaceOrders<R, O> {
    pub(super) fn refuse_methods(&self, commands: &[Command], outcomes: &mut [Option<Outcome>]) {
        for (command, outcome) in commands.iter().zip(outcomes) {
            let method = command.request.payment_method.as_ref();
            if outcome.is_none() && method.is_some_and(|method| !self.terms.offer(method)) {
                *outcome = Some(Err(PlaceOrderError::UnknownPaymentMethod));
            }
        }
    }

    /// Turns away whoever leaves too many orders unpaid (ORDERS 15). Orders placed at the same moment through other
    /// lanes or replicas are not seen: a limit for people, not a lock.
    pub(super) async fn refuse_debtors(
        &self,
        commands: &[Command],
        outcomes: &mut [Option<Outcome>],
    ) {
        let open: Vec<usize> = (0..commands.len())
            .filter(|index| outcomes[*index].is_none())
            .collect();
        if !self.terms.are_asked() || open.is_empty() {
            return;
        }
        let customer = |index: &usize| commands[*index].identity.principal;
        let customers: Vec<UserId> = open.iter().map(customer).collect();
        match self.orders.unpaid(&customers).await {
            Ok(mut unpaid) => {
                for index in open {
                    let orders = unpaid.entry(customer(&index)).or_default();
                    if *orders >= self.terms.most_unpaid {
                        outcomes[index] = Some(Err(PlaceOrderError::TooManyUnpaid));
                    }
                    *orders += 1;
                }
            }
            Err(error) => {
                let cause: Cause = Arc::new(error);
                for index in open {
                    outcomes[index] = Some(Err(PlaceOrderError::Unavailable(Arc::clone(&cause))));
                }
            }
        }
    }

    /// Turns away who would have too many units of one product unpaid, before anything is held for them: the same
    /// request may be sent again once they have paid. What is placed at the same moment is seen as it is written.
    pub(super) async fn refuse_hoarders(
        &self,
        commands: &[Command],
        outcomes: &mut [Option<Outcome>],
    ) {
        let open: Vec<usize> = (0..commands.len())
            .filter(|index| outcomes[*index].is_none())
            .collect();
        let Some(allowed) = self.most_unpaid_units().filter(|_| !open.is_empty()) else {
            return;
        };
        let customer = |index: &usize| commands[*index].identity.principal;
        let customers: Vec<UserId> = open.iter().map(customer).collect();
        match self.orders.owing_units(&customers).await {
            Ok(owing) => {
                let mut units = UnpaidUnits::new(allowed, owing);
                for index in open {
                    let lines = commands[index].request.lines.as_slice().iter();
                    let lines = lines.map(|line| (line.product.clone(), line.quantity.get()));
                    if let Err(too_many) = units.admit(customer(&index), lines) {
                        outcomes[index] = Some(Err(PlaceOrderError::TooManyUnpaidUnits(too_many)));
                    }
                }
            }
            Err(error) => {
                let cause: Cause = Arc::new(error);
                for index in open {
                    outcomes[index] = Some(Err(PlaceOrderError::Unavailable(Arc::clone(&cause))));
                }
            }
        }
    }

    /// Where nothing waits for a payment, nothing is counted.
    pub(super) fn most_unpaid_units(&self) -> Option<NonZeroU32> {
        self.terms
            .most_unpaid_units
            .filter(|_| self.terms.are_asked())
    }
}
