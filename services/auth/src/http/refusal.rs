//! How the errors of this service become problems. Each error is translated here and nowhere else.

mod api_keys;
mod credentials;
mod mfa;

use postal::Flaw;
use web::{FieldError, Problem, conditional::IfMatch};

use super::second_factor;
use crate::{
    accounts::{
        AccountError,
        actor::Outranked,
        change_status::StatusError,
        delete_user::{DeleteOwnAccountError, DeleteUserError},
        model::{DeletedAccount, GuessablePassword},
        passwords::PasswordsError,
        sign_up::SignUpError,
        update_user::UpdateUserError,
    },
    addresses::{
        add_address::AddAddressError, change_address::ChangeAddressError, model::Flaws,
        remove_address::RemoveAddressError,
    },
    export::export_user::ExportError,
    limits::LimitError,
    roles::{
        KeepAdminError,
        assign_role::{AssignRoleError, RemoveRoleError},
        change_role::{CreateRoleError, DeleteRoleError, UpdateRoleError},
        model::{AssignRefused, ChangeRefused, NotHeld, RemoveRefused},
    },
    sessions::{log_in::LogInError, session::RefreshError},
    settings::replace_settings::ReplaceSettingsError,
    tokens::{model::Revocation, revoked::RevokedError},
};

impl From<PasswordsError> for Problem {
    fn from(error: PasswordsError) -> Self {
        match error {
            PasswordsError::Full => Self::unavailable(1).with_cause(&error),
            PasswordsError::Hash(_) | PasswordsError::Thread | PasswordsError::Start(_) => {
                Self::internal(&error)
            }
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::EmailTaken => Self::conflict(
                "account_exists",
                "An account with this e-mail address exists. Log in, or use another address.",
            ),
            AccountError::UsernameTaken => {
                Self::conflict("username_taken", "This username is taken; choose another.")
            }
            AccountError::Stale => IfMatch::stale(),
            AccountError::Database(error) => error.into(),
        }
    }
}

impl From<Outranked> for Problem {
    fn from(Outranked(grant): Outranked) -> Self {
        Self::forbidden(format!(
            "The user holds the permission {grant}, which you do not hold; ask an admin."
        ))
    }
}

impl From<DeletedAccount> for Problem {
    fn from(_: DeletedAccount) -> Self {
        Self::conflict(
            "account_deleted",
            "The account is deleted and cannot be changed.",
        )
    }
}

impl From<StatusError> for Problem {
    fn from(error: StatusError) -> Self {
        match error {
            StatusError::NotFound => Self::not_found(),
            StatusError::Outranked(error) => error.into(),
            StatusError::Deleted(error) => error.into(),
            StatusError::Admin(error) => error.into(),
            StatusError::Database(error) => error.into(),
        }
    }
}

impl From<DeleteUserError> for Problem {
    fn from(error: DeleteUserError) -> Self {
        match error {
            DeleteUserError::NotFound => Self::not_found(),
            DeleteUserError::OwnAccount => Self::conflict(
                "own_account",
                "This is your own account. Delete it with POST /auth/account/delete, which asks for your password.",
            ),
            DeleteUserError::Outranked(error) => error.into(),
            DeleteUserError::Admin(error) => error.into(),
            DeleteUserError::Database(error) => error.into(),
        }
    }
}

impl From<DeleteOwnAccountError> for Problem {
    fn from(error: DeleteOwnAccountError) -> Self {
        match error {
            DeleteOwnAccountError::SecondFactorMissing => second_factor::missing(),
            DeleteOwnAccountError::Proof(error) => error.into(),
            DeleteOwnAccountError::Changed => {
                RevokedError::Revoked(Revocation::AccountChanged).into()
            }
            DeleteOwnAccountError::Admin(error) => error.into(),
            DeleteOwnAccountError::Database(error) => error.into(),
        }
    }
}

impl From<UpdateUserError> for Problem {
    fn from(error: UpdateUserError) -> Self {
        match error {
            UpdateUserError::NotFound => Self::not_found(),
            UpdateUserError::Outranked(error) => error.into(),
            UpdateUserError::Deleted(error) => error.into(),
            UpdateUserError::Account(error) => error.into(),
        }
    }
}

