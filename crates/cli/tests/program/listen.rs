//! What `listen` makes of deliveries, and what it prints.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::{Value, json};

use crate::http::{exchange, request};
use crate::program::{BANDWIDTH_USER, ITEM, JOHN_SMITH, Listen, command, run, text};

#[test]
fn the_first_line_says_where_everything_is() {
    let listen = Listen::start(&[]);
    let url = |path| listen.url(path);
    let webhook = |name, path| json!({ "webhook": name, "url": url(path), "secrets": "samples" });
    assert_eq!(
        listen.ready,
        json!({
            "type": "ready",
            "receive": url(""),
            "page": format!("http://{}/", listen.page()),
            "forward": null,
            "webhooks": [
                webhook("musement.order_item", "/musement"),
                webhook("porterbuddy.order", "/porterbuddy"),
                webhook("bandwidth.notification", "/bandwidth/notifications"),
                webhook("bandwidth.port_out", "/bandwidth/port-out"),
                webhook("bandwidth.v2", "/bandwidth/v2"),
            ],
        })
    );
}

/// As the README shows them: `type` comes first, and an event keeps its provider's order.
#[test]
fn the_fields_of_a_line_are_in_their_documented_order() {
    let mut listen = Listen::start(&[]);
    let first = &listen.first_line;
    assert!(first.starts_with(r#"{"type":"ready","receive":"http://127.0.0.1:"#), "{first}");
    listen.post_item(&[], ITEM);
    let line = listen.next_line();
    assert!(line.starts_with(r#"{"type":"delivery","id":1,"again":null,"at":""#), "{line}");
    assert!(line.contains(&format!(r#""event":{ITEM},"provider":"delivered""#)), "{line}");
    assert!(line.contains(r#""requests":[{"at":""#), "{line}");
}

#[test]
fn every_delivery_has_an_outcome() {
    let mut listen = Listen::start(&[]);
    for (webhook, path, options, status, expected) in [
        ("musement", "/musement", "", 0, ("accepted", &[200][..], "", "credentials")),
        ("musement", "/musement", "--forge", 1, ("refused", &[401], "credentials_mismatch", "")),
        ("musement", "/musement", "--forge missing", 1, ("challenged", &[401], "challenged", "")),
        ("porterbuddy", "/porterbuddy", "", 0, ("accepted", &[200], "", "signature")),
        (
            "porterbuddy",
            "/porterbuddy",
            "--damage",
            1,
            ("refused", &[403], "signature_mismatch", ""),
        ),
        (
            "notification",
            "/bandwidth/notifications",
            "--type portins",
            0,
            ("accepted", &[401, 200], "", "credentials"),
        ),
        (
            "notification",
            "/bandwidth/notifications",
            "--no-bare-body",
            0,
            ("accepted", &[401, 200], "", "credentials"),
        ),
        (
            "notification",
            "/bandwidth/notifications",
            "--forge",
            1,
            ("refused", &[401, 401], "credentials_mismatch", ""),
        ),
        ("port-out", "/bandwidth/port-out", "", 0, ("accepted", &[401, 200], "", "credentials")),
        ("v2", "/bandwidth/v2", "", 0, ("accepted", &[200], "", "signature")),
        ("v2", "/elsewhere", "", 1, ("unknown path", &[404], "", "")),
    ] {
        let url = listen.url(path);
        let words = ["send", webhook, url.as_str(), "--quiet"];
        let options: Vec<&str> = options.split_whitespace().collect();
        let sent = run(&[&words[..], &options].concat());
        assert_eq!(sent.status.code(), Some(status), "{webhook} {options:?}: {sent:?}");
        let line = listen.next();
        let word = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let (outcome, statuses, code, proof) = expected;
        assert_eq!(
            (word("outcome").as_str(), &line["statuses"], &*word("code"), &*word("proof")),
            (outcome, &json!(statuses), code, proof),
            "{webhook} {options:?}"
        );
        assert_eq!(line["advice"].is_null(), outcome == "accepted", "{webhook} {options:?}");
    }
}

#[test]
fn what_a_sender_wrote_is_kept_as_it_is_in_json() {
    let mut listen = Listen::start(&[]);
    let status = "\u{1b}[2J\u{9b}31m\u{202e}\r\n<script>";
    let body = ITEM.replace("OK", &status.replace('\u{1b}', "\\u001b").replace("\r\n", "\\r\\n"));
    assert_eq!(listen.post_item(&["X-Note: \u{9b}2J", "Cookie: a=secret"], &body).status, 200);
    let line = listen.next_line();
    assert!(!line.chars().any(char::is_control), "{line}");
    assert!(!line.contains('\u{202e}'), "{line}");
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["event"]["order_item_status"], status);
    assert_eq!(line["requests"][0]["body"], json!({ "bytes": body.len(), "text": body }));
    let headers = &line["requests"][0]["headers"];
    assert!(headers.as_array().unwrap().contains(&json!(["x-note", "\u{9b}2J"])), "{headers}");
    assert!(headers.as_array().unwrap().contains(&json!(["cookie", "(hidden)"])), "{headers}");
    assert!(headers.as_array().unwrap().contains(&json!(["authorization", "Basic (hidden)"])));

    let bytes = b"\xff\r\n\0";
    assert_eq!(listen.post_item(&[], bytes).status, 400);
    let line = listen.next();
    assert_eq!(line["outcome"], "unreadable");
    assert_eq!(line["requests"][0]["body"], json!({ "bytes": 4, "base64": "/w0KAA==" }));
}

#[test]
fn nothing_that_a_sender_wrote_controls_the_terminal() {
    let words = ["listen", "--addr", "127.0.0.1:0", "--page", "127.0.0.1:0"];
    let mut process = command(&words).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    let address = first.strip_prefix("Receiving at http://").unwrap().parse().unwrap();
    let status = "\\u001b[2J\u{9b}31m\u{202e}\\r\\nforged line";
    let headers = ["Host: \u{9b}2J", JOHN_SMITH];
    let body = ITEM.replace("OK", status);
    assert_eq!(exchange(address, request("POST /musement", &headers, body)).status, 200);
    let body = "<Notification><OrderId>\u{9b}2J\u{202e}</OrderId></Notification>";
    let headers = ["Host: x", BANDWIDTH_USER];
    let sent = request("POST /bandwidth/notifications", &headers, body);
    assert_eq!(exchange(address, sent).status, 200);
    let path = "POST /\u{9b}31m\u{202e}";
    assert_eq!(exchange(address, request(path, &headers, "")).status, 404);
    let id = process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let printed: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(process.wait().unwrap().code(), Some(0));
    let printed = printed.join("\n");
    assert!(printed.contains(r"\u{1b}[2J\u{9b}31m\u{202e}\r\nforged line"), "{printed}");
    assert!(printed.contains(r"200 accepted \u{9b}2J\u{202e}"), "{printed}");
    assert!(printed.contains(r"/\u{9b}31m\u{202e} 404 unknown path"), "{printed}");
    assert!(!printed.replace('\n', "").chars().any(char::is_control), "{printed:?}");
    assert!(!printed.contains('\u{202e}'), "{printed}");
    assert!(printed.contains("sample secrets"), "{printed}");
    assert!(
        printed
            .contains("For development: deliveries are kept in memory, and forgotten at the end.")
    );
}

#[test]
fn a_challenge_that_nobody_answers_is_printed_at_the_end() {
    let listen = Listen::start(&[]);
    let url = listen.url("/bandwidth/notifications");
    run(&["send", "notification", &url, "--forge", "missing"]);
    let (lines, status) = listen.interrupt();
    let line: Value = serde_json::from_str(&lines[0]).unwrap();
    assert_eq!((&line["outcome"], &line["statuses"]), (&json!("challenged"), &json!([401])));
    assert_eq!((lines.len(), status), (1, Some(0)));
}

/// The second request of a challenge is the first one once more, from the same sender.
#[test]
fn what_is_not_the_same_request_again_is_a_delivery_of_its_own() {
    let path = "/bandwidth/notifications";
    let query = "/bandwidth/notifications?a=b";
    let body = "<Notification><Status>COMPLETE</Status></Notification>";
    for (challenged, then, statuses) in [
        ((path, body), (path, body), json!([401, 200])),
        ((path, ""), (path, body), json!([401, 200])),
        ((path, body), (path, "<Notification/>"), json!([200])),
        ((path, body), (query, body), json!([200])),
    ] {
        let mut listen = Listen::start(&[]);
        let post = |(path, body): (&str, &str), headers: &[&str]| {
            let headers = [&["Host: x"], headers].concat();
            exchange(listen.receive(), request(&format!("POST {path}"), &headers, body)).status
        };
        assert_eq!(post(challenged, &[]), 401);
        assert_eq!(post(then, &[BANDWIDTH_USER]), 200);
        assert_eq!(listen.next()["statuses"], statuses, "{challenged:?} {then:?}");
    }
}

#[test]
fn the_answer_to_a_port_out_is_the_one_that_was_chosen() {
    for (option, answer) in [
        (&[][..], "= port-out denied: 7598 (exception)\n"),
        (&["--allow-port-outs"], "= port-out approved, as the receiver answered\n"),
    ] {
        let listen = Listen::start(option);
        let sent = run(&["send", "port-out", &listen.url("/bandwidth/port-out")]);
        assert!(text(&sent.stdout).contains(answer), "{}", text(&sent.stdout));
    }
}

#[test]
fn another_path_can_be_chosen_and_two_webhooks_cannot_share_one() {
    let mut listen = Listen::start(&["--path", "musement=/hooks/m", "--path", "v2=/musement"]);
    let sent = run(&["send", "musement", &listen.url("/hooks/m?a=b")]);
    assert_eq!(sent.status.code(), Some(0));
    assert_eq!(listen.next()["webhook"], "musement.order_item");
    let same = run(&["listen", "--path", "musement=/x", "--path", "v2=/x"]);
    assert_eq!(same.status.code(), Some(2));
    let error = "order-webhooks: two webhooks have the path /x: choose another with --path\n";
    assert_eq!(text(&same.stderr), error);
}

#[test]
fn a_port_that_is_in_use_is_a_sentence() {
    let used = TcpListener::bind("127.0.0.1:0").unwrap();
    let used = used.local_addr().unwrap().to_string();
    for (option, other) in [("--addr", "--page"), ("--page", "--addr")] {
        let ended = run(&["listen", option, &used, other, "127.0.0.1:0"]);
        assert_eq!(ended.status.code(), Some(2));
        assert_eq!(
            text(&ended.stderr),
            format!(
                "order-webhooks: {used} is in use: stop the program that uses it, or choose \
                 another address with {option}\n"
            )
        );
    }
}

#[test]
fn a_body_that_is_too_large_or_cut_short_is_a_delivery_too() {
    let mut listen = Listen::start(&[]);
    let large = vec![b'x'; (1 << 20) + 1];
    assert_eq!(listen.post_item(&[], large).status, 413);
    let line = listen.next();
    assert_eq!((&line["outcome"], &line["code"]), (&json!("refused"), &json!("too_large")));

    let cut = request("POST /musement", &["Host: x", JOHN_SMITH, "Content-Length: 9"], "");
    let mut stream = crate::http::connect(listen.receive());
    stream.write_all(&cut).unwrap();
    drop(stream);
    assert_eq!(listen.next()["code"], "incomplete");
}

/// Nobody reads the output here, so its pipe fills: no sender waits for that.
#[test]
fn what_is_kept_is_bounded_in_bytes() {
    let listen = Listen::start(&["--memory", "8"]);
    let body = vec![b' '; 1 << 20];
    for _ in 0..12 {
        assert_eq!(listen.post_item(&[], &body).status, 400);
    }
    let list = listen.read("/deliveries").json();
    assert_eq!((&list["kept"], &list["came"]), (&json!(7), &json!(12)));
    assert_eq!(listen.read("/deliveries/5").status, 404);
    assert_eq!(listen.read("/deliveries/6").status, 200);
    assert_eq!(listen.again(5).status, 404);
}

/// A header that is kept must not keep the buffer that it was read into.
#[cfg(target_os = "linux")]
#[test]
fn small_deliveries_take_little_memory() {
    let listen = Listen::start(&["--memory", "8"]);
    send_at_once(&listen, 250);
    let status = std::fs::read_to_string(format!("/proc/{}/status", listen.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kilobytes: u64 = line.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    assert!(kilobytes < 32_000, "{kilobytes} kB for 2,000 deliveries");
}

/// Eight senders, each with so many deliveries of an item.
fn send_at_once(listen: &Listen, count: usize) {
    let address = listen.receive();
    let senders: Vec<_> = (0..8)
        .map(|_| {
            thread::spawn(move || {
                for _ in 0..count {
                    let headers = ["Host: x", JOHN_SMITH];
                    let answer = exchange(address, request("POST /musement", &headers, ITEM));
                    assert_eq!(answer.status, 200);
                }
            })
        })
        .collect();
    for sender in senders {
        sender.join().unwrap();
    }
}

/// Nobody reads the output here either.
#[test]
fn many_senders_at_once_are_all_kept() {
    let listen = Listen::start(&[]);
    send_at_once(&listen, 25);
    let list = listen.read("/deliveries?outcome=accepted").json();
    assert_eq!((&list["kept"], &list["came"]), (&json!(200), &json!(200)));
    let ids: Vec<u64> = list["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, (1..=200).rev().collect::<Vec<_>>());
}
