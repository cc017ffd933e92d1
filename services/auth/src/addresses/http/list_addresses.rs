//! `GET /users/{id}/addresses`

use access::permissions::users;
use axum::{Json, extract::State};
use web::{
    PathParameters, Problem,
    list::{ListQuery, NoFilter, Page, Paging, Total},
};

use crate::{
    accounts::{self, model::UserId},
    addresses::{
        self,
        model::{Address, AddressId},
    },
    app::App,
    http::{address_view::AddressView, permitted::Permitted, user_ref::UserRef},
};

/// List a user's addresses
///
/// The oldest first. Users read their own addresses, admins those of everyone.
#[utoipa::path(
    get,
    path = "/users/{id}/addresses",
    tag = "users",
    params(
        Permitted<users::Read>,
        ("id" = inline(UserRef), Path, description = "The user; `me` is the caller."),
        ListQuery<NoFilter>,
    ),
    responses(
        (status = 200, description = "One page.", body = Page<AddressView>),
    )
)]
pub(super) async fn list_addresses(
    State(app): State<App>,
    caller: Permitted<users::Read>,
    PathParameters(user): PathParameters<UserRef>,
    ListQuery { paging, .. }: ListQuery<NoFilter>,
) -> Result<Json<Page<AddressView>>, Problem> {
    let user = user.within(caller.reach, UserId(caller.id))?;
    let paging: Paging<AddressId> = Paging::try_new(&paging, &user)?;
    let owner = accounts::find(&app.pool, user).await?;
    owner.ok_or_else(Problem::not_found)?;
    let rows = addresses::rows(&app.pool, user, &paging).await?;
    let total = if paging.include_total {
        Some(Total::counted(addresses::count(&app.pool, user).await?))
    } else {
        None
    };
    let page = paging.page(rows, total, |address: &Address| address.id)?;
    Ok(Json(page.map(AddressView::from)))
}
