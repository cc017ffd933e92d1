//! Order and product of this version together with those of the previous one, in both combinations, under load.
//! `CHAOS_PREVIOUS` names a folder with the binaries of the previous version; without it the test is ignored.

use std::time::Duration;

use chaos::{Arena, Outcome, arena};
use local_shop::{Binaries, Plan, Shop, Workload};
use rand::{SeedableRng, rngs::SmallRng};
use tokio::time::sleep;

async fn shop_of(name: &str, binaries: Binaries, migrated: &Binaries) {
    let plan = Plan {
        products: 2,
        orders: 2,
        ..Plan::new(migrated.clone())
    };
    // The schema is the new one in both cases, since migrations run first and only expand it.
    let mut shop = Shop::prepare(plan).unwrap();
    shop.set_binaries(binaries);
    shop.start_all().unwrap();
    let mut arena = Arena::of(shop).unwrap();
    let (buyers, skus) = (
        arena.buyers(40).unwrap(),
        arena.sell(6, 100_000).await.unwrap(),
    );
    let mut random = SmallRng::seed_from_u64(23);
    let mut journal = Vec::new();
    let orders = arena.orders(&mut random, &skus, 300, &[]);
    let crowd = arena.crowd(&buyers, orders, Duration::from_mins(1));
    journal.extend(crowd.join_all().await);
    // One process after the other is upgraded to this version, while buyers order.
    arena.shop.set_binaries(migrated.clone());
    let orders = arena.orders(&mut random, &skus, 400, &[]);
    let crowd = arena.crowd(&buyers, orders, Duration::from_secs(90));
    let members: Vec<_> = arena
        .shop
        .members()
        .filter(|member| member.0 != Workload::Auth)
        .collect();
    for member in members {
        arena.shop.stop(member).unwrap();
        arena.shop.start_one(member).unwrap();
        sleep(Duration::from_millis(200)).await;
    }
    journal.extend(crowd.join_all().await);
    let placed = journal
        .iter()
        .filter(|entry| matches!(entry.outcome, Outcome::Placed(_)))
        .count();
    assert_eq!(placed, journal.len(), "{name}: every order must be placed");
    arena.audit(&journal).await.unwrap();
    eprintln!("upgrade, {name}: {placed} orders while every process was upgraded, violations 0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "CHAOS_PREVIOUS names the folder of the last version's binaries"]
async fn this_version_and_the_last_work_side_by_side() {
    let this = arena::binaries("CHAOS_BINARIES").unwrap();
    let last = arena::binaries("CHAOS_PREVIOUS").unwrap();
    let auth = this.auth.clone();
    let mixed = |product: &Binaries, order: &Binaries| Binaries {
        auth: auth.clone(),
        product: product.product.clone(),
        order: order.order.clone(),
    };
    shop_of("old order, new product", mixed(&this, &last), &this).await;
    shop_of("new order, old product", mixed(&last, &this), &this).await;
}
