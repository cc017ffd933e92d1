//! Whose and which: each id a type of its own.

ids::id!(
    /// An order; made before the first call to product, so that a repeated call means the same order.
    pub OrderId,
    "ord"
);
ids::id!(
    /// A user: a customer, or the vendor of a product.
    pub UserId,
    "usr"
);
ids::id!(
    /// A product.
    pub ProductId,
    "prd"
);
ids::id!(
    /// A payment of an order.
    pub PaymentId,
    "pay"
);
ids::id!(
    /// Money of a payment going back; made before the provider is asked, so that asking again means the same one.
    pub RefundId,
    "ref"
);
ids::id!(
    /// A fulfillment of an order.
    pub FulfillmentId,
    "ful"
);
ids::id!(
    /// Goods of an order that come back.
    pub ReturnId,
    "ret"
);
ids::id!(
    /// What is still to be done for an order: its UUID is the order's.
    pub SagaId,
    "sag"
);
