//! Draws values over epochs or steps as SVG, with `plotters`.

use anyhow::Context;
use maud::{PreEscaped, html};
use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::{Axis, is_drawable};
use super::{Curve, Level, Series, shortened, text_width, xml_safe};

const WIDTH: i32 = 720;
const PLOT_HEIGHT: i32 = 320;
const TITLE_HEIGHT: i32 = 34;
const MARGIN: i32 = 16;

const TITLE_SIZE: i32 = 15;
const TEXT_SIZE: i32 = 12;

const LEGEND_ROW: i32 = 20;
/// The width of the line sample before a name in the legend, with its gap.
const SAMPLE: i32 = 30;

/// The picture is drawn larger than it is shown, since `plotters` rounds coordinates to whole
/// pixels.
const SCALE: i32 = 8;

/// Okabe and Ito's colours, which colour-blind people can distinguish, without the yellow, which is
/// too light on white. Further series repeat them.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0x00, 0x72, 0xb2),
    RGBColor(0xd5, 0x5e, 0x00),
    RGBColor(0x00, 0x9e, 0x73),
    RGBColor(0xcc, 0x79, 0xa7),
    RGBColor(0x56, 0xb4, 0xe9),
    RGBColor(0xe6, 0x9f, 0x00),
    RGBColor(0x00, 0x00, 0x00),
];
const INK: RGBColor = RGBColor(0x33, 0x33, 0x33);
const GRID: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);
const BEST: RGBColor = RGBColor(0x77, 0x77, 0x77);
const LEVEL: RGBColor = RGBColor(0xaa, 0x44, 0x99);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

impl Curve {
    /// The picture as a complete SVG file, with a mark at the best epoch or step if the curve contains it.
    pub fn svg(&self, best: Option<usize>) -> anyhow::Result<String> {
        let lines: Vec<_> = self.series.iter().map(Series::drawn).collect();
        let points = || lines.iter().flatten();
        let level = self.level.as_ref().filter(|level| is_drawable(level.value));
        let x = Axis::of_counts(points().map(|point| point.0));
        let values = points().map(|point| point.1);
        let y = Axis::of_values(values.chain(level.map(|level| level.value)), &self.unit);
        let best = best.filter(|&best| {
            points().any(|point| point.0 <= best as f64)
                && points().any(|point| point.0 >= best as f64)
        });

        let mut legend: Vec<String> = self.series.iter().map(Series::label).collect();
        legend.extend(best.map(|best| format!("best {} ({best})", self.x.unit())));
        legend.extend(level.map(Level::label));
        let places = legend_positions(&legend);
        let rows = places.last().map_or(0, |(row, _)| row + 1);
        let head = TITLE_HEIGHT + rows * LEGEND_ROW;
        let (width, height) = (WIDTH, head + PLOT_HEIGHT);

        let mut drawing = String::new();
        {
            let size = (px(width) as u32, px(height) as u32);
            let root = SVGBackend::with_string(&mut drawing, size).into_drawing_area();
            root.fill(&WHITE)?;
            let title = shortened(&self.title, 1.1 * f64::from(TITLE_SIZE), legend_width());
            let style = text(TITLE_SIZE, Pos::new(HPos::Left, VPos::Center)).color(&BLACK);
            root.draw_text(&title, &style, (px(MARGIN), px(TITLE_HEIGHT / 2 + 1)))?;
            for (i, (name, (row, x))) in legend.iter().zip(places).enumerate() {
                let y = TITLE_HEIGHT + row * LEGEND_ROW + LEGEND_ROW / 2;
                if i < lines.len() {
                    draw_sample(&root, i, (x, y))?;
                } else {
                    let ends = [(px(x), px(y)), (px(x + SAMPLE - 8), px(y))];
                    let is_best = i == lines.len() && best.is_some();
                    root.draw(&dashed(ends, if is_best { BEST } else { LEVEL }))?;
                }
                let style = text(TEXT_SIZE, Pos::new(HPos::Left, VPos::Center));
                root.draw_text(name, &style, (px(x + SAMPLE), px(y)))?;
            }
            let (_, plot) = root.split_vertically(px(head));
            let marks = (best, level.map(|level| level.value));
            draw_plot(&plot, (self.x.unit(), &self.unit), (x, y), &lines, marks)?;
            root.present()?;
        }
        // A surrounding element with the attributes that `plotters` does not write.
        let inner = drawing
            .split_once('\n')
            .and_then(|(_, inner)| inner.trim_end().strip_suffix("</svg>"))
            .context("drew no picture")?;
        let svg = html! {
            svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height)
                viewBox={ "0 0 " (px(width)) " " (px(height)) }
                role="img" aria-label=(self.name()) { "\n" (PreEscaped(inner)) }
        };
        Ok(xml_safe(&svg.into_string()))
    }

    /// A text alternative to the picture, for screen readers.
    fn name(&self) -> String {
        let unit = match self.unit.as_str() {
            "" => String::new(),
            unit => format!(" in {unit}"),
        };
        format!("{}{unit} over {}s", self.title, self.x.unit())
    }

    /// The picture in words: the first and the last value of each series, and the level.
    pub fn summary(&self) -> String {
        let of_series = |series: &Series| {
            let name = &series.name;
            match series.drawn()[..] {
                [] => format!("{name} (no values)"),
                [(_, only)] => format!("{name} {}", four_digits(only)),
                [(_, first), .., (_, last)] => {
                    format!("{name} {} → {}", four_digits(first), four_digits(last))
                }
            }
        };
        let mut series: Vec<String> = self.series.iter().map(of_series).collect();
        series.extend(self.level.as_ref().map(Level::label));
        format!("{}: {}", self.name(), series.join(", "))
    }
}

