//! How lists of products are asked for: the query's fields become a filter, a sort and a page.

use money::{Amount, Currency};
use serde::Serialize;
use web::{
    Problem,
    list::{Page, PageQuery, Paging},
};

use super::product_view::ProductView;
use crate::{
    app::App,
    catalogue::{Filter, Position, Sort, Viewer},
    store::product_lists,
};

const MAX_SEARCH_LENGTH: usize = 200;

/// The words of a search; None where nothing is searched for.
pub(super) fn words(search: Option<&str>) -> Result<Vec<String>, Problem> {
    let search = search.unwrap_or_default();
    if search.chars().count() > MAX_SEARCH_LENGTH {
        return Err(Problem::invalid_field(
            "q",
            "too_long",
            format!("q is at most {MAX_SEARCH_LENGTH} characters"),
        ));
    }
    Ok(search.split_whitespace().map(ToOwned::to_owned).collect())
}

/// A price of a query, in minor units.
pub(super) fn price(
    field: &str,
    text: Option<&String>,
    currency: Currency,
) -> Result<Option<i64>, Problem> {
    let Some(text) = text else { return Ok(None) };
    match Amount::from(text.clone()).in_currency(currency) {
        Ok(money) => Ok(Some(money.minor)),
        Err(error) => Err(Problem::invalid_field(field, "invalid", error.to_string())),
    }
}

/// What a cursor belongs to.
#[derive(Serialize)]
struct Shape<'a> {
    list: &'static str,
    filter: &'a Filter,
    sort: Sort,
}

/// One page of what the viewer may see.
pub(super) async fn page(
    app: &App,
    list: &'static str,
    viewer: Viewer,
    filter: &Filter,
    sort: Sort,
    query: &PageQuery,
) -> Result<Page<ProductView>, Problem> {
    let paging: Paging<Position> = Paging::try_new(query, &Shape { list, filter, sort })?;
    let rows = product_lists::rows(&app.pool, viewer, filter, sort, &paging).await?;
    let total = if paging.include_total {
        let total = product_lists::total(&app.pool, viewer, filter).await;
        Some(total.map_err(|error| postgres::problem(&error))?)
    } else {
        None
    };
    let page = paging.page(rows, total, |product| sort.position(product))?;
    Ok(page.map(|product| ProductView::new(product, viewer, app.currency)))
}
