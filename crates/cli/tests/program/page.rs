//! The page, as a browser and as a stranger would ask for it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;

use serde_json::json;

use crate::http::{Answer, connect, exchange, request};
use crate::program::{ITEM, Listen, run};

fn get(page: SocketAddr, path: &str, headers: &[&str]) -> Answer {
    exchange(page, request(&format!("GET {path}"), headers, ""))
}

const PATHS: [&str; 9] = [
    "/",
    "/deliveries",
    "/deliveries/1",
    "/events",
    "/%64eliveries",
    "//deliveries",
    "/x/../deliveries",
    "/nothing",
    "/deliveries/1/again",
];

const REFUSED: &str = "Open the page as `order-webhooks listen` prints it. Another name of this \
                       machine needs --page-host.\n";

#[test]
fn another_host_gets_nothing_at_any_path() {
    let listen = Listen::start(&[]);
    listen.post_item(&[], ITEM);
    let page = listen.page();
    let port = page.port();
    for path in PATHS {
        for host in [
            "evil.example".to_owned(),
            format!("evil.example:{port}"),
            format!("127.0.0.1.evil.example:{port}"),
            format!("localhost:{port}.evil.example"),
            format!("user@127.0.0.1:{port}"),
            format!("127.0.0.1:{port}, evil.example"),
            format!("0.0.0.0:{port}"),
            "127.0.0.1".to_owned(),
            "127.0.0.1:1".to_owned(),
            String::new(),
        ] {
            let answer = get(page, path, &[&format!("Host: {host}")]);
            assert_eq!(answer.status, 403, "{host} {path}");
            assert_eq!(answer.text(), REFUSED, "{host} {path}");
        }
        let own = format!("Host: {page}");
        assert_eq!(get(page, path, &[]).status, 403, "no host, {path}");
        assert_eq!(get(page, path, &[&own, "Host: evil.example"]).status, 403, "two, {path}");
        let absolute = format!("http://evil.example:{port}{path}");
        assert_eq!(get(page, &absolute, &[&own]).status, 403, "absolute, {path}");
    }
    for host in [format!("127.0.0.1:{port}"), format!("LOCALHOST:{port}"), format!("[::1]:{port}")]
    {
        assert_eq!(get(page, "/", &[&format!("Host: {host}")]).status, 200, "{host}");
    }
}

#[test]
fn a_post_needs_the_pages_own_origin_and_the_token() {
    let mut listen = Listen::start(&[]);
    listen.post_item(&[], ITEM);
    listen.next();
    let page = listen.page();
    let host = format!("Host: {page}");
    let own = format!("Origin: http://{page}");
    let token = format!("X-Order-Webhooks-Token: {}", listen.token());
    let longer = format!("{token}x");
    let (own, token, longer) = (own.as_str(), token.as_str(), longer.as_str());
    let post = |headers: &[&str]| {
        let headers = [&[host.as_str()], headers].concat();
        exchange(page, request("POST /deliveries/1/again", &headers, "")).status
    };
    for headers in [
        &[][..],
        &[own],
        &[token],
        &[token, "Origin: null"],
        &[token, "Origin: http://evil.example"],
        &[token, own, "Origin: http://evil.example"],
        &[token, "Origin: https://127.0.0.1"],
        &[own, "X-Order-Webhooks-Token:"],
        &[own, "X-Order-Webhooks-Token: x"],
        &[own, longer],
        &[own, token, token],
    ] {
        assert_eq!(post(headers), 403, "{headers:?}");
    }
    assert_eq!(post(&[own, token]), 200);
    for method in ["OPTIONS", "PUT", "DELETE"] {
        let asks = ["Origin: http://evil.example", "Access-Control-Request-Method: POST"];
        let headers = [&[host.as_str()], &asks[..]].concat();
        let answer = exchange(page, request(&format!("{method} /deliveries"), &headers, ""));
        assert_eq!(answer.status, 403, "{method}");
    }
    assert_eq!(listen.read("/deliveries").json()["came"], 2);
}

