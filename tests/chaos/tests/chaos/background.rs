//! The end of a background task ends its process: a service whose saga loop is dead must not look alive. The kubelet then
//! starts the container again; here the test does.

use std::{fs, time::Duration};

use chaos::Arena;
use local_shop::{Member, Workload};
use rand::{SeedableRng, rngs::SmallRng};

/// Every background task of every process.
const TASKS: &[(Workload, &[&str])] = &[
    // `first_admin` ends as soon as there is an administrator.
    (Workload::Auth, &["sweeper", "signing_keys"]),
    (
        Workload::Product,
        &["product_reader", "token_verifier", "sweeper", "audits"],
    ),
    (
        Workload::Order,
        &["order_queue", "saga_loop", "token_verifier"],
    ),
    (
        Workload::Worker,
        &[
            "saga_loop",
            "maintenance",
            "returns",
            "shipments",
            "shortfalls",
            "audits",
            "event_relay",
            "mock_webhooks",
        ],
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_any_background_task_ends_its_process_with_an_error() {
    let secret = std::env::temp_dir().join(format!("chaos-webhook-secret-{}", std::process::id()));
    fs::write(
        &secret,
        "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    )
    .unwrap();
    let webhooks = [
        ("PAYMENT_PROVIDER", "mock"),
        ("PAYMENT_WEBHOOK_SECRET_FILE", secret.to_str().unwrap()),
        // No server listens there, and nothing is sent.
        ("MOCK_WEBHOOK_URL", "http://127.0.0.1:9/"),
    ];
    let environment = webhooks.map(|(name, value)| (Workload::Worker, name, value));
    let arena = Arena::start(1, 1, &environment).unwrap();
    for (workload, tasks) in TASKS {
        let member = Member(*workload, 0);
        for task in *tasks {
            for (how, said) in [("panic", "panicked: failed on demand"), ("end", "ended")] {
                arena.shop.stop(member).unwrap();
                let fails = format!("{task}:{how}");
                arena
                    .shop
                    .launch_with(member, &[("FAIL_TASK", &fails)])
                    .unwrap();
                let status = arena.shop.ended(member, Duration::from_secs(30)).unwrap();
                assert_eq!(status.code(), Some(1), "{member} {fails}");
                let log = arena.shop.logs().join(format!("{member}.log"));
                let log = fs::read_to_string(log).unwrap();
                let line = format!("the background task {task} {said}");
                assert!(log.contains(&line), "{member} {fails}");
                arena.shop.start_one(member).unwrap();
            }
        }
    }
    fs::remove_file(&secret).unwrap();

    // All processes run again, and an order of at most two units is placed.
    let skus = arena.sell(1, 2).await.unwrap();
    let orders = arena.orders(&mut SmallRng::seed_from_u64(1), &skus, 1, &[]);
    let buyers = arena.buyers(1).unwrap();
    let mut crowd = arena.crowd(&buyers, orders, Duration::from_secs(30));
    let journal = [crowd.join_next().await.unwrap().unwrap()];
    arena.audit(&journal).await.unwrap();
    let confirmed = "SELECT count(*) FROM orders WHERE status = 'confirmed'";
    assert_eq!(arena.count("order", confirmed).unwrap(), 1);
}
