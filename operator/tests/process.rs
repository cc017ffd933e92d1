//! The process itself: its logs and readiness without a cluster, and its end at SIGTERM.

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Ends with the test.
struct Operator(Child);

impl Drop for Operator {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Far less than a pod's grace period, on a busy machine.
const IN_TIME: Duration = Duration::from_secs(20);

#[tokio::test]
async fn without_a_cluster_it_is_not_ready_and_still_ends_in_time() {
    let folder = std::env::temp_dir().join(format!("operator-process-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let config = folder.join("kubeconfig");
    // No server listens there.
    let cluster = r#"{"current-context":"none","contexts":[{"name":"none","context":{"cluster":"none","user":"none"}}],
        "users":[{"name":"none","user":{}}],"clusters":[{"name":"none","cluster":{"server":"http://127.0.0.1:1"}}]}"#;
    std::fs::write(&config, cluster).unwrap();
    let port = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let address = format!("127.0.0.1:{port}");
    let child = Command::new(env!("CARGO_BIN_EXE_ecommercestack-operator"))
        .args(["--metrics-address", &address])
        .env("KUBECONFIG", &config)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut operator = Operator(child);

    let began = Instant::now();
    loop {
        let said = match reqwest::get(format!("http://{address}/readyz")).await {
            Ok(answer) => {
                assert_eq!(answer.status(), 503);
                answer.text().await.unwrap()
            }
            Err(error) => error.to_string(),
        };
        if said.contains("the EcommerceStack CRD cannot be read") {
            break;
        }
        assert!(began.elapsed() < IN_TIME, "{said}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let told = Command::new("kill")
        .args(["-TERM", &operator.0.id().to_string()])
        .status()
        .unwrap();
    assert!(told.success());
    let began = Instant::now();
    let status = loop {
        if let Some(status) = operator.0.try_wait().unwrap() {
            break status;
        }
        assert!(began.elapsed() < IN_TIME, "it goes on");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert!(status.success(), "{status}");
    std::fs::remove_dir_all(&folder).unwrap();
}
