//! Draws values over epochs as SVG, with `plotters`.

use anyhow::Context;
use maud::{PreEscaped, html};
use plotters::coord::Shift;
use plotters::element::DashedPathElement;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::axis::{Axis, is_drawable};
use super::{Curve, Series, shortened, text_width, xml_safe};

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

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

impl Curve {
    /// The picture as a complete SVG file, with a mark at the best epoch if the curve contains it.
    pub fn svg(&self, best_epoch: Option<usize>) -> anyhow::Result<String> {
        let lines: Vec<_> = self.series.iter().map(Series::drawn).collect();
        let points = || lines.iter().flatten();
        let x = Axis::of_epochs(points().map(|point| point.0));
        let y = Axis::of_values(points().map(|point| point.1), &self.unit);
        let best = best_epoch.filter(|&epoch| {
            points().any(|point| point.0 <= epoch as f64)
                && points().any(|point| point.0 >= epoch as f64)
        });

        let mut legend: Vec<String> = self.series.iter().map(Series::label).collect();
        legend.extend(best.map(|epoch| format!("best epoch ({epoch})")));
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
                    root.draw(&dashed(ends))?;
                }
                let style = text(TEXT_SIZE, Pos::new(HPos::Left, VPos::Center));
                root.draw_text(name, &style, (px(x + SAMPLE), px(y)))?;
            }
            let (_, plot) = root.split_vertically(px(head));
            draw_plot(&plot, &self.unit, (x, y), &lines, best)?;
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
        format!("{}{unit} over epochs", self.title)
    }

    /// The picture in words: the first and the last value of each series.
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
        let series: Vec<String> = self.series.iter().map(of_series).collect();
        format!("{}: {}", self.name(), series.join(", "))
    }
}

