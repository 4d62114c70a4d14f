//! A plot with two logarithmic axes, as SVG.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use crate::measure::Times;

const COLOURS: [&str; 5] = ["#1f6feb", "#6e7781", "#bf8700", "#8250df", "#cf222e"];

// The frame of the plot; the legend stands to its right.
const LEFT: f64 = 64.0;
const TOP: f64 = 40.0;
const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 300.0;

/// Times of several ways, over the size of the work.
pub struct Plot {
    title: &'static str,
    across: &'static str,
    ways: Vec<&'static str>,
    points: Vec<(f64, Vec<f64>)>,
}

impl Plot {
    pub fn new(title: &'static str, across: &'static str, ways: &[&'static str]) -> Self {
        Self { title, across, ways: ways.to_vec(), points: Vec::new() }
    }

    pub fn point(&mut self, at: f64, times: &Times) {
        self.points.push((at, self.ways.iter().map(|way| times.of(way)).collect()));
    }

    pub fn write(&self, path: &Path) -> io::Result<()> {
        std::fs::write(path, self.svg())
    }

    fn svg(&self) -> String {
        let across = Axis::over(self.points.iter().map(|(at, _)| *at));
        let up = Axis::over(self.points.iter().flat_map(|(_, times)| times.iter().copied()));
        let x = |value| LEFT + across.part(value) * WIDTH;
        let y = |value| TOP + (1.0 - up.part(value)) * HEIGHT;
        let (right, bottom) = (LEFT + WIDTH, TOP + HEIGHT);
        let mut svg = String::from(
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 400" font-family="sans-serif" font-size="12">
<rect width="720" height="400" fill="white"/>
"#,
        );
        let mut line = |text: String| {
            svg += &text;
            svg.push('\n');
        };
        line(format!(r#"<text x="{LEFT}" y="24" font-size="15">{}</text>"#, self.title));
        let middle = LEFT + WIDTH / 2.0;
        line(format!(r#"<text x="{middle}" y="384" text-anchor="middle">{}</text>"#, self.across));
        for decade in across.decades() {
            let at = x(decade);
            line(format!(r##"<path d="M{at:.1} {TOP}V{bottom}" stroke="#d0d7de"/>"##));
            let below = bottom + 18.0;
            let label = count(decade);
            line(format!(r#"<text x="{at:.1}" y="{below}" text-anchor="middle">{label}</text>"#));
        }
        for decade in up.decades() {
            let at = y(decade);
            line(format!(r##"<path d="M{LEFT} {at:.1}H{right}" stroke="#d0d7de"/>"##));
            let (beside, lower) = (LEFT - 6.0, at + 4.0);
            let label = time(decade);
            line(format!(r#"<text x="{beside}" y="{lower:.1}" text-anchor="end">{label}</text>"#));
        }
        for (way, name) in self.ways.iter().enumerate() {
            let colour = COLOURS[way % COLOURS.len()];
            let mut path = String::new();
            for (point, (at, times)) in self.points.iter().enumerate() {
                let command = if point == 0 { 'M' } else { 'L' };
                // Writing to a string does not fail.
                let _ = write!(path, "{command}{:.1} {:.1}", x(*at), y(times[way]));
            }
            let width = if way == 0 { "3" } else { "1.5" };
            line(format!(
                r#"<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>"#
            ));
            let (from, to, text) = (right + 16.0, right + 40.0, right + 48.0);
            let at = TOP + 12.0 + 20.0 * way as f64;
            line(format!(
                r#"<path d="M{from} {at}H{to}" stroke="{colour}" stroke-width="{width}"/>"#
            ));
            line(format!(r#"<text x="{text}" y="{}">{name}</text>"#, at + 4.0));
        }
        svg + "</svg>\n"
    }
}

/// A logarithmic axis from one power of ten to another.
struct Axis {
    from: i32,
    to: i32,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>) -> Self {
        let (least, most) = values.fold((f64::MAX, f64::MIN), |(least, most), value| {
            (least.min(value.log10()), most.max(value.log10()))
        });
        Self { from: least.floor() as i32, to: most.ceil() as i32 }
    }

    fn part(&self, value: f64) -> f64 {
        (value.log10() - f64::from(self.from)) / f64::from(self.to - self.from)
    }

    fn decades(&self) -> impl Iterator<Item = f64> + use<> {
        (self.from..=self.to).map(|power| 10_f64.powi(power))
    }
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ..1e3 => format!("{nanoseconds} ns"),
        ..1e6 => format!("{} µs", nanoseconds / 1e3),
        ..1e9 => format!("{} ms", nanoseconds / 1e6),
        _ => format!("{} s", nanoseconds / 1e9),
    }
}

fn count(value: f64) -> String {
    match value {
        ..1e6 => format!("{value}"),
        _ => format!("{}M", value / 1e6),
    }
}
