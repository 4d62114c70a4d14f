//! `subscriptions`, against a stand-in of Bandwidth's API.

use std::process::{Command, Output};

use crate::application::Application;
use crate::program::{command, run, text};

const LIST: &str = "<SubscriptionsResponse><Subscriptions>\
     <Subscription><SubscriptionId>ours</SubscriptionId><OrderType>portins</OrderType>\
     <CallbackSubscription><URL>https://shop.example/hook</URL><Expiry>864000</Expiry>\
     <Status>200 OK</Status><CallbackCredentials><BasicAuthentication><Username>u</Username>\
     </BasicAuthentication></CallbackCredentials></CallbackSubscription></Subscription>\
     <Subscription><SubscriptionId>theirs</SubscriptionId><OrderType>portins</OrderType>\
     <CallbackSubscription><URL>https://other.example/\u{9b}31m</URL><Expiry>3600</Expiry>\
     </CallbackSubscription></Subscription></Subscriptions></SubscriptionsResponse>";
const EMPTY: &str = "<SubscriptionsResponse/>";

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

fn subscriptions(words: &[&str]) -> Command {
    let mut command = command(&[&["subscriptions"], words].concat());
    command.env("BANDWIDTH_API_USERNAME", "api-user");
    command.env("BANDWIDTH_API_PASSWORD", "api-password");
    command.env("BANDWIDTH_USERNAME", "u").env("BANDWIDTH_PASSWORD", "a<secret>");
    command
}

fn ensure(api: &str, more: &[&str]) -> Output {
    let words = ["ensure", "--account", "9900000", "--api", api, "--orders", "portins"];
    let url = ["--url", "https://shop.example/hook"];
    subscriptions(&[&words[..], &url, more].concat()).output().unwrap()
}

fn first_lines(application: &Application) -> Vec<String> {
    let all = (0..application.count).map(|_| application.next_text());
    all.map(|text| text.lines().next().unwrap().to_owned()).collect()
}

const ACCOUNT: &str = "/accounts/9900000/subscriptions";

#[test]
fn the_list_shows_every_service_and_controls_no_terminal() {
    let api = Application::answering(&[&answer("200 OK", "", LIST)]);
    let words = ["list", "--account", "9900000", "--api", &api.url];
    let ended = subscriptions(&words).output().unwrap();
    assert_eq!(
        text(&ended.stdout),
        "ours  portins  https://shop.example/hook  10 days left, last answer 200 OK\n\
         theirs  portins  https://other.example/\\u{9b}31m  0 days left\n"
    );
    let asked = api.next_text();
    let authorization = "authorization: Basic YXBpLXVzZXI6YXBpLXBhc3N3b3Jk\r\n";
    assert!(asked.contains(authorization), "{asked}");
    let api = Application::answering(&[&answer("200 OK", "", EMPTY)]);
    let mut listing = subscriptions(&["list", "--account", "9900000", "--api", &api.url]);
    let ended = listing.env("BANDWIDTH_API_TOKEN", "a-token").output().unwrap();
    assert_eq!(text(&ended.stdout), "There are none.\n");
    assert!(api.next_text().contains("authorization: Bearer a-token\r\n"));
}

#[test]
fn what_is_ours_is_made_as_wanted() {
    let location = format!("Location: http://x{ACCOUNT}/new\r\n");
    let list = answer("200 OK", "", LIST);
    let empty = answer("200 OK", "", EMPTY);
    let created = answer("201 Created", &location, "");
    let done = answer("200 OK", "", "");
    let (get, put) = (format!("GET {ACCOUNT} HTTP/1.1"), format!("PUT {ACCOUNT}/ours HTTP/1.1"));
    let post = format!("POST {ACCOUNT} HTTP/1.1");
    for (options, answers, sent, printed) in [
        (&[][..], vec![&list], vec![&get], "ours is there, as wanted\n"),
        (&["--margin", "30"], vec![&list, &done], vec![&get, &put], "Replaced ours\n"),
        (&["--no-credentials"], vec![&list, &done], vec![&get, &put], "Replaced ours\n"),
        (&[], vec![&empty, &created], vec![&get, &post], "Created new\n"),
        (
            &["--margin", "30"],
            vec![&empty, &answer("409 Conflict", "", ""), &list, &done],
            vec![&get, &post, &get, &put],
            "Replaced ours\n",
        ),
    ] {
        let answers: Vec<&str> = answers.into_iter().map(String::as_str).collect();
        let api = Application::answering(&answers);
        let ended = ensure(&api.url, options);
        assert_eq!(text(&ended.stdout), printed, "{options:?}: {ended:?}");
        assert_eq!(ended.status.code(), Some(0));
        assert_eq!(first_lines(&api).iter().collect::<Vec<_>>(), sent, "{options:?}");
    }
}