#[test]
fn no_answer_lets_another_origin_read() {
    let listen = Listen::start(&[]);
    let page = listen.page();
    let host = format!("Host: {page}");
    for path in PATHS.iter().filter(|path| **path != "/events") {
        for host in [host.as_str(), "Host: evil.example"] {
            let answer = get(page, path, &[host, "Origin: http://evil.example"]);
            let cors = answer.headers.iter().find(|(name, _)| name.starts_with("access-control"));
            assert_eq!(cors, None, "{path}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
            assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
            let policy = answer.header("content-security-policy").unwrap();
            assert!(policy.starts_with("default-src 'none'; "), "{path}: {policy}");
            assert!(policy.ends_with("frame-ancestors 'none'"), "{path}: {policy}");
        }
    }
}

#[test]
fn the_page_runs_nothing_but_its_own_script() {
    let listen = Listen::start(&[]);
    let [one, two] = [listen.read("/"), listen.read("/")];
    let nonce = |answer: &Answer| {
        let policy = answer.header("content-security-policy").unwrap().to_owned();
        let rest = policy.split_once("script-src 'nonce-").unwrap().1;
        rest.split_once('\'').unwrap().0.to_owned()
    };
    assert_ne!(nonce(&one), nonce(&two));
    let html = one.text();
    assert_eq!(html.matches(&format!("nonce=\"{}\"", nonce(&one))).count(), 3);
    for elsewhere in ["http-equiv", " src=", "@import", "innerHTML", "onclick=\""] {
        assert!(!html.contains(elsewhere), "{elsewhere}");
    }
}

/// Markup of a sender reaches the page as JSON only, which is no document.
#[test]
fn markup_stays_text() {
    let listen = Listen::start(&[]);
    let markup = "<script>alert(1)</script><img src=x onerror=alert(1)>";
    listen.post_item(&["X-Note: <b>"], markup);
    let answer = listen.read("/deliveries/1");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json()["requests"][0]["body"]["text"], markup);
    assert!(!listen.read("/").text().contains("alert(1)"));
}

#[test]
fn an_address_that_is_not_loopback_needs_the_token_for_reading() {
    let listen = Listen::start(&["--page", "0.0.0.0:0", "--page-host", "dev.example:80"]);
    let page = SocketAddr::from(([127, 0, 0, 1], listen.page().port()));
    let host = format!("Host: {page}");
    let link = listen.ready["page"].as_str().unwrap();
    let query = link.split_once("/?").unwrap().1;
    for path in ["/", "/deliveries", "/events", "/?token=x", "/?token="] {
        assert_eq!(get(page, path, &[&host]).status, 403, "{path}");
    }
    let opened = get(page, &format!("/?{query}"), &[&host]);
    assert_eq!((opened.status, opened.header("location")), (303, Some("/")));
    let cookie = opened.header("set-cookie").unwrap();
    let (pair, flags) = cookie.split_once(';').unwrap();
    assert_eq!(flags, " Path=/; HttpOnly; SameSite=Strict");
    let cookie = format!("Cookie: other=1; {pair}");
    assert_eq!(get(page, "/", &[&host, &cookie]).status, 200);
    assert_eq!(get(page, "/", &["Host: dev.example:80", &cookie]).status, 200);
    assert_eq!(get(page, "/", &["Host: evil.example", &cookie]).status, 403);
    assert_eq!(get(page, "/", &[&host, &format!("{cookie}x")]).status, 403);
}

#[test]
fn the_list_is_newest_first_filtered_and_in_parts() {
    let mut listen = Listen::start(&[]);
    for path in ["/musement", "/elsewhere", "/musement"] {
        run(&["send", "musement", &listen.url(path)]);
        listen.next();
    }
    run(&["send", "musement", &listen.url("/musement"), "--forge"]);
    for (query, ids) in [
        ("", vec![4, 3, 2, 1]),
        ("?before=3", vec![2, 1]),
        ("?webhook=musement.order_item", vec![4, 3, 1]),
        ("?webhook=musement.order_item&outcome=accepted", vec![3, 1]),
        ("?outcome=unknown+path", vec![2]),
        ("?outcome=challenged", vec![]),
    ] {
        let list = listen.read(&format!("/deliveries{query}")).json();
        let found: Vec<u64> = list["deliveries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["id"].as_u64().unwrap())
            .collect();
        assert_eq!(found, ids, "{query}");
    }
}

/// Eight tabs, each with its stream, and the ninth connection is still answered.
#[test]
fn every_tab_hears_of_a_delivery() {
    let listen = Listen::start(&[]);
    let page = listen.page();
    let mut tabs: Vec<_> = (0..8)
        .map(|_| {
            let mut stream = connect(page);
            let ask = format!("GET /events HTTP/1.1\r\nHost: {page}\r\n\r\n");
            stream.write_all(ask.as_bytes()).unwrap();
            let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
            assert_eq!(lines.next().unwrap(), "HTTP/1.1 200 OK");
            assert!(lines.any(|line| line == "data: reload"));
            lines
        })
        .collect();
    listen.post_item(&[], ITEM);
    for tab in &mut tabs {
        let line = tab.find(|line| line.starts_with("data: ")).unwrap();
        let event: serde_json::Value = serde_json::from_str(&line[6..]).unwrap();
        assert_eq!((&event["id"], &event["outcome"]), (&json!(1), &json!("accepted")));
    }
    assert_eq!(listen.read("/").status, 200);
}
