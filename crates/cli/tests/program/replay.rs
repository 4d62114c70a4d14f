//! `replay`: kept deliveries, signed again.

use std::io::Write as _;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::program::{ITEM, Listen, command, text};

fn line(webhook: &str, body: &str) -> String {
    let at = "2026-07-01T12:00:00Z";
    json!({ "webhook": webhook, "verified_at": at, "body": body }).to_string()
}

fn order(id: u32) -> String {
    line("porterbuddy.order", &format!("{{\r\n\"orderId\":\"{id}\",\"orderStatus\":\"ready\"}}"))
}

fn notification() -> String {
    line("bandwidth.notification", "<Notification><Status>COMPLETE</Status></Notification>")
}

fn replay(listen: &Listen, lines: &[String], options: &[&str]) -> Output {
    let url = listen.url("/");
    let mut replaying = command(&[&["replay", "-", &url], options].concat());
    let replaying = replaying.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = replaying.spawn().unwrap();
    process.stdin.take().unwrap().write_all(lines.join("\n").as_bytes()).unwrap();
    process.wait_with_output().unwrap()
}

fn ids(listen: &mut Listen, count: usize) -> Vec<Value> {
    (0..count).map(|_| listen.next()["event"]["orderId"].clone()).collect()
}

#[test]
fn every_webhook_is_sent_again_in_order() {
    let mut listen = Listen::start(&[]);
    let lines = [
        order(1),
        line("musement.order_item", ITEM),
        String::new(),
        notification(),
        line("bandwidth.v2", r#"{"a":1}"#),
        order(2),
    ];
    let ended = replay(&listen, &lines, &[]);
    assert_eq!(text(&ended.stdout), "5 delivered, 0 not delivered\n", "{ended:?}");
    assert_eq!((ended.status.code(), text(&ended.stderr)), (Some(0), ""));
    let came: Vec<Value> = (0..5).map(|_| listen.next()).collect();
    let names: Vec<&str> = came.iter().map(|one| one["webhook"].as_str().unwrap()).collect();
    let expected = [
        "porterbuddy.order",
        "musement.order_item",
        "bandwidth.notification",
        "bandwidth.v2",
        "porterbuddy.order",
    ];
    assert_eq!(names, expected);
    assert!(came.iter().all(|one| one["outcome"] == "accepted"), "{came:?}");
    let body = "{\r\n\"orderId\":\"1\",\"orderStatus\":\"ready\"}";
    assert_eq!(came[0]["requests"][0]["body"]["text"], body);
}

#[test]
fn it_stops_at_a_failure_and_says_how_to_go_on() {
    let mut listen = Listen::start(&[]);
    let lines = [order(1), line("musement.order_item", "{}"), order(2)];
    let ended = replay(&listen, &lines, &[]);
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(text(&ended.stdout), "1 delivered, 1 not delivered\n");
    assert_eq!(
        text(&ended.stderr),
        "line 2: musement.order_item: 400 is not a confirmation\n\
         Stopped. Go on with --from 2, or with --keep-going.\n"
    );
    assert_eq!(ids(&mut listen, 2), [json!("1"), Value::Null]);

    let ended = replay(&listen, &lines, &["--keep-going", "--from", "2"]);
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(text(&ended.stdout), "1 delivered, 1 not delivered\n");
    assert_eq!(ids(&mut listen, 2), [Value::Null, json!("2")]);

    let ended = replay(&listen, &lines, &["--from", "4"]);
    assert_eq!(text(&ended.stdout), "0 delivered, 0 not delivered\n");
    let ended = replay(&listen, &lines, &["--from", "5"]);
    assert_eq!(ended.status.code(), Some(2));
    let error = "order-webhooks: - has 3 lines: none is left with --from 5\n";
    assert_eq!(text(&ended.stderr), error);
}

#[test]
fn a_line_that_is_no_envelope_is_named() {
    let listen = Listen::start(&[]);
    for (wrong, error) in [
        ("{", "-: line 2: not an envelope: "),
        (&*line("acme.stock", "7"), "-: line 2: no webhook of this program is called acme.stock"),
    ] {
        let ended = replay(&listen, &[order(1), wrong.to_owned()], &[]);
        assert_eq!(ended.status.code(), Some(2));
        assert!(text(&ended.stderr).contains(error), "{}", text(&ended.stderr));
    }
}

#[test]
fn a_rate_is_kept() {
    let listen = Listen::start(&[]);
    let lines: Vec<String> = (1..=5).map(order).collect();
    let started = Instant::now();
    let ended = replay(&listen, &lines, &["--rate", "10"]);
    assert_eq!(text(&ended.stdout), "5 delivered, 0 not delivered\n");
    assert!(started.elapsed() >= Duration::from_millis(400));
}

#[test]
fn the_secrets_are_those_of_today() {
    let mut listen = Listen::start(&[]);
    let url = listen.url("");
    let file = std::env::temp_dir().join(format!("order-webhooks-replay-{}", std::process::id()));
    std::fs::write(&file, notification()).unwrap();
    let mut replaying = command(&["replay", file.to_str().unwrap(), &url]);
    replaying.env("BANDWIDTH_USERNAME", "u").env("BANDWIDTH_PASSWORD", "p");
    assert_eq!(replaying.output().unwrap().status.code(), Some(1));
    assert_eq!(listen.next()["code"], "credentials_mismatch");
    std::fs::remove_file(&file).unwrap();
}
