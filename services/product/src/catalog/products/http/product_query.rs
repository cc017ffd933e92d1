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
    catalog::products::{
        self,
        model::{Filter, Position, Sort, Viewer},
    },
    infrastructure::http::listing::{self, readable},
};

const MAX_SEARCH_LENGTH: usize = 200;
/// Letters or digits in a row that each word must have: the index knows groups of three, and a word without one would
/// be looked for in every product.
const SHORTEST_WORD: usize = 3;
const MOST_WORDS: usize = Filter::MOST_WORDS;

/// The words of a search; none where nothing is searched for.
pub(super) fn words(search: Option<&str>) -> Result<Vec<String>, Problem> {
    let search = search.unwrap_or_default();
    if search.chars().count() > MAX_SEARCH_LENGTH {
        return Err(Problem::invalid_field(
            "q",
            "too_long",
            format!("q must be at most {MAX_SEARCH_LENGTH} characters"),
        ));
    }
    let words: Vec<String> = search.split_whitespace().map(ToOwned::to_owned).collect();
    if words.len() > MOST_WORDS {
        return Err(Problem::invalid_field(
            "q",
            "too_many_words",
            format!("q must be at most {MOST_WORDS} words"),
        ));
    }
    let letters_in_a_row = |word: &String| {
        let runs = word.split(|letter: char| !letter.is_alphanumeric());
        runs.map(|run| run.chars().count()).max().unwrap_or(0)
    };
    if words
        .iter()
        .any(|word| letters_in_a_row(word) < SHORTEST_WORD)
    {
        return Err(Problem::invalid_field(
            "q",
            "word_too_short",
            format!(
                "each word of q must have at least {SHORTEST_WORD} consecutive letters or digits"
            ),
        ));
    }
    Ok(words)
}

/// A price of a query, in minor units.
pub(super) fn price(
    field: &str,
    text: Option<String>,
    currency: Currency,
) -> Result<Option<i64>, Problem> {
    let money = text.map(|text| Amount::from(text).in_currency(currency));
    let money = money
        .transpose()
        .map_err(|error| Problem::invalid_field(field, "invalid_amount", error.to_string()))?;
    Ok(money.map(|money| money.minor))
}

/// What a cursor is valid for.
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
    let rows = products::rows(&app.lists, viewer, filter, sort, &paging);
    let total = products::total(&app.lists, viewer, filter);
    let page = listing::page(&paging, rows, total, |row| row.position(sort), readable).await?;
    Ok(page.map(|product| ProductView::new(product, viewer, app.currency)))
}
