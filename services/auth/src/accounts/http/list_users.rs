//! `GET /users`

use access::permissions::users;
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use text::is_hidden;
use utoipa::IntoParams;
use web::{
    Problem,
    list::{ListQuery, Page, Paging},
    schema::BlankLine,
};

use crate::{
    accounts::{
        list_users::{look, search_prefix},
        model::{Period, Place, Status, UserFilter},
    },
    app::App,
    http::{permitted::Permitted, user_view::UserView},
    roles::model::RoleName,
};

const MAX_SEARCH_LENGTH: usize = 200;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListUsers {
    /// The beginning of an e-mail address, of its domain, of a username, or of a word of a name and those after it, in any
    /// letter case.
    #[param(value_type = Option<BlankLine<200>>, inline, example = "ann")]
    q: Option<String>,
    /// Only users with this role.
    #[param(value_type = Option<String>, pattern = "^[a-z][a-z0-9_-]{1,31}$", example = "vendor")]
    role: Option<RoleName>,
    /// Only accounts with this status. Deleted accounts are listed only if asked for.
    #[param(inline)]
    status: Option<Status>,
    /// Created at this time or later (RFC 3339).
    created_from: Option<DateTime<Utc>>,
    /// Created before this time (RFC 3339).
    created_to: Option<DateTime<Utc>>,
}

/// List users
///
/// Newest first; with `q`, in the order of what was found. A page may be shorter than `limit`, or empty, although more
/// users follow: as long as `has_more` is true, continue with `next_cursor`.
#[utoipa::path(
    get,
    path = "/users",
    tag = "users",
    params(Permitted<users::List>, ListQuery<ListUsers, false>),
    responses(
        (status = 200, description = "One page.", body = Page<UserView>),
    )
)]
pub(super) async fn list_users(
    State(app): State<App>,
    _: Permitted<users::List>,
    ListQuery { paging, filter }: ListQuery<ListUsers, false>,
) -> Result<Json<Page<UserView>>, Problem> {
    let prefix = match search(filter.q)? {
        Some(text) => Some(search_prefix(&app.pool, &text).await?),
        None => None,
    };
    let filter = UserFilter {
        prefix,
        role: filter.role,
        status: filter.status,
        created: Period {
            from: filter.created_from,
            to: filter.created_to,
        },
    };
    let paging: Paging<Place> = Paging::try_new(&paging, &("users", &filter))?;
    let page = paging.walk(|behind, count| look(&app.pool, &filter, behind, count));
    Ok(Json(page.await?.map(UserView::from)))
}

/// What is searched for; blank is absent.
fn search(text: Option<String>) -> Result<Option<String>, Problem> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    let refused = |code, message| Err(Problem::invalid_field("q", code, message));
    if text.chars().count() > MAX_SEARCH_LENGTH {
        let message = format!("q must be at most {MAX_SEARCH_LENGTH} characters");
        return refused("too_long", message);
    }
    if text.contains(is_hidden) {
        let message = "q must not contain control, zero-width or direction characters";
        return refused("hidden_character", message.to_owned());
    }
    Ok(Some(text))
}
