//! Lists that are read along the index of one filter, while the other filters reject rows. The next row may be far away,
//! so a request looks at a bounded number of rows and then responds with a shorter page, behind which the list goes on.

use serde::{Serialize, de::DeserializeOwned};

use super::{Page, Paging};
use crate::Problem;

/// Rows that one request looks at, at most.
const MAX_LOOKED_AT: i64 = 10_000;
/// Rows of one statement, at most.
const BATCH: i64 = 1_000;

impl<K: Clone + Serialize + DeserializeOwned> Paging<K> {
    /// The page of a list that `look` reads: so many keys behind a key, in the order of the index, each with its row if the
    /// list has it. Fewer keys mean that the index has no more. A page may be empty although more follow.
    pub async fn walk<R, E: Into<Problem>, F: Future<Output = Result<Vec<(K, Option<R>)>, E>>>(
        &self,
        look: impl Fn(Option<K>, i64) -> F,
    ) -> Result<Page<R>, Problem> {
        let (mut behind, mut skipped) = (self.after().cloned(), 0);
        let (mut found, mut looked_at) = (Vec::new(), 0);
        // At first as many as it takes if no row is rejected.
        let mut count = (self.offset() + self.fetch()).min(BATCH);
        let end = loop {
            let batch = look(behind.clone(), count).await.map_err(Into::into)?;
            let is_last = i64::try_from(batch.len()).is_ok_and(|keys| keys < count);
            for (key, row) in batch {
                behind = Some(key.clone());
                match row {
                    Some(_) if skipped < self.offset() => skipped += 1,
                    Some(row) => found.push((key, row)),
                    None => {}
                }
            }
            looked_at += count;
            if is_last {
                break None;
            }
            if found.len() > self.limit as usize || looked_at >= MAX_LOOKED_AT {
                break behind;
            }
            count = BATCH.min(MAX_LOOKED_AT - looked_at);
        };
        let page = self.page_until(found, end, |(key, _)| Some(key.clone()))?;
        Ok(page.map(|(_, row)| row))
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::ready};

    use super::*;
    use crate::list::PageQuery;

    /// Walks along the numbers below `end`, of which the list has some.
    struct Numbers {
        end: u32,
        has: fn(u32) -> bool,
        statements: Cell<u32>,
    }

    impl Numbers {
        fn new(end: u32, has: fn(u32) -> bool) -> Self {
            let statements = Cell::new(0);
            Self {
                end,
                has,
                statements,
            }
        }

        async fn page(&self, query: &PageQuery) -> Page<u32> {
            let paging: Paging<u32> = Paging::try_new(query, &"numbers").unwrap();
            let look = |behind: Option<u32>, count: i64| {
                self.statements.set(self.statements.get() + 1);
                let first = behind.map_or(0, |number| number + 1);
                let keys = (first..self.end).take(usize::try_from(count).unwrap());
                let looked = keys.map(|number| (number, (self.has)(number).then_some(number)));
                ready(Ok::<_, Problem>(looked.collect()))
            };
            paging.walk(look).await.unwrap()
        }

        /// The rows of all pages, and the number of the pages.
        async fn all(&self, limit: u32) -> (Vec<u32>, usize) {
            let (mut rows, mut cursor, mut pages) = (Vec::new(), None, 0);
            loop {
                let limit = Some(limit);
                let query = PageQuery {
                    limit,
                    cursor,
                    ..PageQuery::default()
                };
                let page = self.page(&query).await;
                assert_eq!(page.page.has_more, page.page.next_cursor.is_some());
                rows.extend(page.data);
                pages += 1;
                cursor = page.page.next_cursor;
                if cursor.is_none() {
                    return (rows, pages);
                }
            }
        }
    }

    #[tokio::test]
    async fn every_row_is_on_one_page() {
        for (end, has) in [
            (0, (|_| true) as fn(u32) -> bool),
            (40, |_| true),
            (41, |_| true),
            (3_000, |number| number % 7 == 0),
            (3_000, |_| false),
            (25_000, |number| number % 9_000 == 8_999),
        ] {
            let numbers = Numbers::new(end, has);
            let expected: Vec<u32> = (0..end).filter(|number| has(*number)).collect();
            assert_eq!(numbers.all(20).await.0, expected, "{end}");
        }
    }

    #[tokio::test]
    async fn one_statement_fills_a_page_if_no_row_is_rejected() {
        let numbers = Numbers::new(100, |_| true);
        assert_eq!(numbers.page(&PageQuery::default()).await.data.len(), 20);
        assert_eq!(numbers.statements.get(), 1);
    }

    #[tokio::test]
    async fn a_page_ends_after_ten_thousand_rejected_rows_and_the_list_goes_on() {
        let numbers = Numbers::new(1_000_000, |number| number == 10_000);
        let first = numbers.page(&PageQuery::default()).await;
        assert_eq!((first.data, first.page.has_more), (vec![], true));
        assert!(numbers.statements.get() <= 11);
        let query = PageQuery {
            cursor: first.page.next_cursor,
            ..PageQuery::default()
        };
        assert_eq!(numbers.page(&query).await.data, [10_000]);
    }

    #[tokio::test]
    async fn a_page_number_skips_rows_and_not_keys() {
        let numbers = Numbers::new(1_000, |number| number % 2 == 0);
        let query = PageQuery {
            limit: Some(10),
            page: Some(3),
            ..PageQuery::default()
        };
        let page = numbers.page(&query).await;
        assert_eq!(page.data, (40..60).step_by(2).collect::<Vec<u32>>());
    }
}
