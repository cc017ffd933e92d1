//! Lists: `{data, page}`, an opaque cursor that remembers sort and filters, and page numbers up to 10,000 rows.

mod walk;

use axum::{
    extract::FromRequestParts,
    http::{Uri, request::Parts},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{
    IntoParams, ToSchema,
    openapi::path::{Parameter, ParameterIn},
};

use crate::{Problem, fingerprint::fingerprint, json, request};

const DEFAULT_LIMIT: u32 = 20;
const MAX_LIMIT: u32 = 100;
const MAX_OFFSET_ROWS: u32 = 10_000;

/// The query of a list: how the client walks through it, and the endpoint's own filters, which deny unknown fields. A list
/// whose rows are never counted has no `include_total`.
pub struct ListQuery<F, const COUNTED: bool = true> {
    pub paging: PageQuery,
    pub filter: F,
}

/// A list that cannot be filtered.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NoFilter {}

/// Sort order of a list that supports only one.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
pub enum NewestFirst {
    #[serde(rename = "-created_at")]
    CreatedAt,
}

impl<F: IntoParams, const COUNTED: bool> IntoParams for ListQuery<F, COUNTED> {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = F::into_params(&place);
        let paging = PageQuery::into_params(place).into_iter();
        parameters.extend(paging.filter(|parameter| COUNTED || parameter.name != COUNT));
        parameters
    }
}

impl<S: Send + Sync, F: DeserializeOwned, const COUNTED: bool> FromRequestParts<S>
    for ListQuery<F, COUNTED>
{
    type Rejection = Problem;

    /// Each part is read from its own pairs: `serde(flatten)` would let unknown parameters pass. Names are told apart as they
    /// are sent; one that is percent-encoded without need is unknown.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let pairs = parts.uri.query().unwrap_or_default().split('&');
        let (paging, filter): (Vec<&str>, Vec<&str>) = pairs.partition(|pair| {
            let name = pair.split_once('=').map_or(*pair, |(name, _)| name);
            PAGE_PARAMETERS.contains(&name) || COUNTED && name == COUNT
        });
        Ok(Self {
            paging: read(&paging)?,
            filter: read(&filter)?,
        })
    }
}

/// Reads these pairs of a query as one of their own.
fn read<T: DeserializeOwned>(pairs: &[&str]) -> Result<T, Problem> {
    let uri = format!("/?{}", pairs.join("&"));
    let uri = Uri::try_from(uri)
        .map_err(|error| Problem::invalid_field("", "invalid_query", error.to_string()))?;
    request::read_query(&uri)
}

/// The fields of [`PageQuery`]; the last stands apart, as some lists are not counted.
const PAGE_PARAMETERS: [&str; 3] = ["limit", "cursor", "page"];
const COUNT: &str = "include_total";

/// How a client walks through a list.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Rows per page, 1 to 100; default 20.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u32>,
    /// `page.next_cursor` of the previous response; valid for the same sort and filters.
    #[param(pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: Option<String>,
    /// A page number, starting at 1, instead of a cursor; `page` times `limit` is at most 10,000.
    #[param(minimum = 1, maximum = 10_000)]
    pub page: Option<u32>,
    /// Whether to count the rows, up to 10,000.
    pub include_total: Option<bool>,
}

/// Where a page starts: behind a key that the cursor carried, or at an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start<K> {
    After(K),
    Offset(u32),
}

/// A checked [`PageQuery`]. `K` is the sort key of the last row seen, such as `(created_at, id)`.
#[derive(Clone, Debug)]
pub struct Paging<K> {
    pub limit: u32,
    pub start: Start<K>,
    pub include_total: bool,
    shape: String,
}

#[derive(Serialize, Deserialize)]
struct Cursor<K> {
    key: K,
    shape: String,
}

