//! Measures order-webhooks beside its neighbours; see README.md.
#![allow(clippy::cast_precision_loss, reason = "times and lengths are far below 2^53")]
#![cfg_attr(feature = "allocations", allow(dead_code, unused_imports))]

#[cfg(feature = "allocations")]
mod allocations;
mod bodies;
mod delivery;
mod measure;
mod parse;
mod plot;
mod requests;
mod table;
mod verify;

use std::path::Path;
use std::process::ExitCode;

use crate::measure::{Times, rounds};
use crate::plot::Plot;
use crate::table::{Table, Target};

#[cfg(feature = "allocations")]
fn main() -> ExitCode {
    allocations::print()
}

/// Takes the directory for the plots, if they are wanted.
#[cfg(not(feature = "allocations"))]
fn main() -> ExitCode {
    let docs = std::env::args().nth(1);
    let mut table = Table::default();
    let verified = verification(&mut table);
    basic(&mut table);
    json(&mut table);
    let xml = xml(&mut table);
    port_out(&mut table);
    whole_requests(&mut table);
    print!("{table}");
    if let Some(docs) = docs {
        verified.write(&Path::new(&docs).join("verification.svg")).unwrap();
        xml.write(&Path::new(&docs).join("xml.svg")).unwrap();
    }
    if table.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn verification(table: &mut Table) -> Plot {
    let mut plot = Plot::new(
        "Verifying a body",
        "body, bytes",
        &["ours", "sha2", "webhook-verify", "ring", "svix"],
    );
    for (length, name, target) in [
        (64, None, None),
        (200, Some("verify 200 B"), Some(Target { most: 1.60, proud: 1.50 })),
        (1 << 10, Some("verify 1 KiB"), Some(Target { most: 1.17, proud: 1.13 })),
        (1 << 13, None, None),
        (1 << 16, Some("verify 64 KiB"), Some(Target { most: 1.02, proud: 1.01 })),
        (1 << 20, Some("verify 1 MiB"), Some(Target { most: 1.01, proud: 1.00 })),
    ] {
        let body = verify::body(length);
        let times = rounds(&mut verify::ways(&body));
        plot.point(length as f64, &times);
        let (Some(name), Some(target)) = (name, target) else { continue };
        table.group(name, &times, "sha2");
        table.target(name, "sha2", &times, times.ratio("ours", "sha2"), target);
        if length == 200 {
            for (neighbour, most, proud) in [("webhook-verify", 0.67, 0.60), ("svix", 0.16, 0.14)] {
                let ratio = times.ratio("ours", neighbour);
                table.target(name, neighbour, &times, ratio, Target { most, proud });
            }
        }
    }
    plot
}

fn basic(table: &mut Table) {
    let times = rounds(&mut verify::basic());
    table.group("Basic auth", &times, "decode and subtle");
    let ratio = times.ratio("ours", "decode and subtle");
    table.target(
        "Basic auth",
        "decode and subtle",
        &times,
        ratio,
        Target { most: 1.0, proud: 0.25 },
    );
}

fn json(table: &mut Table) {
    for (name, mut ways) in [("parse M", parse::musement()), ("parse P", parse::porterbuddy())] {
        table.group(name, &rounds(&mut ways), "serde_json, typed");
    }
    let stock = "serde_json, typed";
    let times = rounds(&mut delivery::musement());
    table.group("verify and parse M", &times, stock);
    let target = Target { most: 0.75, proud: 0.50 };
    table.target("verify and parse M", stock, &times, times.ratio("ours", stock), target);

    let times = rounds(&mut delivery::porterbuddy());
    table.group("verify and parse P", &times, "sha2");
    let ratio = times.ratio_to_sum("ours", &["sha2", stock]);
    let target = Target { most: 1.00, proud: 0.75 };
    table.target("verify and parse P", "sha2 + serde_json, typed", &times, ratio, target);
}

fn xml(table: &mut Table) -> Plot {
    let ways = ["ours", "quick-xml, counting", "roxmltree", "quick-xml, serde"];
    let mut plot = Plot::new("Parsing an order notification", "telephone numbers", &ways);
    let counting = Target { most: 1.30, proud: 0.50 };
    let serde = Target { most: 0.35, proud: 0.15 };
    let mut thousands: Option<Times> = None;
    for (numbers, indented, name) in [
        (1, false, Some("parse B, n = 1")),
        (10, false, None),
        (100, false, None),
        (1_000, false, Some("parse B, n = 1,000")),
        (1_000, true, Some("parse B, n = 1,000, indented")),
        (10_000, false, None),
        (100_000, false, Some("parse B, n = 100,000")),
    ] {
        let body = bodies::bandwidth(numbers, indented);
        let times = rounds(&mut parse::xml(&body));
        if !indented {
            plot.point(numbers as f64, &times);
        }
        let Some(name) = name else { continue };
        table.group(name, &times, "quick-xml, counting");
        let ratio = times.ratio("ours", "quick-xml, counting");
        table.target(name, "quick-xml, counting", &times, ratio, counting);
        let ratio = times.ratio("ours", "quick-xml, serde");
        table.target(name, "quick-xml, serde", &times, ratio, serde);
        match numbers {
            1_000 if !indented => thousands = Some(times),
            100_000 => {
                let thousand = thousands.as_ref().map_or(f64::NAN, |times| times.of("ours"));
                let ratio = times.of("ours") / thousand;
                table.target(
                    name,
                    "n = 1,000",
                    &times,
                    ratio,
                    Target { most: 110.0, proud: 105.0 },
                );
            }
            _ => {}
        }
    }
    plot
}

fn port_out(table: &mut Table) {
    let times = rounds(&mut delivery::port_out());
    table.group("port-out, request to answer", &times, "quick-xml, counting");
}

fn whole_requests(table: &mut Table) {
    let target = Target { most: 1.06, proud: 1.03 };
    for (name, cost) in [("axum", requests::axum()), ("actix", requests::actix())] {
        let judged = (name == "axum").then_some(target);
        table.whole_request(&format!("{name}, whole request, both sides"), &cost.both, judged);
        table.whole_request(&format!("{name}, whole request, server alone"), &cost.server, None);
    }
}
