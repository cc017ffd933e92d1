//! Many concurrent buyers for too few units: there are exactly as many orders as units, and every unit is accounted for.

use e2e::{
    Answer, Person, Shop,
    audit::Units,
    cluster::unique,
    environment,
    shop::Product,
    wait::{self, seconds},
};
use futures::{StreamExt as _, future::join_all, stream};

use crate::stacks::calm;

const BUYERS: usize = 50;
const UNITS: u32 = 10;

async fn buyers(shop: &Shop) -> Vec<Person> {
    // Hashing passwords is expensive, so only a few buyers register at a time.
    let registered = stream::iter(0..BUYERS)
        .map(|_| shop.register("customer"))
        .buffer_unordered(4);
    registered.map(Result::unwrap).collect().await
}

/// Orders one unit, and repeats the request with the same key as long as the shop answers 503, after the time in Retry-After.
async fn buy(buyer: &Person, product: &Product) -> (Answer, u32) {
    let key = unique("race");
    for tries in 1..=20 {
        let answer = buyer.tries_to_order(&product.sku, 1, &key).await.unwrap();
        if answer.status != 503 {
            return (answer, tries);
        }
        let pause = answer
            .header("retry-after")
            .and_then(|text| text.parse().ok())
            .unwrap();
        tokio::time::sleep(seconds(pause)).await;
    }
    panic!("20 times 503 for {}", buyer.email);
}

#[tokio::test]
async fn fifty_buyers_at_once_get_the_last_ten_units_and_no_more() {
    let calm = calm().await;
    let shop = calm.stack.shop().unwrap();
    let vendor = shop.register("vendor").await.unwrap();
    let mut crowd = buyers(&shop).await;
    for round in 1..=environment::race_rounds() {
        // A customer may have only a few unpaid orders.
        if round % 4 == 0 {
            crowd = buyers(&shop).await;
        }
        let product = vendor
            .sells("Last of its kind", "100.00", UNITS)
            .await
            .unwrap();
        let answers = join_all(crowd.iter().map(|buyer| buy(buyer, &product))).await;

        let ordered = answers
            .iter()
            .filter(|(answer, _)| answer.status == 201)
            .count();
        let refused = answers.iter().filter(|(answer, _)| {
            answer.status == 409 && answer.problem_code().unwrap() == "out_of_stock"
        });
        let others: Vec<_> = answers
            .iter()
            .filter(|(answer, _)| !matches!(answer.status, 201 | 409))
            .collect();
        assert_eq!(
            (ordered, refused.count()),
            (10, 40),
            "round {round}: {others:?}"
        );

        let database = calm.stack.database();
        let settled = wait::until(
            format!("round {round} is settled"),
            seconds(30),
            async || {
                let found = Units::of(&database, &product.sku).await?;
                found.balance(UNITS.into())?;
                found.at_rest()?;
                Ok(found)
            },
        );
        let found = settled.await.unwrap();
        assert_eq!(
            (
                found.sold.orders,
                found.stock.on_hand,
                found.stock.allocated
            ),
            (10, 10, 10)
        );
        let tries: u32 = answers.iter().map(|(_, tries)| tries).sum();
        println!("round {round}: 10 of {BUYERS} ordered, 40 sold out, {tries} requests; {found:?}");
    }
}

#[tokio::test]
async fn the_audit_detects_an_unaccounted_unit() {
    let calm = calm().await;
    let (shop, database) = (calm.stack.shop().unwrap(), calm.stack.database());
    let vendor = shop.register("vendor").await.unwrap();
    let sku = vendor.sells("Odd one out", "1.00", 5).await.unwrap().sku;
    shop.register("customer")
        .await
        .unwrap()
        .orders(&sku, 2)
        .await
        .unwrap();
    let change = async |change: &str| {
        let statement = format!("UPDATE stock SET {change} WHERE sku = '{sku}'");
        database.run("product", &statement).await.unwrap();
    };
    Units::of(&database, &sku)
        .await
        .unwrap()
        .balance(5)
        .unwrap();
    for (wrong, right) in [
        ("held = held + 1", "held = held - 1"),
        ("allocated = allocated - 1", "allocated = allocated + 1"),
        ("on_hand = on_hand + 1", "on_hand = on_hand - 1"),
    ] {
        change(wrong).await;
        assert!(
            Units::of(&database, &sku)
                .await
                .unwrap()
                .balance(5)
                .is_err(),
            "{wrong} was not detected"
        );
        change(right).await;
    }
    Units::of(&database, &sku)
        .await
        .unwrap()
        .balance(5)
        .unwrap();
}