impl<K: Serialize + DeserializeOwned> Paging<K> {
    /// `shape` is whatever a cursor must not be carried across: the sort and every filter.
    pub fn try_new(query: &PageQuery, shape: &impl Serialize) -> Result<Self, Problem> {
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::invalid_field(
                "limit",
                "out_of_range",
                "limit must be 1 to 100",
            ));
        }
        let shape = fingerprint(shape).map_err(|error| Problem::internal(&error))?;
        let shape = hex::encode(&shape[..8]);
        let start = match (&query.cursor, query.page) {
            (Some(_), Some(_)) => {
                return Err(Problem::invalid_field(
                    "page",
                    "exclusive",
                    "send either cursor or page, not both",
                ));
            }
            (Some(cursor), None) => Start::After(decode(cursor, &shape)?),
            (None, page) => Start::Offset(offset(page.unwrap_or(1), limit)?),
        };
        Ok(Self {
            limit,
            start,
            include_total: query.include_total.unwrap_or(false),
            shape,
        })
    }

    /// Rows to ask the database for: one more than the page, to see whether there is another.
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    pub fn offset(&self) -> i64 {
        match self.start {
            Start::After(_) => 0,
            Start::Offset(rows) => i64::from(rows),
        }
    }

    pub fn after(&self) -> Option<&K> {
        match &self.start {
            Start::After(key) => Some(key),
            Start::Offset(_) => None,
        }
    }

    fn cursor(&self, key: K) -> Result<String, Problem> {
        let shape = self.shape.clone();
        let json = serde_json::to_vec(&Cursor { key, shape });
        let json = json.map_err(|error| Problem::internal(&error))?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(json))
    }

    /// Makes the page of up to [`Self::fetch`] rows.
    pub fn page<T>(
        &self,
        rows: Vec<T>,
        total: Option<Total>,
        key: impl Fn(&T) -> K,
    ) -> Result<Page<T>, Problem> {
        self.page_of(rows, total, |row| Some(key(row)), Some)
    }

    /// The same where some rows may be unreadable: what is read as None is left out, and the page is shorter for it. The
    /// list goes on behind the last row that has a key.
    pub fn page_of<R, T>(
        &self,
        mut rows: Vec<R>,
        total: Option<Total>,
        key: impl Fn(&R) -> Option<K>,
        read: impl FnMut(R) -> Option<T>,
    ) -> Result<Page<T>, Problem> {
        let more = rows.len() > self.limit as usize;
        rows.truncate(self.limit as usize);
        let last = rows.iter().rev().filter(|_| more).find_map(key);
        let next_cursor = last.map(|key| self.cursor(key)).transpose()?;
        Ok(Page {
            data: rows.into_iter().filter_map(read).collect(),
            page: PageInfo {
                limit: self.limit,
                has_more: next_cursor.is_some(),
                next_cursor,
                total,
            },
        })
    }

    /// Makes the page of a list that was read up to the key `end` and goes on behind it, or to its last row if that is None.
    /// There may be more rows although the page has room for some.
    fn page_until<T>(
        &self,
        rows: Vec<T>,
        end: Option<K>,
        key: impl Fn(&T) -> Option<K>,
    ) -> Result<Page<T>, Problem> {
        let mut page = self.page_of(rows, None, key, Some)?;
        if let Some(end) = end.filter(|_| !page.page.has_more) {
            page.page.next_cursor = Some(self.cursor(end)?);
            page.page.has_more = true;
        }
        Ok(page)
    }
}

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub data: Vec<T>,
    pub page: PageInfo,
}

impl<T> Page<T> {
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> Page<U> {
        Page {
            data: self.data.into_iter().map(view).collect(),
            page: self.page,
        }
    }
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PageInfo {
    pub limit: u32,
    pub has_more: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub next_cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub total: Option<Total>,
}

/// The number of rows: exact (`eq`), or a lower bound (`gte`) if counting stopped at 10,000.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Total {
    pub value: i64,
    #[schema(value_type = String, example = "eq")]
    pub relation: &'static str,
}

impl Total {
    /// Rows to count at most: one past the limit tells that there are more.
    pub const COUNT_TO: i64 = MAX_OFFSET_ROWS as i64 + 1;

    pub fn counted(rows: i64) -> Self {
        let most = Self::COUNT_TO - 1;
        Self {
            value: rows.min(most),
            relation: if rows > most { "gte" } else { "eq" },
        }
    }
}

