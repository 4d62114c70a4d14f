//! The one table, as Markdown.

use comfy_table::presets::ASCII_MARKDOWN;

use crate::measure::Times;

pub struct Table {
    rows: comfy_table::Table,
    missed: usize,
}

impl Table {
    pub fn new() -> Self {
        let mut rows = comfy_table::Table::new();
        rows.load_style(ASCII_MARKDOWN);
        rows.set_header(["work", "by", "time", "ratio", "to", "target", ""]);
        Self { rows, missed: 0 }
    }

    /// Everybody's time, and as a multiple of the `floor`.
    pub fn group(&mut self, work: &str, times: &Times, floor: &str) {
        for way in times.names() {
            let ratio = format!("{:.2}", times.ratio(way, floor));
            self.row([work, way, &nanoseconds(times.of(way)), &ratio, floor], None);
        }
    }

    /// Our time as a multiple of another, which must not pass the target.
    pub fn target(&mut self, work: &str, times: &Times, to: &[&str], most: f64) {
        let ratio = times.ratio_to_sum("ours", to);
        self.judged(work, &nanoseconds(times.of("ours")), &to.join(" + "), ratio, most);
    }

    pub fn judged(&mut self, work: &str, time: &str, to: &str, ratio: f64, most: f64) {
        // To the two decimals that the targets have.
        let missed = ratio >= most + 0.005;
        self.missed += usize::from(missed);
        let verdict = (format!("≤ {most:.2}"), if missed { "**MISSED**" } else { "holds" });
        let ratio = format!("**{ratio:.3}**");
        self.row([work, "**ours**", time, &ratio, to], Some(verdict));
    }

    /// Our time as a multiple of another, for orientation.
    pub fn compared(&mut self, work: &str, time: &str, to: &str, ratio: f64) {
        self.row([work, "ours", time, &format!("{ratio:.2}"), to], None);
    }

    /// Prints it, and says whether every target holds.
    pub fn print(&self) -> bool {
        println!("{}\n\n{} targets missed\n", self.rows, self.missed);
        self.missed == 0
    }

    fn row(&mut self, cells: [&str; 5], verdict: Option<(String, &str)>) {
        let (target, verdict) = verdict.unwrap_or_default();
        self.rows.add_row(cells.into_iter().chain([&*target, verdict]));
    }
}

pub fn nanoseconds(time: f64) -> String {
    match time {
        ..1e4 => format!("{time:.0} ns"),
        ..1e7 => format!("{:.1} µs", time / 1e3),
        _ => format!("{:.1} ms", time / 1e6),
    }
}