impl Level {
    /// The name and the value.
    fn label(&self) -> String {
        let room = legend_width() / 2.0;
        let name = shortened(&self.name, f64::from(TEXT_SIZE), room);
        format!("{name} {}", four_digits(self.value))
    }
}

impl Series {
    /// The points that can be drawn.
    fn drawn(&self) -> Vec<(f64, f64)> {
        let is_drawable = |&(at, value): &(f64, f64)| is_drawable(at) && is_drawable(value);
        self.points.iter().copied().filter(is_drawable).collect()
    }

    /// The name, and the number of points that are not drawn.
    fn label(&self) -> String {
        let drawn = self.drawn().len();
        let missing = match self.points.len() - drawn {
            _ if drawn == 0 => " (no values)".to_owned(),
            0 => String::new(),
            missing => format!(" ({missing} not finite)"),
        };
        let size = f64::from(TEXT_SIZE);
        let room = legend_width() - f64::from(SAMPLE) - text_width(&missing, size);
        shortened(&self.name, size, room) + &missing
    }
}

fn px(length: i32) -> i32 {
    length * SCALE
}

fn legend_width() -> f64 {
    f64::from(WIDTH - 2 * MARGIN)
}

fn colour(series: usize) -> RGBColor {
    COLOURS[series % COLOURS.len()]
}

fn text(size: i32, pos: Pos) -> TextStyle<'static> {
    // `plotters` writes a font's size divided by this.
    let size = 1.24 * f64::from(px(size));
    TextStyle::from(("sans-serif", size)).color(&INK).pos(pos)
}

/// The row and the horizontal position of each entry of the legend.
fn legend_positions(legend: &[String]) -> Vec<(i32, i32)> {
    let (mut row, mut x) = (0, MARGIN);
    let place = |name: &String| {
        let width = SAMPLE + text_width(name, f64::from(TEXT_SIZE)).ceil() as i32;
        if x > MARGIN && x + width > WIDTH - MARGIN {
            (row, x) = (row + 1, MARGIN);
        }
        let place = (row, x);
        x += width + MARGIN;
        place
    };
    legend.iter().map(place).collect()
}

