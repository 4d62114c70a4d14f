//! What is refused on the command line, and where secrets come from.

use crate::program::{Listen, command, run, text};

#[test]
fn every_help_has_an_example() {
    for words in [
        &["--help"][..],
        &["listen", "--help"],
        &["send", "--help"],
        &["send", "musement", "--help"],
        &["send", "porterbuddy", "--help"],
        &["send", "notification", "--help"],
        &["send", "port-out", "--help"],
        &["send", "v2", "--help"],
        &["replay", "--help"],
        &["subscriptions", "--help"],
        &["subscriptions", "list", "--help"],
        &["subscriptions", "ensure", "--help"],
        &["subscriptions", "delete", "--help"],
    ] {
        let help = run(words);
        assert_eq!(help.status.code(), Some(0), "{words:?}");
        let example = format!("\n  order-webhooks {}", words[..words.len() - 1].join(" "));
        assert!(text(&help.stdout).contains(&example), "{words:?}");
    }
}

#[test]
fn a_wrong_command_line_says_what_is_wrong() {
    for (words, error) in [
        ("listen --addr localhost:3000", "not an IP address and a port, such as 127.0.0.1:3000"),
        ("listen --page 3001", "not an IP address and a port, such as 127.0.0.1:3000"),
        ("listen --forward /hook", "a URL starts with http:// or https:// and a host"),
        ("listen --forward http://u:p@x/", "credentials are not taken from the URL"),
        ("listen --forward http://x/?a=b", "--forward takes a URL without a query"),
        ("listen --path fedex=/x", "the webhook must be musement, porterbuddy,"),
        ("listen --path musement", "not WEBHOOK=PATH, such as musement=/hooks/musement"),
        ("listen --path musement=x", "the path must start with /"),
        ("listen --memory 1", "1 is not in 8..=65535"),
        ("listen --page-host a/b", "--page-host a/b is not a host"),
        ("listen --password x", "unexpected argument '--password'"),
        ("replay", "<FILE>"),
        ("replay /nowhere http://x/", "/nowhere: No such file"),
        ("replay - http://x/ --rate 0", "invalid value '0' for '--rate <COUNT>'"),
    ] {
        let words: Vec<&str> = words.split_whitespace().collect();
        let ended = run(&words);
        assert_eq!(ended.status.code(), Some(2), "{words:?}");
        assert!(text(&ended.stderr).contains(error), "{words:?}: {}", text(&ended.stderr));
    }
}

#[test]
fn secrets_come_from_a_file_then_the_environment_then_the_samples() {
    let file = std::env::temp_dir().join(format!("order-webhooks-secrets-{}", std::process::id()));
    let lines = "\u{feff}# of the staging account\r\n\r\nPORTERBUDDY_API_KEY=a=b c\r\n";
    std::fs::write(&file, lines).unwrap();
    let name = file.to_str().unwrap();
    let mut listening = command(&["listen", "--json", "--addr", "127.0.0.1:0", "--secrets", name]);
    listening.env("PORTERBUDDY_API_KEY", "of the environment").env("BANDWIDTH_SECRET", "mine");
    let mut listen = Listen::of(listening, &[]);
    let sources = ["samples", "file", "samples", "samples", "environment"];
    for (row, source) in listen.ready["webhooks"].as_array().unwrap().iter().zip(sources) {
        assert_eq!(row["secrets"], source, "{row}");
    }
    let (url, v2) = (listen.url("/porterbuddy"), listen.url("/bandwidth/v2"));
    for (mut sending, outcome) in [
        (command(&["send", "porterbuddy", &url, "--secrets", name]), "accepted"),
        (command(&["send", "porterbuddy", &url]), "refused"),
        (command(&["send", "v2", &v2]), "refused"),
    ] {
        sending.output().unwrap();
        assert_eq!(listen.next()["outcome"], outcome);
    }
    assert!(
        command(&["send", "v2", &v2]).env("BANDWIDTH_SECRET", "mine").status().unwrap().success()
    );
    assert_eq!(listen.next()["outcome"], "accepted");
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn a_secret_that_is_not_right_is_a_sentence() {
    let file = std::env::temp_dir().join(format!("order-webhooks-wrong-{}", std::process::id()));
    let name = file.to_str().unwrap().to_owned();
    for (lines, error) in [
        ("PORTERBUDDY_KEY=x", "line 1 is not NAME=value with a known NAME"),
        ("\nPORTERBUDDY_API_KEY", "line 2 is not NAME=value with a known NAME"),
        ("BANDWIDTH_SECRET=x\nBANDWIDTH_SECRET=y", "line 2 sets BANDWIDTH_SECRET again"),
        ("PORTERBUDDY_API_KEY=", "PORTERBUDDY_API_KEY: "),
        (
            "MUSEMENT_PASSWORD=x",
            "MUSEMENT_PASSWORD is set and MUSEMENT_USERNAME is not: set both, or neither",
        ),
    ] {
        std::fs::write(&file, lines).unwrap();
        let ended = run(&["listen", "--secrets", &name]);
        assert_eq!(ended.status.code(), Some(2), "{lines}");
        let printed = text(&ended.stderr);
        assert!(printed.contains(error) && !printed.contains("=x"), "{lines}: {printed}");
    }
    std::fs::remove_file(&file).unwrap();
    let ended = command(&["listen"]).env("PORTERBUDDY_API_KEY", "").output().unwrap();
    assert!(text(&ended.stderr).contains("PORTERBUDDY_API_KEY: "), "{}", text(&ended.stderr));
}
