//! Tests of the crate with as few processes as possible: the guard needs neither Postgres nor a service.
#![expect(clippy::unwrap_used, reason = "this is how a test fails")]

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use local_shop::{
    guard::{Guard, LastSignal},
    ports, probe,
    process::Process,
};

fn folder(name: &str) -> PathBuf {
    let folder =
        std::env::temp_dir().join(format!("local-shop-test-{}-{name}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    folder
}

/// Whether a process with this pid runs; a zombie does not.
fn runs(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn sleeper(folder: &Path, guard: &Arc<Guard>) -> Process {
    Process::start(
        "sleep",
        Command::new("sleep").arg("600"),
        &folder.join("log"),
        Arc::clone(guard),
        LastSignal::Kill,
    )
    .unwrap()
}

#[test]
fn ports_differ() {
    let ports: [u16; 50] = ports::free().unwrap();
    let different: std::collections::HashSet<u16> = ports.into_iter().collect();
    assert_eq!(different.len(), 50);
}

#[test]
fn a_panic_leaves_nothing_behind() {
    let folder = folder("panic");
    let guard = Arc::new(Guard::try_new(&folder).unwrap());
    let process = sleeper(&folder, &guard);
    let pid = process.pid();
    assert!(runs(pid));
    let thread = std::thread::spawn(move || {
        let _owned = (process, guard);
        panic!("on purpose");
    });
    assert!(thread.join().is_err());
    assert!(!runs(pid));
    assert!(!folder.exists());
}

/// The helper of the next test: it starts a process, prints its pid, and waits until it is killed.
#[test]
#[ignore = "run by the test below in a process of its own"]
fn helper_that_is_killed() {
    let folder = folder("killed");
    let guard = Arc::new(Guard::try_new(&folder).unwrap());
    let process = sleeper(&folder, &guard);
    println!("\nSTARTED {} {}", process.pid(), folder.display());
    std::thread::sleep(Duration::from_mins(1));
}

#[test]
fn kill_9_of_the_caller_leaves_nothing_behind() {
    let mut helper = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "helper_that_is_killed",
            "--nocapture",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(helper.stdout.take().unwrap()).lines();
    let started = lines
        .map(Result::unwrap)
        .find(|line| line.starts_with("STARTED "))
        .unwrap();
    let words: Vec<&str> = started.split(' ').collect();
    let (pid, folder) = (words[1].parse().unwrap(), Path::new(words[2]));
    assert!(runs(pid) && folder.exists());
    helper.kill().unwrap();
    helper.wait().unwrap();
    probe::until(
        "the guard has ended everything",
        Duration::from_secs(20),
        || Ok(!runs(pid) && !folder.exists()),
    )
    .unwrap();
}

#[test]
fn a_group_ends_with_its_leader() {
    let folder = folder("group");
    let guard = Arc::new(Guard::try_new(&folder).unwrap());
    let leader = Process::start(
        "leader",
        Command::new("sh").args(["-c", "sleep 600 & echo $!; wait"]),
        &folder.join("log"),
        Arc::clone(&guard),
        LastSignal::KillGroup,
    )
    .unwrap();
    let mut member = None;
    probe::until("the member has started", Duration::from_secs(20), || {
        member = std::fs::read_to_string(folder.join("log"))?
            .trim()
            .parse()
            .ok();
        Ok(member.is_some())
    })
    .unwrap();
    drop(leader);
    probe::until("the member has ended", Duration::from_secs(20), || {
        Ok(!member.is_some_and(runs))
    })
    .unwrap();
}

#[test]
fn a_process_that_ends_is_reported_with_its_log() {
    let folder = folder("ended");
    let guard = Arc::new(Guard::try_new(&folder).unwrap());
    let mut process = Process::start(
        "brief",
        Command::new("sh").args(["-c", "echo no luck; exit 3"]),
        &folder.join("log"),
        Arc::clone(&guard),
        LastSignal::Kill,
    )
    .unwrap();
    let error = process
        .until("is ready", Duration::from_secs(20), || false)
        .unwrap_err();
    let text = format!("{error:?}");
    assert!(
        text.contains("no luck") && text.contains("exit status: 3"),
        "{text}"
    );
}

/// The test needs the services' binaries: `LOCAL_SHOP_BINARIES=target/debug cargo test -p local-shop -- --ignored`.
#[test]
#[ignore = "needs built services"]
fn a_shop_starts_survives_kills_and_goes() {
    use local_shop::{Binaries, Member, Plan, Shop, Workload};
    #[expect(clippy::disallowed_methods, reason = "a test has no configuration")]
    let binaries = std::env::var("LOCAL_SHOP_BINARIES").unwrap();
    let plan = Plan {
        products: 2,
        orders: 2,
        ..Plan::new(Binaries::in_folder(Path::new(&binaries)))
    };
    let shop = Shop::start(plan).unwrap();
    let (folder, postmaster) = (shop.folder().to_owned(), shop.postgres().pid().unwrap());
    let members: Vec<Member> = shop.members().collect();
    assert_eq!(members.len(), 6);
    let pids: Vec<u32> = members
        .iter()
        .filter_map(|member| shop.pid(*member))
        .collect();
    assert_eq!(pids.len(), 6);
    for member in members {
        shop.restart(member).unwrap();
    }
    assert!(pids.iter().all(|pid| !runs(*pid)));
    shop.postgres().kill().unwrap();
    shop.postgres().start_again().unwrap();
    shop.stop(Member(Workload::Order, 1)).unwrap();
    shop.start_all().unwrap();
    assert_eq!(
        shop.sql("order", "SELECT count(*), 'x' FROM orders")
            .unwrap(),
        ["0|x"]
    );
    drop(shop);
    assert!(!folder.exists() && !runs(postmaster));
}
