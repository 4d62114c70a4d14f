//! The one table, as Markdown.

use std::fmt;

use crate::measure::Times;
use crate::requests::Side;

/// A ratio that must not be passed, and one to be proud of.
#[derive(Clone, Copy)]
pub struct Target {
    pub most: f64,
    pub proud: f64,
}

#[derive(Default)]
pub struct Table {
    rows: Vec<[String; 7]>,
    missed: usize,
}

impl Table {
    /// Everybody's time, and as a multiple of the `floor`.
    pub fn group(&mut self, work: &str, times: &Times, floor: &str) {
        for way in times.names() {
            let ratio = format!("{:.2}", times.ratio(way, floor));
            let row = [work, way, &nanoseconds(times.of(way)), &format!("{ratio} × {floor}")];
            self.row(row, None);
        }
    }

    pub fn target(&mut self, work: &str, to: &str, times: &Times, ratio: f64, target: Target) {
        let time = nanoseconds(times.of("ours"));
        self.row(
            [work, "**ours**", &time, &format!("**{ratio:.3}** × {to}")],
            Some((ratio, target)),
        );
    }

    pub fn whole_request(&mut self, work: &str, side: &Side, target: Option<Target>) {
        let (time, ratio) = (nanoseconds(side.with), side.to_without);
        let row =
            [work, "**ours**", &time, &format!("**{ratio:.3}** × a handler that takes bytes")];
        self.row(row, target.map(|target| (ratio, target)));
        let ratio = format!("{:.3} × the same work by hand", side.to_by_hand);
        self.row([work, "ours", &time, &ratio], None);
    }

    pub fn holds(&self) -> bool {
        self.missed == 0
    }

    fn row(&mut self, [work, way, time, ratio]: [&str; 4], judged: Option<(f64, Target)>) {
        let (most, proud, verdict) = match judged {
            None => (String::new(), String::new(), ""),
            Some((ratio, target)) => {
                // To the two decimals that the targets have.
                let reaches = |most: f64| ratio < most + 0.005;
                let verdict = if reaches(target.proud) {
                    "proud"
                } else if reaches(target.most) {
                    "pass"
                } else {
                    self.missed += 1;
                    "**FAIL**"
                };
                (format!("≤ {:.2}", target.most), format!("≤ {:.2}", target.proud), verdict)
            }
        };
        self.rows.push([work, way, time, ratio, &most, &proud, verdict].map(str::to_owned));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["work", "by", "time", "ratio", "target", "proud", ""];
        writeln!(f, "| {} |", head.join(" | "))?;
        writeln!(f, "|{}", "---|".repeat(head.len()))?;
        for row in &self.rows {
            writeln!(f, "| {} |", row.join(" | "))?;
        }
        writeln!(f, "\n{} targets missed", self.missed)
    }
}

fn nanoseconds(time: f64) -> String {
    match time {
        ..1e4 => format!("{time:.0} ns"),
        ..1e7 => format!("{:.1} µs", time / 1e3),
        _ => format!("{:.1} ms", time / 1e6),
    }
}