impl From<SignUpError> for Problem {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Admin => {
                Self::forbidden("Registration with the role admin is not allowed.")
            }
            SignUpError::VendorsClosed => {
                Self::forbidden("This shop does not allow registration with the role vendor.")
            }
            SignUpError::GuessablePassword(error) => guessable("/password", error),
            SignUpError::Limit(error) => error.into(),
            SignUpError::Password(error) => error.into(),
            SignUpError::Account(error) => error.into(),
            SignUpError::Database(error) => error.into(),
            SignUpError::Signing(error) => Self::internal(&error),
        }
    }
}

impl From<LimitError> for Problem {
    fn from(error: LimitError) -> Self {
        match error {
            LimitError::Exceeded(exceeded) => exceeded.into(),
            LimitError::Database(error) => error.into(),
        }
    }
}

impl From<LogInError> for Problem {
    fn from(error: LogInError) -> Self {
        match error {
            LogInError::Refused => Self::unauthorized(
                "invalid_credentials",
                "No active account matches this name and password.",
            ),
            LogInError::MfaRequired => Self::unauthorized(
                "mfa_required",
                "This account has a second factor; send code or recovery_code with the password.",
            ),
            LogInError::MfaInvalid => Self::unauthorized(
                "mfa_invalid",
                "The code is wrong or was used before; send the next code of the app, or an unused recovery code.",
            ),
            LogInError::Limit(error) => error.into(),
            LogInError::Password(error) => error.into(),
            LogInError::Database(error) => error.into(),
            LogInError::Signing(error) => Self::internal(&error),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Invalid => Self::unauthorized(
                "refresh_token_invalid",
                "The refresh token is not valid; log in again.",
            ),
            RefreshError::Limit(error) => error.into(),
            RefreshError::Database(error) => error.into(),
            RefreshError::Signing(error) => Self::internal(&error),
        }
    }
}

impl From<RevokedError> for Problem {
    fn from(error: RevokedError) -> Self {
        match error {
            RevokedError::Revoked(Revocation::SessionEnded) => {
                Self::unauthorized("session_ended", "The session has ended; log in again.")
            }
            RevokedError::Revoked(Revocation::AccountChanged) => Self::unauthorized(
                "token_expired",
                "The account has changed since the access token was issued; refresh it.",
            ),
            RevokedError::Database(error) => error.into(),
        }
    }
}

impl From<NotHeld> for Problem {
    fn from(NotHeld(grant): NotHeld) -> Self {
        Self::forbidden(format!(
            "You cannot grant the permission {grant}, because you do not hold it yourself."
        ))
    }
}

impl From<CreateRoleError> for Problem {
    fn from(error: CreateRoleError) -> Self {
        match error {
            CreateRoleError::NotHeld(error) => error.into(),
            CreateRoleError::NameTaken => Self::conflict(
                "role_exists",
                "A role has this name, or the name is reserved; choose another.",
            ),
            CreateRoleError::TooMany => Self::conflict(
                "too_many_roles",
                "This shop has 200 custom roles, which is the most; delete one that is not in use.",
            ),
            CreateRoleError::Database(error) => error.into(),
        }
    }
}

impl From<ReplaceSettingsError> for Problem {
    fn from(error: ReplaceSettingsError) -> Self {
        match error {
            ReplaceSettingsError::UnknownUser => Self::not_found(),
            ReplaceSettingsError::Stale => IfMatch::stale(),
            ReplaceSettingsError::Database(error) => error.into(),
        }
    }
}

impl From<UpdateRoleError> for Problem {
    fn from(error: UpdateRoleError) -> Self {
        match error {
            UpdateRoleError::NotFound => Self::not_found(),
            UpdateRoleError::Stale => IfMatch::stale(),
            UpdateRoleError::Refused(ChangeRefused::BuiltIn) => built_in(),
            UpdateRoleError::Refused(ChangeRefused::NotHeld(error)) => error.into(),
            UpdateRoleError::Database(error) => error.into(),
        }
    }
}

impl From<DeleteRoleError> for Problem {
    fn from(error: DeleteRoleError) -> Self {
        match error {
            DeleteRoleError::NotFound => Self::not_found(),
            DeleteRoleError::BuiltIn => built_in(),
            DeleteRoleError::InUse => Self::conflict(
                "role_in_use",
                "Users have this role; remove it from all of them first.",
            ),
            DeleteRoleError::Database(error) => error.into(),
        }
    }
}

