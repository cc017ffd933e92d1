//! Products are read for many requests at once. There is no timer: the requests that arrive during a read are the next
//! batch, so that dozens of concurrent requests cost the database one statement, and a single request does not wait.

use std::sync::Arc;

use db::{Connection, Pool};
use tokio::sync::{mpsc, oneshot};
use worker::Tasks;

use super::{
    model::{Product, ProductName},
    postgres::products,
};
use crate::infrastructure::postgres::failure::retries;

/// Names that one statement reads.
const BATCH: usize = 64;
/// Requests that may wait; further ones are refused.
const CAPACITY: usize = 1_024;

#[derive(Clone)]
pub struct Reads(mpsc::Sender<Wanted>);

struct Wanted {
    name: ProductName,
    answer: oneshot::Sender<Outcome>,
}

type Outcome = Result<Option<Arc<Product>>, ReadError>;

#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    #[error("too many reads are waiting")]
    Busy,
    #[error("the read ended without a result")]
    Lost,
    #[error("cannot read the product")]
    Database(#[source] Arc<sqlx::Error>),
}

impl Reads {
    /// Starts the reader.
    pub fn start(pool: &Pool, tasks: &mut Tasks) -> Self {
        let (queue, wanted) = mpsc::channel(CAPACITY);
        let reader = Reader {
            pool: pool.clone(),
            kept: None,
        };
        tasks.spawn_for_server("product_reader", reader.run(wanted));
        Self(queue)
    }

    /// The product as it is, whatever its status; None: there is none, or it is deleted.
    pub async fn product(&self, name: ProductName) -> Outcome {
        let (answer, outcome) = oneshot::channel();
        self.0
            .try_send(Wanted { name, answer })
            .map_err(|_| ReadError::Busy)?;
        outcome.await.map_err(|_| ReadError::Lost)?
    }
}

struct Reader {
    pool: Pool,
    /// While there is more to read: taking a connection from the pool and giving it back are a round trip each.
    kept: Option<Connection>,
}

impl Reader {
    async fn run(mut self, mut queue: mpsc::Receiver<Wanted>) {
        loop {
            if queue.is_empty() {
                self.kept = None;
            }
            let mut batch = Vec::new();
            if queue.recv_many(&mut batch, BATCH).await == 0 {
                return;
            }
            let found = self.found(&batch).await;
            let found = found.map_err(|error| ReadError::Database(Arc::new(error)));
            for Wanted { name, answer } in batch {
                let product = found.as_ref().map_err(ReadError::clone).map(|found| {
                    let mut found = found.iter();
                    found.find(|product| name.is_of(product)).cloned()
                });
                // A receiver that no longer waits has hung up.
                let _ = answer.send(product);
            }
        }
    }

    async fn found(&mut self, batch: &[Wanted]) -> Result<Vec<Arc<Product>>, sqlx::Error> {
        let mut retries = retries();
        loop {
            match self.read(batch).await {
                Err(error) => retries.again(error).await?,
                found => return found,
            }
        }
    }

    async fn read(&mut self, batch: &[Wanted]) -> Result<Vec<Arc<Product>>, sqlx::Error> {
        let (mut ids, mut slugs) = (Vec::new(), Vec::new());
        for wanted in batch {
            match &wanted.name {
                ProductName::Id(id) => ids.push(id.0),
                ProductName::Slug(slug) => slugs.push(slug.as_str()),
            }
        }
        let mut connection = match self.kept.take() {
            Some(kept) => kept,
            None => self.pool.acquire().await?,
        };
        let found = products::by_names(&mut connection, &ids, &slugs).await?;
        self.kept = Some(connection);
        Ok(found.into_iter().map(Arc::new).collect())
    }
}
