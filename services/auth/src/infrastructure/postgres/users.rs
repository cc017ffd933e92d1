//! How users are read: the columns of [`crate::accounts::model::StoredUser`], once.

/// A statement that returns users, given as what stands before and after the columns. The permissions of custom roles are
/// read with the user, so that they are those of the user's epoch.
macro_rules! query_users {
    ([$($before:tt)+], [$($after:tt)+] $(, $argument:expr)* $(,)?) => {
        sqlx::query!(
            $($before)+ + r#" users.id, users.email, users.email_verified_at, users.username, users.full_name, users.roles,
                users.status, users.version, users.token_epoch, users.mfa_enabled, users.created_at,
                ARRAY (SELECT unnest(roles.permissions) FROM roles WHERE roles.name = ANY (users.roles)) AS "permissions!" "#
            + $($after)+
            $(, $argument)*
        )
    };
}
pub(crate) use query_users;

/// The user in a row of [`query_users`].
macro_rules! read_user {
    ($row:expr) => {{
        let row = $row;
        let stored = $crate::accounts::model::StoredUser {
            id: row.id,
            email: row.email,
            email_verified_at: row.email_verified_at,
            username: row.username,
            full_name: row.full_name,
            roles: row.roles,
            permissions: row.permissions,
            status: row.status,
            version: row.version,
            token_epoch: row.token_epoch,
            mfa_enabled: row.mfa_enabled,
            created_at: row.created_at,
        };
        $crate::accounts::model::User::try_from(stored).map_err(sqlx::Error::Decode)
    }};
}
pub(crate) use read_user;