#[test]
fn one_is_deleted_by_its_id() {
    let api = Application::answering(&[&answer("200 OK", "", "")]);
    let words = ["delete", "--account", "9900000", "--api", &api.url, "a b"];
    let ended = subscriptions(&words).output().unwrap();
    assert_eq!(text(&ended.stdout), "Deleted a b\n");
    assert_eq!(first_lines(&api), [format!("DELETE {ACCOUNT}/a%20b HTTP/1.1")]);
    for id in ["", "..", "a/b"] {
        let ended = subscriptions(&["delete", "--account", "9900000", id]).output().unwrap();
        assert_eq!(ended.status.code(), Some(2), "{id:?}");
    }
}

#[test]
fn a_dry_run_sends_nothing_and_shows_no_secret() {
    let api = Application::answering(&[]);
    let ended = ensure(&api.url, &["--dry-run"]);
    let body = "<?xml version=\"1.0\"?><Subscription><OrderType>portins</OrderType>\
                <CallbackSubscription><URL>https://shop.example/hook</URL>\
                <Expiry>315360000</Expiry><CallbackCredentials><BasicAuthentication>\
                <Username>u</Username><Password>(hidden)</Password></BasicAuthentication>\
                </CallbackCredentials></CallbackSubscription></Subscription>";
    let head = "authorization: Basic (hidden)\naccept: application/xml";
    let url = format!("{}{ACCOUNT}", api.url);
    let printed = format!(
        "# First, what is there:\nGET {url}\n{head}\n\n\
         # If none is yours:\nPOST {url}\n{head}\ncontent-type: application/xml\n\n{body}\n\n\
         # If one is yours, and not as wanted:\nPUT {url}/ID\n{head}\n\
         content-type: application/xml\n\n{body}\n\n"
    );
    assert_eq!(text(&ended.stdout), printed);
    let words = ["delete", "--account", "1", "--api", &api.url, "x", "--dry-run"];
    let ended = run(&[&["subscriptions"], &words[..]].concat());
    let url = format!("{}/accounts/1/subscriptions/x", api.url);
    assert_eq!(text(&ended.stdout), format!("DELETE {url}\n{head}\n\n"));
}

#[test]
fn a_refusal_says_what_to_do() {
    let said = "<Response><Code>12001</Code><Description>no \u{9b}rights</Description></Response>";
    let api = Application::answering(&[&answer("401 Unauthorized", "", said)]);
    let ended = ensure(&api.url, &[]);
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(
        text(&ended.stderr),
        "order-webhooks: Bandwidth has refused it: the answer has the status 401: 12001 no \
         \\u{9b}rights. Check BANDWIDTH_API_USERNAME and its password, or BANDWIDTH_API_TOKEN\n"
    );
    let account = ["--account", "9900000"];
    for (words, error) in [
        (&["list", "--account", "1"][..], "BANDWIDTH_API_USERNAME is not set: put it into the"),
        (&["list"], "--account <ACCOUNT>"),
        (&["list", "--dry-run", "--account", "../1"], "an id must be 1 to 255 bytes"),
        (
            &["list", "--dry-run", "--account", "1", "--api", "http://x"],
            "the base URL must be an https",
        ),
        (
            &["ensure", "--dry-run", account[0], account[1], "--url", "u"],
            "<--orders <TYPE>|--events <TYPE>>",
        ),
        (
            &[
                "ensure",
                "--dry-run",
                account[0],
                account[1],
                "--url",
                "https://x/",
                "--orders",
                "x",
            ],
            "BANDWIDTH_USERNAME is not set",
        ),
    ] {
        let ended = run(&[&["subscriptions"], words].concat());
        assert_eq!(ended.status.code(), Some(2), "{words:?}");
        assert!(text(&ended.stderr).contains(error), "{words:?}: {}", text(&ended.stderr));
    }
}
