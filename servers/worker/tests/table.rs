//! The table: natively, as a module in an interpreter, and as a module that
//! `worker.mjs` serves in Node.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use bytes::Bytes;
use http::{Request, Response};
use order_webhooks::Head;
use serde_json::{Value, json};
use shop::Webhooks;
use wasmi::{Engine, Error, Instance, Linker, Module, Store, WasmParams, WasmResults};

#[tokio::test]
async fn the_table_natively() {
    let webhooks = Webhooks::new().unwrap();
    let send = async |request: Request<Bytes>| {
        let standing_by = RefCell::new(None);
        let stand_by = |answer| *standing_by.borrow_mut() = Some(answer);
        let (path, head) = (request.uri().path(), Head::from(&request));
        let answer = catch_unwind(AssertUnwindSafe(|| {
            receiver_worker::answer(&webhooks, path, &head, request.body(), stand_by)
        }));
        answer.unwrap_or_else(|_| standing_by.take().expect("an answer").to_response())
    };
    deliveries::check(deliveries::table(), send).await;
}

#[tokio::test]
#[ignore = "needs the target wasm32-unknown-unknown, see tools/servers.sh"]
async fn the_table_in_an_interpreter() {
    let module = RefCell::new(Interpreted::new(&std::fs::read(&*MODULE).unwrap()));
    let send = async |request: Request<Bytes>| module.borrow_mut().send(&request);
    deliveries::check(deliveries::table(), send).await;
}

#[tokio::test]
#[ignore = "needs the target wasm32-unknown-unknown and node, see tools/servers.sh"]
async fn the_table_in_node() {
    let mut node = Command::new("node");
    node.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/serve.mjs")).arg(&*MODULE);
    let mut server = Killed(node.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
    let mut port = String::new();
    BufReader::new(server.0.stdout.take().unwrap()).read_line(&mut port).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], port.trim().parse().unwrap()));
    let rows = deliveries::joined(deliveries::table());
    deliveries::check(rows, deliveries::over(address)).await;
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The module, built for its target.
static MODULE: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = ["--target", "wasm32-unknown-unknown"];
    let test = std::env::current_exe().unwrap();
    let target_dir = test.ancestors().nth(3).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--quiet", "--package", "receiver-worker"]).args(target);
    cargo.arg("--target-dir").arg(target_dir).current_dir(env!("CARGO_MANIFEST_DIR"));
    assert!(cargo.status().unwrap().success());
    target_dir.join(target[1]).join("release/receiver_worker.wasm")
});

/// The module in an interpreter, and a host of it.
struct Interpreted {
    store: Store<()>,
    instance: Instance,
}

impl Interpreted {
    fn new(module: &[u8]) -> Self {
        let engine = Engine::default();
        let module = Module::new(&engine, module).unwrap();
        let mut store = Store::new(&engine, ());
        let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module).unwrap();
        Self { store, instance }
    }

    fn call<P: WasmParams, R: WasmResults>(&mut self, name: &str, given: P) -> Result<R, Error> {
        let function = self.instance.get_typed_func(&self.store, name)?;
        function.call(&mut self.store, given)
    }

    fn send(&mut self, request: &Request<Bytes>) -> Response<Bytes> {
        let headers = request.headers().iter();
        let headers: Vec<_> =
            headers.map(|(name, value)| [name.as_str(), value.to_str().unwrap()]).collect();
        let (method, path) = (request.method().as_str(), request.uri().path());
        let mut message = json!({ "method": method, "path": path, "headers": headers }).to_string();
        message.push('\n');
        let message = [message.as_bytes(), request.body()].concat();

        let memory = self.instance.get_memory(&self.store, "memory").unwrap();
        let room: u32 = self.call("room", u32::try_from(message.len()).unwrap()).unwrap();
        memory.write(&mut self.store, room as usize, &message).unwrap();
        // An error is a panic: its answer stands there all the same.
        let _ = self.call::<(), ()>("receive", ());
        let at: u32 = self.call("answer_at", ()).unwrap();
        let length: u32 = self.call("answer_length", ()).unwrap();
        let mut answer = vec![0; length as usize];
        memory.read(&self.store, at as usize, &mut answer).unwrap();

        let line = answer.iter().position(|byte| *byte == b'\n').unwrap();
        let head: Value = serde_json::from_slice(&answer[..line]).unwrap();
        let mut response = Response::builder().status(head["status"].to_string().as_str());
        for header in head["headers"].as_array().unwrap() {
            response = response.header(header[0].as_str().unwrap(), header[1].as_str().unwrap());
        }
        response.body(Bytes::copy_from_slice(&answer[line + 1..])).unwrap()
    }
}
