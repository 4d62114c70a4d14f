//! Measures order-webhooks beside its neighbours; see README.md.
#![allow(clippy::cast_precision_loss, reason = "times and lengths are far below 2^53")]
#![cfg_attr(feature = "allocations", allow(dead_code, unused_imports))]

#[cfg(feature = "allocations")]
mod allocations;
mod bodies;
mod by_hand;
mod delivery;
mod instructions;
mod measure;
mod parse;
mod plot;
mod requests;
mod table;
mod verify;

use std::path::Path;
use std::process::ExitCode;

use crate::measure::rounds;
use crate::plot::Plot;
use crate::table::{Table, nanoseconds};

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let holds = match *words {
        #[cfg(not(feature = "allocations"))]
        ["times", folder] => times(Path::new(folder)),
        #[cfg(feature = "allocations")]
        ["heap"] => allocations::print(),
        ["instructions"] => instructions::print(),
        // Run by `instructions` under valgrind.
        ["parse", numbers, times] => {
            instructions::parse(numbers.parse().unwrap(), times.parse().unwrap());
            true
        }
        _ => {
            eprintln!("run.sh calls this: `times FOLDER`, `heap` or `instructions`");
            return ExitCode::from(2);
        }
    };
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints the table, and draws the plots into this folder.
fn times(plots: &Path) -> bool {
    let mut table = Table::new();
    let verified = verification(&mut table);
    basic(&mut table);
    json(&mut table);
    let xml = xml(&mut table);
    port_out(&mut table);
    whole_requests(&mut table);
    verified.write(&plots.join("verification.svg")).unwrap();
    xml.write(&plots.join("xml.svg")).unwrap();
    table.print()
}

fn verification(table: &mut Table) -> Plot {
    let ways = ["ours", "sha2", "webhook-verify", "ring", "svix"];
    let mut plot = Plot::new("Verifying a body", "body, bytes", &ways);
    for (length, name, most) in [
        (64, None, 0.0),
        (200, Some("verify 200 B"), 0.0),
        (1 << 10, Some("verify 1 KiB"), 0.0),
        (1 << 13, None, 0.0),
        (1 << 16, Some("verify 64 KiB"), 1.01),
        (1 << 20, Some("verify 1 MiB"), 1.01),
    ] {
        let body = verify::body(length);
        let times = rounds(&mut verify::ways(&body));
        plot.point(length as f64, &times);
        let Some(name) = name else { continue };
        table.group(name, &times, "sha2");
        // A short body has fixed costs that the work by hand has, too.
        if most > 0.0 {
            table.target(name, &times, &["sha2"], most);
        } else {
            table.target(name, &times, &["by hand"], 1.02);
        }
        if length == 200 {
            table.target(name, &times, &["webhook-verify"], 0.75);
            table.target(name, &times, &["svix"], 0.18);
        }
    }
    plot
}

fn basic(table: &mut Table) {
    let times = rounds(&mut verify::basic());
    table.group("Basic auth", &times, "decode and subtle");
    table.target("Basic auth", &times, &["decode and subtle"], 0.50);
}

fn json(table: &mut Table) {
    let stock = "serde_json, typed";
    for (name, mut ways) in [("parse M", parse::musement()), ("parse P", parse::porterbuddy())] {
        table.group(name, &rounds(&mut ways), stock);
    }
    let times = rounds(&mut delivery::musement());
    table.group("verify and parse M", &times, stock);
    table.target("verify and parse M", &times, &[stock], 0.60);

    let times = rounds(&mut delivery::porterbuddy());
    table.group("verify and parse P", &times, "sha2");
    table.target("verify and parse P", &times, &["sha2", stock], 1.20);
}

fn xml(table: &mut Table) -> Plot {
    let ways = ["ours", "by hand", "quick-xml, counting", "roxmltree", "quick-xml, serde"];
    let mut plot = Plot::new("Parsing an order notification", "telephone numbers", &ways);
    for (numbers, indented, name, most) in [
        (1, false, Some("parse B, n = 1"), 1.05),
        (10, false, None, 0.0),
        (100, false, None, 0.0),
        (1_000, false, Some("parse B, n = 1,000"), 0.90),
        (1_000, true, Some("parse B, n = 1,000, indented"), 0.90),
        (10_000, false, None, 0.0),
        (100_000, false, Some("parse B, n = 100,000"), 0.85),
    ] {
        let body = bodies::bandwidth(numbers, indented);
        let times = rounds(&mut parse::xml(&body));
        if !indented {
            plot.point(numbers as f64, &times);
        }
        let Some(name) = name else { continue };
        table.group(name, &times, "by hand");
        table.target(name, &times, &["by hand"], most);
    }
    plot
}

fn port_out(table: &mut Table) {
    let times = rounds(&mut delivery::port_out());
    table.group("port-out, request to answer", &times, "quick-xml, counting");
}

fn whole_requests(table: &mut Table) {
    for (server, costs) in [("axum", requests::axum()), ("actix", requests::actix())] {
        for cost in costs {
            let work = format!("{server}, {}, {} at once", cost.work, requests::SENDERS);
            let time = nanoseconds(cost.with);
            table.judged(&work, &time, "the same work by hand", cost.to_by_hand, 1.03);
            table.compared(&work, &time, "a handler taking bytes", cost.to_bytes);
        }
    }
}