fn draw_sample(root: &Area, series: usize, (x, y): (i32, i32)) -> anyhow::Result<()> {
    let colour = colour(series);
    let ends = vec![(px(x), px(y)), (px(x + SAMPLE - 8), px(y))];
    root.draw(&PathElement::new(ends, colour.stroke_width(px(2) as u32)))?;
    let middle = (px(x + (SAMPLE - 8) / 2), px(y));
    root.draw(&Circle::new(middle, radius(1), colour.filled()))?;
    Ok(())
}

fn draw_plot(
    plot: &Area,
    (x_unit, unit): (&str, &str),
    (x, y): (Axis, Axis),
    lines: &[Vec<(f64, f64)>],
    (best, level): (Option<usize>, Option<f64>),
) -> anyhow::Result<()> {
    let label = |tick: &f64| text_width(&y.label(*tick), f64::from(TEXT_SIZE)).ceil() as i32;
    let labels = y.ticks().iter().map(label).max().unwrap_or(0);
    let mut chart = ChartBuilder::on(plot)
        .margin_left(px(8))
        .margin_right(px(MARGIN + 8))
        .margin_top(px(10))
        .margin_bottom(px(6))
        .x_label_area_size(px(44))
        .y_label_area_size(px(labels + 34))
        .build_cartesian_2d(x, y)?;
    let anywhere = Pos::new(HPos::Center, VPos::Center);
    chart
        .configure_mesh()
        .bold_line_style(GRID.stroke_width(px(1) as u32))
        .axis_style(INK.stroke_width(px(1) as u32))
        .set_all_tick_mark_size(px(4))
        .label_style(text(TEXT_SIZE, anywhere))
        .axis_desc_style(text(TEXT_SIZE + 1, anywhere))
        .x_desc(x_unit)
        .y_desc(shortened(unit, f64::from(TEXT_SIZE), 260.0))
        .draw()?;

    if let Some(best) = best {
        let ends = [(best as f64, y.low), (best as f64, y.high)];
        chart.draw_series([dashed(ends, BEST)])?;
    }
    if let Some(level) = level {
        let ends = [(x.low, level), (x.high, level)];
        chart.draw_series([dashed(ends, LEVEL)])?;
    }
    for (series, points) in lines.iter().enumerate() {
        let style = ShapeStyle {
            color: colour(series).into(),
            filled: true,
            stroke_width: px(2) as u32,
        };
        let line = LineSeries::new(points.iter().copied(), style);
        chart.draw_series(line.point_size(radius(points.len())))?;
    }
    if lines.iter().all(Vec::is_empty) {
        let (width, height) = plot.dim_in_pixel();
        let middle = (width as i32 / 2, height as i32 / 2);
        plot.draw_text("no values", &text(TEXT_SIZE + 2, anywhere), middle)?;
    }
    Ok(())
}

fn dashed<P: Copy + 'static>(
    ends: [P; 2],
    colour: RGBColor,
) -> DashedPathElement<std::array::IntoIter<P, 2>, i32> {
    let style = colour.stroke_width((px(3) / 2) as u32);
    DashedPathElement::new(ends, px(5), px(4), style)
}

/// The radius of a series' markers; 0 for so many points that markers would overlap.
fn radius(points: usize) -> u32 {
    let radius = match points {
        0..=40 => px(7) / 2,
        41..=120 => px(9) / 4,
        _ => 0,
    };
    radius as u32
}

/// A value with four significant digits.
fn four_digits(value: f64) -> String {
    let size = value.abs().log10().floor();
    if value == 0.0 {
        "0".to_owned()
    } else if (-4.0..6.0).contains(&size) {
        let digits = (3.0 - size).clamp(0.0, 5.0) as usize;
        format!("{value:.digits$}")
    } else {
        format!("{value:.2e}")
    }
}

#[cfg(test)]
mod tests;