fn offset(page: u32, limit: u32) -> Result<u32, Problem> {
    page.checked_sub(1)
        .and_then(|before| before.checked_mul(limit))
        .filter(|rows| *rows < MAX_OFFSET_ROWS)
        .ok_or_else(|| {
            Problem::invalid_field(
                "page",
                "out_of_range",
                "page must be at least 1, and page times limit at most 10,000; use cursor to read further",
            )
        })
}

fn decode<K: DeserializeOwned>(cursor: &str, shape: &str) -> Result<K, Problem> {
    let refused = |message| Problem::invalid_field("cursor", "invalid_cursor", message);
    let json = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok();
    // Keys may be enums with data, which our own text has and a client's must not. But a client can make one, too.
    let cursor: Cursor<K> = json
        .filter(|json| json::check(json).is_ok())
        .and_then(|json| serde_json::from_slice(&json).ok())
        .ok_or_else(|| refused("invalid cursor; use next_cursor of the previous response"))?;
    if cursor.shape == shape {
        Ok(cursor.key)
    } else {
        Err(refused(
            "the cursor belongs to another sort or filter; start again without a cursor",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(query: &PageQuery, shape: &str) -> Result<Paging<u32>, Problem> {
        Paging::try_new(query, &shape)
    }

    fn after_first_page() -> String {
        let first = paging(
            &PageQuery {
                limit: Some(2),
                ..PageQuery::default()
            },
            "by id",
        )
        .unwrap();
        first
            .page(vec![1, 2, 3], None, |row| *row)
            .unwrap()
            .page
            .next_cursor
            .unwrap()
    }

    #[test]
    fn a_cursor_goes_on_behind_the_last_row() {
        let query = PageQuery {
            limit: Some(2),
            cursor: Some(after_first_page()),
            ..PageQuery::default()
        };
        let second = paging(&query, "by id").unwrap();
        assert_eq!(second.after(), Some(&2));
        assert!(
            second
                .page(vec![3], None, |row| *row)
                .unwrap()
                .page
                .next_cursor
                .is_none()
        );
    }

    #[test]
    fn an_unreadable_row_is_left_out_and_the_list_goes_on_behind_it() {
        let query = PageQuery {
            limit: Some(3),
            ..PageQuery::default()
        };
        let first = paging(&query, "").unwrap();
        let read = |row: u32| (row != 2).then_some(row);
        let page = first.page_of(vec![1, 2, 3, 4], None, |row| Some(*row), read);
        let page = page.unwrap();
        assert_eq!((page.data, page.page.has_more), (vec![1, 3], true));
        // A row without a key does not end the list.
        let key = |row: &u32| (*row != 3).then_some(*row);
        let page = first.page_of(vec![1, 2, 3, 4], None, key, Some).unwrap();
        let query = PageQuery {
            cursor: page.page.next_cursor,
            ..PageQuery::default()
        };
        assert_eq!(paging(&query, "").unwrap().after(), Some(&2));
    }

    #[test]
    fn a_cursor_of_another_sort_is_refused() {
        for cursor in [after_first_page(), "nonsense".into(), String::new()] {
            let query = PageQuery {
                cursor: Some(cursor),
                ..PageQuery::default()
            };
            assert_eq!(paging(&query, "by name").unwrap_err().status(), 422);
        }
    }

    #[test]
    fn a_forged_cursor_with_nul_is_refused() {
        let query = PageQuery::default();
        let honest: Paging<String> = Paging::try_new(&query, &"").unwrap();
        let forged = honest.cursor("a\0".to_owned()).unwrap();
        let query = PageQuery {
            cursor: Some(forged),
            ..PageQuery::default()
        };
        let refused = Paging::<String>::try_new(&query, &"").unwrap_err();
        assert_eq!(refused.status(), 422);
    }

    #[test]
    fn limits_and_offsets_end_where_the_rules_say() {
        for (limit, page) in [(0, 1), (101, 1), (10, 0), (100, 101), (100, u32::MAX)] {
            let query = PageQuery {
                limit: Some(limit),
                page: Some(page),
                ..PageQuery::default()
            };
            assert!(paging(&query, "").is_err(), "{limit} {page}");
        }
        let last = PageQuery {
            limit: Some(100),
            page: Some(100),
            ..PageQuery::default()
        };
        assert_eq!(paging(&last, "").unwrap().offset(), 9_900);
    }
}
