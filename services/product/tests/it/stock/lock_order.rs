//! Every operation locks stock in the order of its keys (ORDERS 7, 8): one that waits for a row holds the rows before it
//! and none after it.

use clock::Ids;
use db::{Pool, testing::eventually};
use product::stock::reservations::{Release, commit, extend, release, reserve, restock, ship};
use sqlx::PgPool;

use crate::support::shop::{Shop, expire_overdue, longer, order, transfer};

/// Locks B, waits until `work` waits for it, and returns which of the others `work` has locked by then.
async fn locked_while_waiting_for_b(
    shop: &Shop,
    work: impl Future<Output = ()> + Send + 'static,
) -> Vec<&'static str> {
    let mut in_the_way = shop.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM stock WHERE sku = 'B' FOR NO KEY UPDATE")
        .execute(&mut *in_the_way)
        .await
        .unwrap();
    let work = tokio::spawn(work);
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    eventually("it waits for B", async || {
        let waiting = sqlx::query_scalar::<_, i64>(waiting);
        waiting.fetch_one(&shop.pool).await.unwrap() > 0
    })
    .await;
    let mut locked = Vec::new();
    for sku in ["A", "C"] {
        let mut look = shop.pool.begin().await.unwrap();
        let free =
            sqlx::query("SELECT FROM stock WHERE sku = $1 FOR NO KEY UPDATE NOWAIT").bind(sku);
        if free.execute(&mut *look).await.is_err() {
            locked.push(sku);
        }
        look.rollback().await.unwrap();
    }
    in_the_way.rollback().await.unwrap();
    work.await.unwrap();
    locked
}

async fn with_goods(pool: PgPool) -> (Shop, Pool) {
    let shop = Shop::open(pool);
    for sku in ["C", "A", "B"] {
        shop.product(sku, 9).await;
    }
    // Waits without a limit.
    let options = shop
        .pool
        .sessions()
        .connect_options()
        .as_ref()
        .clone()
        .options([("lock_timeout", "0")]);
    let patient = sqlx::postgres::PgPoolOptions::new()
        .max_connections(1)
        .connect_lazy_with(options)
        .into();
    (shop, patient)
}

#[sqlx::test]
async fn reserving_locks_in_key_order(pool: PgPool) {
    let (shop, patient) = with_goods(pool).await;
    let (reservation, its_pool) = (order(&[("C", 1), ("B", 1), ("A", 1)]), patient.clone());
    let work = async move {
        reserve(&its_pool, "USD".parse().unwrap(), &[reservation])
            .await
            .unwrap();
    };
    assert_eq!(locked_while_waiting_for_b(&shop, work).await, ["A"]);
    patient.sessions().close().await;
}

#[sqlx::test]
async fn committing_and_releasing_lock_in_key_order(pool: PgPool) {
    let (shop, patient) = with_goods(pool).await;
    let (one, two) = (
        order(&[("C", 1), ("B", 1), ("A", 1)]),
        order(&[("B", 1), ("C", 1), ("A", 1)]),
    );
    shop.reserve(&[one.clone(), two.clone()]).await;
    let its_pool = patient.clone();
    let work = async move {
        commit(&its_pool, &[one.order_id]).await.unwrap();
    };
    assert_eq!(locked_while_waiting_for_b(&shop, work).await, ["A"]);
    let its_pool = patient.clone();
    let work = async move {
        release(&its_pool, &[two.order_id], Release::Held)
            .await
            .unwrap();
    };
    assert_eq!(locked_while_waiting_for_b(&shop, work).await, ["A"]);
    patient.sessions().close().await;
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn taking_again_and_giving_up_lock_in_key_order(pool: PgPool) {
    let (shop, patient) = with_goods(pool).await;
    let batch: Vec<_> = (0..3)
        .map(|_| order(&[("C", 1), ("B", 1), ("A", 1)]))
        .collect();
    let [one, two, three] = [0, 1, 2].map(|place: usize| batch[place].order_id);
    shop.reserve(&batch).await;
    commit(&shop.pool, &[three]).await.unwrap();
    shop.run_out_of_time().await;
    expire_overdue(&shop.pool).await.unwrap();
    let its_pool = patient.clone();
    let work = async move {
        commit(&its_pool, &[one]).await.unwrap();
    };
    assert_eq!(locked_while_waiting_for_b(&shop, work).await, ["A"]);
    let its_pool = patient.clone();
    let work = async move {
        extend(&its_pool, &[longer(two, 60)]).await.unwrap();
    };
    assert_eq!(locked_while_waiting_for_b(&shop, work).await, ["A"]);
    let its_pool = patient.clone();
    let work = async move {
        release(&its_pool, &[three], Release::Committed)
            .await
            .unwrap();
    };
    assert_eq!(locked_while_waiting_for_b(&shop, work).await, ["A"]);
    patient.sessions().close().await;
    assert_eq!(shop.counters("B").await, (9, 1, 1));
    shop.assert_counts_add_up().await;
}

#[sqlx::test]
async fn transfers_lock_in_key_order(pool: PgPool) {
    let (shop, patient) = with_goods(pool).await;
    let reservation = order(&[("C", 1), ("B", 1), ("A", 1)]);
    shop.reserve(std::slice::from_ref(&reservation)).await;
    commit(&shop.pool, &[reservation.order_id]).await.unwrap();
    let goods = [transfer(
        reservation.order_id,
        &[("C", 1), ("A", 1), ("B", 1)],
    )];
    let (its_pool, its_goods) = (patient.clone(), goods.clone());
    let work = async move {
        ship(&its_pool, Ids::system(), &its_goods).await.unwrap();
    };
    assert_eq!(locked_while_waiting_for_b(&shop, work).await, ["A"]);
    let its_pool = patient.clone();
    let work = async move {
        restock(&its_pool, Ids::system(), &goods).await.unwrap();
    };
    assert_eq!(locked_while_waiting_for_b(&shop, work).await, ["A"]);
    patient.sessions().close().await;
    assert_eq!(shop.counters("B").await, (9, 0, 0));
    shop.assert_counts_add_up().await;
}
