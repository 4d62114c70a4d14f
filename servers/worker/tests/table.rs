//! The table, over the module in workerd, the runtime of Cloudflare's Workers.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

/// workerd's configuration, but for the modules. The command gives the address.
const CONFIG: &str = r#"
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "receiver", worker = .receiver)],
  sockets = [(name = "http", http = (), service = "receiver")],
);
const receiver :Workerd.Worker = (compatibilityDate = "2025-09-01", modules = [
"#;

#[tokio::test]
#[ignore = "needs wasm-bindgen and workerd, see tools/servers.sh"]
async fn the_table_in_workerd() {
    let folder = std::env::temp_dir().join(format!("receiver-worker-{}", std::process::id()));
    build(&folder);
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut workerd = Command::new("workerd");
    workerd.arg("serve").arg(folder.join("config.capnp"));
    workerd.arg(format!("--socket-addr=http={address}"));
    let running = Running(workerd.spawn().unwrap());
    listens(address).await;
    let rows = deliveries::joined(deliveries::table());
    deliveries::check(rows, deliveries::over(address)).await;
    drop(running);
    fs::remove_dir_all(folder).unwrap();
}

/// Builds the module, and puts all that workerd needs into the folder.
fn build(folder: &Path) {
    let test = std::env::current_exe().unwrap();
    let target_dir = test.ancestors().nth(3).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--quiet", "--package", "receiver-worker"]);
    cargo.args(["--target", "wasm32-unknown-unknown", "--target-dir"]).arg(target_dir);
    assert!(cargo.status().unwrap().success());
    let module = target_dir.join("wasm32-unknown-unknown/release/receiver_worker.wasm");
    let mut bindgen = Command::new("wasm-bindgen");
    bindgen.args(["--target", "bundler", "--out-dir"]).arg(folder).arg(module);
    assert!(bindgen.status().unwrap().success());
    fs::write(folder.join("entry.mjs"), include_str!("../entry.mjs")).unwrap();
    let mut modules = vec![
        ("entry.mjs".to_owned(), "esModule"),
        ("receiver_worker_bg.js".to_owned(), "esModule"),
        ("receiver_worker_bg.wasm".to_owned(), "wasm"),
    ];
    // JavaScript that the crates bring along.
    for snippet in fs::read_dir(folder.join("snippets")).unwrap() {
        for file in fs::read_dir(snippet.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            modules.push((name, "esModule"));
        }
    }
    let mut config = CONFIG.to_owned();
    for (name, kind) in modules {
        writeln!(config, "  (name = \"{name}\", {kind} = embed \"{name}\"),").unwrap();
    }
    config.push_str("]);\n");
    fs::write(folder.join("config.capnp"), config).unwrap();
}

async fn listens(address: SocketAddr) {
    for _ in 0..100 {
        if tokio::net::TcpStream::connect(address).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("workerd does not listen");
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
