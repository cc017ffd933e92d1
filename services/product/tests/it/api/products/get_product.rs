//! `GET /products/{id}`

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use db::testing::eventually;
use futures::{StreamExt, stream};
use serde_json::json;
use sqlx::{Connection, PgConnection, PgPool};

use crate::support::shop::{Call, Shop, User, id, order};

#[sqlx::test]
async fn a_guest_reads_by_id_or_slug_and_sees_what_is_available(pool: PgPool) {
    let shop = Shop::open(pool);
    let mug = shop.product("MUG", 5).await;
    shop.reserve(&[order(&[("MUG", 2)])]).await;
    let id = mug["id"].as_str().unwrap();
    for name in [id, id.strip_prefix("prd_").unwrap(), "the-mug"] {
        let answer = shop.get(&format!("/products/{name}")).send().await;
        assert_eq!(answer.etag(), "\"1\"", "stock is no part of the version");
        let product = answer.ok(200);
        assert_eq!(product["id"], id);
        assert_eq!(
            product["inventory"],
            json!({ "available": 3, "in_stock": true })
        );
    }
    for (user, parts) in [
        (&shop.vendor, true),
        (&shop.admin, true),
        (&shop.other_vendor, false),
        (&shop.customer, false),
    ] {
        let product = shop
            .get(&format!("/products/{id}"))
            .by(user)
            .send()
            .await
            .ok(200);
        assert_eq!(product["inventory"]["held"] == 2, parts);
    }
}

#[sqlx::test]
async fn a_draft_is_there_for_its_vendor_and_admins_only(pool: PgPool) {
    let shop = Shop::open(pool);
    let body = json!({ "sku": "MUG", "name": "Mug", "price": "1", "status": "draft" });
    shop.post("/products")
        .by(&shop.vendor)
        .json(&body)
        .await
        .ok(201);
    let read = || shop.get("/products/mug");
    read().send().await.refused(404, "not_found");
    read()
        .by(&shop.customer)
        .send()
        .await
        .refused(404, "not_found");
    read()
        .by(&shop.other_vendor)
        .send()
        .await
        .refused(404, "not_found");
    assert_eq!(
        read().by(&shop.vendor).send().await.ok(200)["status"],
        "draft"
    );
    assert_eq!(
        read().by(&shop.admin).send().await.ok(200)["status"],
        "draft"
    );
}

#[sqlx::test]
async fn what_names_nothing_is_not_found(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    for name in [
        id().to_string(),
        format!("prd_{}", id()),
        format!("usr_{}", id()),
        "nothing".into(),
        "The%20Mug".into(),
        "%00".into(),
    ] {
        shop.get(&format!("/products/{name}"))
            .send()
            .await
            .refused(404, "not_found");
    }
    shop.get("/products/the-mug")
        .header("authorization", "Bearer x")
        .send()
        .await
        .refused(401, "token_invalid");
    let wrong = shop
        .request("POST", "/api/v1/products/the-mug")
        .by(&shop.vendor)
        .send()
        .await;
    wrong.refused(405, "method_not_allowed");
    assert!(wrong.header("allow").contains("GET"));
}

#[sqlx::test]
async fn a_crowd_gets_each_its_own_product_even_while_sessions_end(pool: PgPool) {
    let shop = Shop::open(pool);
    let skus: Vec<String> = (0..20).map(|number| format!("MUG{number}")).collect();
    let mut names = vec![(format!("prd_{}", id()), None), ("nothing".into(), None)];
    for sku in &skus {
        let product = shop.product(sku, 5).await;
        for name in ["id", "slug"] {
            names.push((product[name].as_str().unwrap().to_owned(), Some(sku)));
        }
    }
    let wanted = names.iter().cycle().take(2_000);
    let reads = wanted.map(|(name, sku)| {
        let read = shop.get(&format!("/products/{name}")).by(&shop.admin);
        async move {
            let answer = read.send().await;
            match sku {
                Some(sku) => assert_eq!(answer.ok(200)["sku"], **sku),
                None => answer.refused(404, "not_found"),
            }
        }
    });
    // Fewer at a time than the queue accepts.
    let reads = stream::iter(reads).buffer_unordered(500).count();
    let ended = AtomicI64::new(0);
    let disturb = async {
        let mut disturber = PgConnection::connect_with(&shop.pool.sessions().connect_options())
            .await
            .unwrap();
        loop {
            let sessions: i64 = sqlx::query_scalar(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .fetch_one(&mut disturber)
            .await
            .unwrap();
            ended.fetch_add(sessions, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        count = reads => assert_eq!(count, 2_000),
        () = disturb => {}
    }
    assert!(ended.into_inner() > 1, "no request was disturbed");
}

#[sqlx::test]
async fn without_a_database_reads_are_turned_away(pool: PgPool) {
    let shop = Shop::open(pool);
    shop.product("MUG", 5).await;
    shop.reads.sessions().close().await;
    let answer = shop.get("/products/the-mug").send().await;
    assert_eq!(answer.header("retry-after"), "1");
    answer.refused(503, "unavailable");
}

#[sqlx::test]
async fn the_public_may_be_shown_what_was_true_a_moment_ago(pool: PgPool) {
    let shop = Shop::open_showing(pool.clone(), false, Duration::from_hours(1));
    let brief = Shop::open_showing(pool, false, Duration::from_millis(100));
    shop.product("MUG", 5).await;
    let available = async |shop: &Shop, user: Option<&User>| {
        let call = shop.get("/products/the-mug");
        let answer = user.into_iter().fold(call, Call::by).send().await;
        assert_eq!(answer.etag(), "\"1\"");
        assert_eq!(answer.header("content-type"), "application/json");
        answer.ok(200)["inventory"]["available"].clone()
    };
    assert_eq!(available(&shop, None).await, 5);
    assert_eq!(available(&brief, None).await, 5);
    shop.reserve(&[order(&[("MUG", 2)])]).await;
    let shown = [
        available(&shop, None).await,
        available(&shop, Some(&shop.customer)).await,
        available(&shop, Some(&shop.vendor)).await,
        available(&shop, Some(&shop.admin)).await,
    ];
    assert_eq!(shown, [5, 5, 3, 3], "those who see more see it as it is");
    eventually("what was shown is too old", async || {
        available(&brief, None).await == 3
    })
    .await;
}

#[sqlx::test]
async fn what_its_vendor_reads_is_not_shown_to_the_public(pool: PgPool) {
    let shop = Shop::open_showing(pool, false, Duration::from_mins(1));
    let body = json!({ "sku": "MUG", "name": "Mug", "price": "1", "status": "draft" });
    let create = shop.post("/products").by(&shop.vendor);
    create.json(&body).await.ok(201);
    let read = || shop.get("/products/mug");
    read().by(&shop.vendor).send().await.ok(200);
    read().send().await.refused(404, "not_found");
}
