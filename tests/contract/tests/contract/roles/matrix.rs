//! The matrix: an operation a row, its permissions, and what a guest, a customer, a vendor and an admin are answered when
//! they call it on an object of another user. `ok` is a success, or a refusal that has nothing to do with the caller.

/// The operation, the permissions that it requires, and the cells of guest, customer, vendor and admin.
pub type Row = (&'static str, &'static str, [&'static str; 4]);

/// Any user who is logged in; the object is the caller's own account.
const SIGNED_IN: [&str; 4] = ["401", "ok", "ok", "ok"];
const ADMIN: [&str; 4] = ["401", "403", "403", "ok"];
/// Customers and vendors reach only themselves.
const OWN: [&str; 4] = ["401", "404", "404", "ok"];
/// The same, and admins may look but not change.
const OWNER: [&str; 4] = ["401", "404", "404", "403"];
const PUBLIC: [&str; 4] = ["ok"; 4];
/// Vendors reach only what belongs to their products.
const VENDOR: [&str; 4] = ["401", "403", "404", "ok"];
const VENDOR_LIST: [&str; 4] = ["401", "403", "ok", "ok"];
/// Customers reach only their own orders and payments.
const CUSTOMER: [&str; 4] = ["401", "404", "403", "ok"];
const CUSTOMER_LIST: [&str; 4] = ["401", "ok", "403", "ok"];
const ONLY_VENDOR: [&str; 4] = ["401", "403", "ok", "403"];

pub const AUTH: &[Row] = &[
    ("get_jwks", "", PUBLIC),
    ("register_user", "", PUBLIC),
    ("log_in", "", PUBLIC),
    ("refresh_session", "", PUBLIC),
    ("exchange_api_key", "", PUBLIC),
    ("verify_email", "", PUBLIC),
    ("request_password_reset", "", PUBLIC),
    ("reset_password", "", PUBLIC),
    ("validate_session", "", SIGNED_IN),
    ("get_profile", "", SIGNED_IN),
    ("put_profile", "", SIGNED_IN),
    ("patch_profile", "", SIGNED_IN),
    ("request_email_change", "", SIGNED_IN),
    ("request_email_verification", "", SIGNED_IN),
    ("get_mfa", "", SIGNED_IN),
    ("renew_recovery_codes", "", SIGNED_IN),
    ("confirm_totp", "", SIGNED_IN),
    ("disable_totp", "", SIGNED_IN),
    ("begin_totp", "", SIGNED_IN),
    ("list_sessions", "", SIGNED_IN),
    ("end_session", "", ["401", "404", "404", "404"]),
    ("change_password", "", SIGNED_IN),
    ("log_out", "", SIGNED_IN),
    ("log_out_all", "", SIGNED_IN),
    ("delete_account", "", SIGNED_IN),
    ("list_api_keys", "api_keys:read", SIGNED_IN),
    ("create_api_key", "api_keys:write", SIGNED_IN),
    ("revoke_api_key", "api_keys:write", OWN),
    ("list_users", "users:list", ADMIN),
    ("get_user", "users:read", OWN),
    (
        "export_user",
        "users:read api_keys:read audit_log:read",
        OWN,
    ),
    ("update_user", "users:update", OWN),
    ("get_settings", "users:read", OWN),
    ("replace_settings", "users:update", OWN),
    ("list_addresses", "users:read", OWN),
    ("get_address", "users:read", OWN),
    ("create_address", "users:update", OWNER),
    ("update_address", "users:update", OWNER),
    ("delete_address", "users:update", OWNER),
    ("delete_user", "users:delete", OWN),
    ("reset_mfa", "users:suspend", ADMIN),
    ("suspend_user", "users:suspend", ADMIN),
    ("activate_user", "users:suspend", ADMIN),
    ("list_roles_of_user", "users:assign_roles", ADMIN),
    ("assign_role", "users:assign_roles", ADMIN),
    ("remove_role", "users:assign_roles", ADMIN),
    ("list_permissions", "roles:read", ADMIN),
    ("list_roles", "roles:read", ADMIN),
    ("get_role", "roles:read", ADMIN),
    ("create_role", "roles:write", ADMIN),
    ("patch_role", "roles:write", ADMIN),
    ("delete_role", "roles:write", ADMIN),
    ("list_audit_log", "audit_log:read", ADMIN),
];

pub const PRODUCT: &[Row] = &[
    ("list_products", "", PUBLIC),
    // The product is a draft.
    (
        "get_product",
        "products:read_hidden",
        ["404", "404", "404", "ok"],
    ),
    ("create_product", "products:write", VENDOR_LIST),
    ("put_product", "products:write", VENDOR),
    ("patch_product", "products:write", VENDOR),
    ("enable_product", "products:write", VENDOR),
    ("disable_product", "products:write", VENDOR),
    ("delete_product", "products:write", VENDOR),
    ("list_vendor_products", "vendor_products:list", ONLY_VENDOR),
    ("list_inventory", "stock:read", VENDOR_LIST),
    ("get_inventory", "stock:read", VENDOR),
    ("list_movements", "stock:read", VENDOR),
    ("set_inventory", "stock:write", VENDOR),
    ("adjust_inventory", "stock:write", VENDOR),
    ("list_reservations", "reservations:read", VENDOR_LIST),
    ("audit_inventory", "stock:audit", ADMIN),
    ("list_locations", "locations:read", ADMIN),
    ("create_location", "locations:write", ADMIN),
];

pub const ORDER: &[Row] = &[
    ("list_payment_methods", "", PUBLIC),
    // It is signed by the provider; no caller is.
    ("receive_payment_webhook", "", ["401"; 4]),
    ("create_order", "orders:create", ["401", "ok", "403", "403"]),
    ("list_orders", "orders:list", CUSTOMER_LIST),
    ("list_orders_by_status", "orders:list", CUSTOMER_LIST),
    ("list_orders_of_user", "orders:list", CUSTOMER),
    ("list_vendor_orders", "vendor_orders:list", ONLY_VENDOR),
    ("get_order", "orders:read", OWN),
    ("get_order_history", "orders:read_history", CUSTOMER),
    ("put_order", "orders:update", CUSTOMER),
    ("patch_order", "orders:update", CUSTOMER),
    ("set_order_status", "orders:set_status", VENDOR),
    ("cancel_order", "orders:cancel", CUSTOMER),
    ("cancel_order_alias", "orders:cancel", CUSTOMER),
    ("list_fulfillments", "fulfillments:read", OWN),
    ("create_fulfillment", "fulfillments:write", VENDOR),
    ("ship_fulfillment", "fulfillments:write", VENDOR),
    ("deliver_fulfillment", "fulfillments:write", VENDOR),
    ("cancel_fulfillment", "fulfillments:write", VENDOR),
    ("list_returns", "returns:read", OWN),
    (
        "create_return",
        "returns:create",
        ["401", "404", "403", "403"],
    ),
    ("approve_return", "returns:decide", VENDOR),
    ("reject_return", "returns:decide", VENDOR),
    ("receive_return", "returns:receive", VENDOR),
    ("create_payment", "payments:create", CUSTOMER),
    ("list_payments", "payments:read", CUSTOMER_LIST),
    ("list_payments_by_status", "payments:read", CUSTOMER_LIST),
    ("list_payments_of_user", "payments:read", CUSTOMER),
    ("get_payment", "payments:read", CUSTOMER),
    ("get_payment_status", "payments:read", CUSTOMER),
    ("list_refunds", "payments:read", CUSTOMER),
    ("put_payment", "payments:update", CUSTOMER),
    ("patch_payment", "payments:update", CUSTOMER),
    ("cancel_payment", "payments:cancel", CUSTOMER),
    ("cancel_payment_alias", "payments:cancel", CUSTOMER),
    ("capture_payment", "payments:capture", ADMIN),
    ("create_refund", "payments:refund", ADMIN),
    ("create_refund_alias", "payments:refund", ADMIN),
    ("list_sagas", "sagas:read", ADMIN),
    ("retry_saga", "sagas:write", ADMIN),
    ("compensate_saga", "sagas:write", ADMIN),
];
