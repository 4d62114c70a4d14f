//! A plot with two logarithmic axes, as SVG.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use crate::measure::Times;
use crate::table::nanoseconds;

const COLOURS: [RGBColor; 5] = [
    RGBColor(0x1f, 0x6f, 0xeb),
    RGBColor(0x6e, 0x77, 0x81),
    RGBColor(0xbf, 0x87, 0x00),
    RGBColor(0x82, 0x50, 0xdf),
    RGBColor(0xcf, 0x22, 0x2e),
];

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

    pub fn write(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        let across = range(self.points.iter().map(|(at, _)| *at));
        let up = range(self.points.iter().flat_map(|(_, times)| times.iter().copied()));
        let area = SVGBackend::new(path, (720, 400)).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption(self.title, ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d(across.log_scale(), up.log_scale())?;
        chart
            .configure_mesh()
            .x_desc(self.across)
            .x_label_formatter(&|value| format!("{value}"))
            .y_label_formatter(&|value| nanoseconds(*value))
            .light_line_style(TRANSPARENT)
            .draw()?;
        for (way, name) in self.ways.iter().enumerate() {
            let line = COLOURS[way % COLOURS.len()].stroke_width(if way == 0 { 3 } else { 1 });
            let points = self.points.iter().map(|(at, times)| (*at, times[way]));
            chart
                .draw_series(LineSeries::new(points, line))?
                .label(*name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], line));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE)
            .draw()?;
        area.present()?;
        Ok(())
    }
}

/// From the power of ten below to the one above.
fn range(values: impl Iterator<Item = f64>) -> std::ops::Range<f64> {
    let (least, most) = values
        .fold((f64::MAX, f64::MIN), |(least, most), value| (value.min(least), value.max(most)));
    10_f64.powf(least.log10().floor())..10_f64.powf(most.log10().ceil())
}
