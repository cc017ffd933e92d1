//! Whose and which: each id a type of its own.

web::id!(
    /// An order; made before the first call to product, so that a repeated call means the same order.
    pub OrderId,
    "ord"
);
web::id!(
    /// A user: a customer, or the vendor of a product.
    pub UserId,
    "usr"
);
web::id!(
    /// A product.
    pub ProductId,
    "prd"
);