fn built_in() -> Problem {
    Problem::conflict(
        "role_built_in",
        "Built-in roles cannot be changed or deleted; create a role of your own.",
    )
}

impl From<AssignRoleError> for Problem {
    fn from(error: AssignRoleError) -> Self {
        match error {
            AssignRoleError::NoUser => Self::not_found(),
            AssignRoleError::NoRole => Self::invalid_field(
                "/role",
                "unknown_role",
                "no such role; use a name that GET /roles returns",
            ),
            AssignRoleError::Deleted(error) => error.into(),
            AssignRoleError::Refused(AssignRefused::NotHeld(error)) => error.into(),
            AssignRoleError::Refused(AssignRefused::TooManyRoles) => Self::conflict(
                "too_many_roles_of_user",
                "The user has ten roles, which is the most; remove one first.",
            ),
            AssignRoleError::Refused(AssignRefused::TooManyHolders) => Self::conflict(
                "role_full",
                "10,000 users have this role, which is the most for a custom role; create another one.",
            ),
            AssignRoleError::Database(error) => error.into(),
        }
    }
}

impl From<RemoveRoleError> for Problem {
    fn from(error: RemoveRoleError) -> Self {
        match error {
            RemoveRoleError::NoUser | RemoveRoleError::Refused(RemoveRefused::NotHeld) => {
                Self::not_found()
            }
            RemoveRoleError::Refused(RemoveRefused::LastRole) => Self::conflict(
                "last_role",
                "The user has no other role; assign another one first.",
            ),
            RemoveRoleError::Outranked(error) => error.into(),
            RemoveRoleError::Admin(error) => error.into(),
            RemoveRoleError::Database(error) => error.into(),
        }
    }
}

impl From<Flaws> for Problem {
    fn from(Flaws(flaws): Flaws) -> Self {
        let errors = flaws.into_iter().map(|flaw| match flaw {
            Flaw::RegionMissing { .. } => {
                FieldError::new("/region", "region_required", flaw.to_string())
            }
            Flaw::PostalCodeMissing { .. } => {
                FieldError::new("/postal_code", "postal_code_required", flaw.to_string())
            }
            Flaw::PostalCodeForm { .. } => {
                FieldError::new("/postal_code", "invalid_postal_code", flaw.to_string())
            }
        });
        Self::invalid(errors.collect())
    }
}

impl From<AddAddressError> for Problem {
    fn from(error: AddAddressError) -> Self {
        match error {
            AddAddressError::Full(_) => Self::conflict(
                "too_many_addresses",
                "The address book has 50 addresses, which is the most. Delete one to add another.",
            ),
            AddAddressError::Inactive => Self::not_found(),
            AddAddressError::Database(error) => error.into(),
        }
    }
}

impl From<KeepAdminError> for Problem {
    fn from(error: KeepAdminError) -> Self {
        match error {
            KeepAdminError::LastAdmin => Self::conflict(
                "last_admin",
                "This is the last active administrator; make another user an administrator first.",
            ),
            KeepAdminError::Database(error) => error.into(),
        }
    }
}

fn guessable(pointer: &'static str, error: GuessablePassword) -> Problem {
    Problem::invalid_field(pointer, error.code(), error.to_string())
}

impl From<ChangeAddressError> for Problem {
    fn from(error: ChangeAddressError) -> Self {
        match error {
            ChangeAddressError::Unknown => Self::not_found(),
            ChangeAddressError::Stale => IfMatch::stale(),
            ChangeAddressError::Flaws(flaws) => flaws.into(),
            ChangeAddressError::Database(error) => error.into(),
        }
    }
}

impl From<RemoveAddressError> for Problem {
    fn from(error: RemoveAddressError) -> Self {
        match error {
            RemoveAddressError::Unknown => Self::not_found(),
            RemoveAddressError::Stale => IfMatch::stale(),
            RemoveAddressError::Database(error) => error.into(),
        }
    }
}

impl From<ExportError> for Problem {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::UnknownUser => Self::not_found(),
            ExportError::Limit(error) => error.into(),
            ExportError::Database(error) => error.into(),
        }
    }
}