impl Series {
    /// The points that can be drawn.
    fn drawn(&self) -> Vec<(f64, f64)> {
        let is_drawable = |&(epoch, value): &(f64, f64)| is_drawable(epoch) && is_drawable(value);
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
    unit: &str,
    (x, y): (Axis, Axis),
    lines: &[Vec<(f64, f64)>],
    best: Option<usize>,
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
        .x_desc("epoch")
        .y_desc(shortened(unit, f64::from(TEXT_SIZE), 260.0))
        .draw()?;

    if let Some(epoch) = best {
        let ends = [(epoch as f64, y.low), (epoch as f64, y.high)];
        chart.draw_series([dashed(ends)])?;
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

fn dashed<P: Copy + 'static>(ends: [P; 2]) -> DashedPathElement<std::array::IntoIter<P, 2>, i32> {
    let style = BEST.stroke_width((px(3) / 2) as u32);
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
mod tests {
    use super::super::tests::assert_well_formed;
    use super::*;

    fn curve(series: &[(&str, &[(f64, f64)])]) -> Curve {
        let series = series.iter().map(|(name, points)| Series {
            name: (*name).to_owned(),
            points: points.to_vec(),
        });
        Curve {
            title: "Loss".to_owned(),
            unit: "nats".to_owned(),
            series: series.collect(),
        }
    }

    fn svg(curve: &Curve, best_epoch: Option<usize>) -> String {
        let svg = curve.svg(best_epoch).expect("a picture");
        assert_well_formed(&svg, &[]);
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
        assert!(!svg.contains("NaN") && !svg.contains("inf\""));
        svg
    }

    /// The positions of the markers of the only series, without the legend's.
    fn markers(svg: &str) -> Vec<(i32, i32)> {
        let of = |tag: &str, name: &str| -> i32 {
            let (_, value) = tag.split_once(&format!(" {name}=\"")).expect("a value");
            let (value, _) = value.split_once('"').expect("an end");
            value.parse().expect("a number")
        };
        let tags = svg.split('<').filter(|tag| tag.starts_with("circle"));
        tags.map(|tag| (of(tag, "cx"), of(tag, "cy")))
            .skip(1)
            .collect()
    }

    #[test]
    fn a_picture_says_what_is_in_it() {
        let train = [(1.0, 2.3), (2.0, 1.1), (3.0, 0.4)];
        let valid = [(1.0, 1.9), (2.0, 1.2), (3.0, 0.9)];
        let curve = curve(&[("training", &train), ("validation", &valid)]);
        let svg = svg(&curve, None);
        for text in ["Loss", "nats", "epoch", "training", "validation"] {
            assert_eq!(svg.matches(&format!(">\n{text}\n<")).count(), 1, "{text}");
        }
        assert!(svg.contains("aria-label=\"Loss in nats over epochs\""));
        // Three points and one in the legend each.
        assert_eq!(svg.matches("<circle").count(), 8);
        assert!(svg.contains("#0072B2") && svg.contains("#D55E00"));
        assert_eq!(
            curve.summary(),
            "Loss in nats over epochs: training 2.300 → 0.4000, validation 1.900 → 0.9000"
        );
    }

    #[test]
    fn one_epoch_is_in_the_middle() {
        let curve = curve(&[("training", &[(1.0, 0.5)])]);
        let svg = svg(&curve, Some(1));
        let [(x, _)] = markers(&svg)[..] else {
            panic!("not one marker");
        };
        assert!((px(WIDTH / 3)..px(2 * WIDTH / 3)).contains(&x), "{x}");
        assert_eq!(svg.matches(">\n1\n<").count(), 1);
        assert!(svg.contains("best epoch (1)"));
        assert_eq!(curve.summary(), "Loss in nats over epochs: training 0.5000");
    }

    #[test]
    fn constant_values_are_a_level_line() {
        for value in [0.0, 0.25, -7.0, 1e90] {
            let curve = curve(&[("training", &[(1.0, value), (2.0, value), (3.0, value)])]);
            let markers = markers(&svg(&curve, None));
            assert_eq!(markers.len(), 3);
            assert!(markers.iter().all(|marker| marker.1 == markers[0].1));
        }
    }

    #[test]
    fn values_that_are_not_finite_are_left_out() {
        let points = [
            (1.0, 0.5),
            (2.0, f64::NAN),
            (3.0, f64::INFINITY),
            (f64::NAN, 0.1),
            (5.0, f64::NEG_INFINITY),
            (6.0, f64::MAX),
            (7.0, 0.25),
        ];
        let curve = curve(&[("training", &points)]);
        let svg = svg(&curve, None);
        assert_eq!(markers(&svg).len(), 2);
        assert!(svg.contains("training (5 not finite)"));
    }

    #[test]
    fn a_series_may_be_empty() {
        let some = svg(&curve(&[("training", &[(1.0, 0.5)]), ("test", &[])]), None);
        assert!(some.contains("test (no values)"));
        for curve in [curve(&[("test", &[(1.0, f64::NAN)])]), curve(&[])] {
            assert!(svg(&curve, Some(1)).contains(">\nno values\n<"));
        }
    }

    #[test]
    fn thousands_of_epochs_have_no_markers() {
        let points: Vec<_> = (1..=5000)
            .map(|i| (f64::from(i), 1.0 / f64::from(i)))
            .collect();
        let svg = svg(&curve(&[("training", &points)]), Some(4321));
        assert_eq!(markers(&svg), []);
        assert!(svg.len() < 100_000, "{}", svg.len());
    }

    #[test]
    fn a_best_epoch_out_of_reach_is_not_marked() {
        let curve = curve(&[("training", &[(2.0, 0.5), (5.0, 0.4)])]);
        for (best, marked) in [(1, false), (2, true), (4, true), (5, true), (6, false)] {
            let svg = svg(&curve, Some(best));
            assert_eq!(svg.contains("best epoch"), marked, "{best}");
        }
        assert!(!curve.svg(None).expect("a picture").contains("best epoch"));
    }

    #[test]
    fn names_are_escaped_and_shortened() {
        let mut curve = curve(&[("<unk> & \"so\" on\0", &[(1.0, 0.5)])]);
        curve.title = "</svg><script>'".to_owned();
        curve.unit = "<b>".to_owned();
        curve.series.push(Series {
            name: "x".repeat(100),
            points: Vec::new(),
        });
        let svg = svg(&curve, None);
        assert!(!svg.contains("<unk>") && !svg.contains("<script>") && !svg.contains("<b>"));
        assert!(svg.contains("&lt;unk&gt; &amp; &quot;so&quot; on�"));
        assert!(svg.contains("x… (no values)"));
        assert!(!svg.contains(&"x".repeat(90)));
    }

    #[test]
    fn a_legend_takes_as_many_rows_as_it_needs() {
        let names: Vec<String> = (0..9).map(|i| format!("series number {i}")).collect();
        let places = legend_positions(&names);
        assert_eq!(places[0], (0, MARGIN));
        assert_eq!(places[8].0, 2);
        assert!(places.is_sorted());
    }

    #[test]
    fn numbers_have_four_digits() {
        for (value, text) in [
            (0.0, "0"),
            (2.3027, "2.303"),
            (97.531, "97.53"),
            (0.031251, "0.03125"),
            (-12345.6, "-12346"),
            (1e-7, "1.00e-7"),
            (2.5e30, "2.50e30"),
        ] {
            assert_eq!(four_digits(value), text);
        }
    }
}
