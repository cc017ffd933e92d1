//! No attack by anonymous clients or by a customer ends a process or makes it keep memory.

use std::{collections::BTreeMap, time::Duration};

use chaos::{Arena, Outcome};
use local_shop::{Attack, Member, Target, Volley, Workload};
use rand::{SeedableRng, rngs::SmallRng};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};

/// The number of requests of each connection per attack and round. Memory is read after each of the two rounds.
const TIMES: usize = 10;
/// The accepted growth of a process's memory between the rounds, since allocators do not return all memory at once.
const MORE: f64 = 1.10;

/// Sends a request on a new connection, and returns whether there was a response.
async fn answered(port: u16, request: &str) -> bool {
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        // A refusal may come before all of the request was sent.
        let _ = stream.write_all(request.as_bytes()).await;
        let mut answer = [0; 16];
        let length = stream.read(&mut answer).await.ok()?;
        answer[..length].starts_with(b"HTTP/1.1 ").then_some(())
    };
    timeout(Duration::from_secs(40), exchange)
        .await
        .is_ok_and(|answer| answer.is_some())
}

/// The number of requests that were answered, and of all.
async fn fire(arena: &Arena, volleys: Vec<Volley>) -> (usize, usize) {
    let (mut connections, mut sent) = (JoinSet::new(), 0);
    for volley in volleys {
        let port = arena.shop.public_port(Member(volley.service, 0)).unwrap();
        for connection in 0..volley.connections {
            let requests: Vec<String> = (0..TIMES)
                .map(|time| {
                    let turn = connection * TIMES + time;
                    volley.requests[turn % volley.requests.len()].clone()
                })
                .collect();
            sent += requests.len();
            connections.spawn(async move {
                let mut count = 0;
                for request in requests {
                    count += usize::from(answered(port, &request).await);
                }
                count
            });
        }
    }
    (connections.join_all().await.into_iter().sum(), sent)
}

/// The pid and the resident memory of each service.
fn processes(arena: &Arena) -> BTreeMap<String, (u32, f64)> {
    let members = arena.shop.members();
    members
        .map(|member| {
            let pid = arena.shop.pid(member);
            let pid = pid.unwrap_or_else(|| panic!("{member} has ended"));
            (
                member.to_string(),
                (pid, arena.shop.resident_mib(member).unwrap()),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attacks_in_a_row_end_no_process_and_leave_no_memory_behind() {
    let arena = Arena::start(1, 1, &[]).unwrap();
    let buyers = arena.buyers(50).unwrap();
    let skus = arena.sell(4, 1_000_000).await.unwrap();
    let mut random = SmallRng::seed_from_u64(9);
    let mut journal = Vec::new();
    let orders = arena.orders(&mut random, &skus, 500, &[]);
    let crowd = arena.crowd(&buyers, orders, Duration::from_mins(1));
    journal.extend(crowd.join_all().await);
    arena.rest().await.unwrap();

    // The attacks may cancel the attacker's own order; the audit must hold all the same.
    let attacker = arena.buyers(1).unwrap().remove(0);
    let own = arena.orders(&mut random, &skus, 1, &[]);
    let own = arena
        .crowd(
            std::slice::from_ref(&attacker),
            own,
            Duration::from_secs(10),
        )
        .join_all()
        .await;
    let order = match own[0].outcome {
        Outcome::Placed(order) => order,
        ref other => panic!("the order to be attacked was not placed: {other:?}"),
    };
    let product = arena
        .shop
        .sql(
            "product",
            &format!("SELECT id FROM products WHERE sku = '{}'", skus[0]),
        )
        .unwrap();
    let target = Target {
        tokens: arena.shop.tokens(),
        sku: &skus[0],
        product: product[0].parse().unwrap(),
        order,
        customer: attacker.id,
        attacker: attacker.id,
    };

    let mut readings = Vec::new();
    for round in 0..2 {
        for attack in Attack::ALL {
            let (answered, sent) = fire(&arena, attack.volleys(&target).unwrap()).await;
            eprintln!("round {round}: {attack}: {answered} of {sent} answered");
            assert!(answered * 10 >= sent * 9, "{attack:?} was not answered");
        }
        readings.push(processes(&arena));
    }
    for (name, (pid, mib)) in &readings[1] {
        let (earlier, before) = readings[0][name];
        eprintln!("{name}: {before:.1} MiB, then {mib:.1}");
        assert_eq!(*pid, earlier, "{name} was started again");
        assert!(
            *mib <= before * MORE,
            "{name} keeps {mib:.1} MiB after {before:.1} before"
        );
    }

    let orders = arena.orders(&mut random, &skus, 500, &[]);
    let crowd = arena.crowd(&buyers, orders, Duration::from_mins(1));
    let after = crowd.join_all().await;
    let placed = after
        .iter()
        .filter(|entry| matches!(entry.outcome, Outcome::Placed(_)));
    assert_eq!(placed.count(), 500, "the shop must serve others as before");
    journal.extend(after);
    journal.extend(own);
    arena.audit(&journal).await.unwrap();
    let series = arena.series(Workload::Product).await.unwrap();
    assert!(series < 2_000, "{series} series of metrics");
}
