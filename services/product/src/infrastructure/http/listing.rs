//! One page of a list: its rows, and how many there are in all if the client asks for that.

pub(crate) use db::readable::readable;
use serde::{Serialize, de::DeserializeOwned};
use web::{
    Problem,
    list::{Page, Paging, Total},
};

use crate::infrastructure::postgres::failure::ListError;

/// `position`: where the list continues after a row. `total`: how many rows there are, counted up to `Total::COUNT_TO`.
pub(crate) async fn page<R, T, K: Serialize + DeserializeOwned, E: Into<ListError>>(
    paging: &Paging<K>,
    rows: impl Future<Output = Result<Vec<R>, E>>,
    total: impl Future<Output = Result<i64, sqlx::Error>>,
    position: impl Fn(&R) -> Option<K>,
    read: impl FnMut(R) -> Option<T>,
) -> Result<Page<T>, Problem> {
    let rows = rows.await.map_err(Into::into)?;
    let total = if paging.include_total {
        Some(Total::counted(total.await.map_err(ListError::from)?))
    } else {
        None
    };
    paging.page_of(rows, total, position, read)
}
