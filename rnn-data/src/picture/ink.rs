//! A picture of any colours as grey values of ink: 0 is paper, more is further from the paper's colour.

use image::{DynamicImage, GenericImageView, GrayImage, Luma, Rgba};

use super::PictureError;
use super::table;
use super::top_hat::{Border, top_hat};

/// A longer side is reduced to this many pixels at most. It is 25 for each of the 20 that a digit
/// gets, so one that is small on a large sheet has enough of them too.
const LONGEST: u32 = 512;

/// Ink differs from paper by at least this much, of 255.
pub(super) const LEAST_CONTRAST: u8 = 24;

/// A stroke is at most one part in so many of the longer side wide.
const BROADEST: u32 = 3;

/// Half the width of the broadest stroke without sharp edges, in the same way.
const SOFT: u32 = 10;

/// One pixel of this many is ignored as an outlier (dust, a reflection, a broken sensor) when the
/// strongest ink is looked for.
const OUTLIERS: u64 = 10_000;

/// A small picture as ink on black: its grey values as they are, or inverted if the paper is light.
pub(super) fn of_small(picture: &DynamicImage) -> GrayImage {
    let ink = small_on_sheet(picture, 255);
    let values = || ink.pixels().map(|&Luma([value])| value);
    let contrast = values().max().unwrap_or(0) - values().min().unwrap_or(0);
    // As for larger pictures.
    match contrast < LEAST_CONTRAST && picture.color().has_alpha() {
        true => small_on_sheet(picture, 0),
        false => ink,
    }
}

/// The same on a sheet of the given grey, for what is transparent.
fn small_on_sheet(picture: &DynamicImage, sheet: u8) -> GrayImage {
    let light = is_light(picture, sheet);
    let mut ink = GrayImage::new(picture.width(), picture.height());
    for (x, y, pixel) in picture.pixels() {
        // On white, yellow is as strong as black is, and on black, blue is as strong as white.
        let [r, g, b] = on(sheet, pixel);
        let strength = if light {
            255 - r.min(g).min(b)
        } else {
            r.max(g).max(b)
        };
        ink.put_pixel(x, y, Luma([strength]));
    }
    ink
}

/// The ink of any other picture.
pub(super) struct Ink {
    /// How much each pixel stands out from what is around it: what is narrow enough for a pen, whatever
    /// the light.
    pub(super) strokes: GrayImage,
    /// How much it differs from the paper in the direction of ink: also what is broad, and shades.
    pub(super) all: GrayImage,
}

/// The ink of a picture, which may have any colour: red on green is ink as well as black on white.
///
/// A large picture is reduced: of several pixels the strongest counts, so that no pen is too thin.
pub(super) fn of(picture: &DynamicImage) -> Result<Ink, PictureError> {
    match on_sheet(picture, 255) {
        // White ink on a transparent background is visible on black only.
        Err(_) if picture.color().has_alpha() => on_sheet(picture, 0),
        ink => ink,
    }
}

/// The same on a sheet of the given grey, for what is transparent.
fn on_sheet(picture: &DynamicImage, sheet: u8) -> Result<Ink, PictureError> {
    let (width, height) = picture.dimensions();
    let factor = width.max(height).div_ceil(LONGEST).max(1);
    let size = [width.div_ceil(factor), height.div_ceil(factor)];
    // Each channel twice: higher values are darker, and they are lighter.
    let mut channels = [(); 3].map(|()| [(); 2].map(|()| GrayImage::new(size[0], size[1])));
    let mut range = [[u8::MAX, 0]; 3];
    for (x, y, pixel) in picture.pixels() {
        for (k, value) in on(sheet, pixel).into_iter().enumerate() {
            range[k] = [range[k][0].min(value), range[k][1].max(value)];
            for (channel, value) in channels[k].iter_mut().zip([255 - value, value]) {
                let Luma([strongest]) = channel.get_pixel_mut(x / factor, y / factor);
                *strongest = value.max(*strongest);
            }
        }
    }
    let ranges = range.map(|[low, high]| high.saturating_sub(low));
    let range = ranges.into_iter().max().unwrap_or_default();
    if range < LEAST_CONTRAST {
        return Err(PictureError::Blank);
    }

    let reach = (size[0].max(size[1]) / BROADEST / 2).max(4);
    if let Some(inside) = table::inside(&channels, reach) {
        for values in channels.iter_mut().flatten() {
            inside.go_on(values);
        }
    }
    let mut ink = Ink {
        strokes: GrayImage::new(size[0], size[1]),
        all: GrayImage::new(size[0], size[1]),
    };
    for directions in channels {
        let [dark, light] = directions.map(|values| {
            let paper = paper(&values);
            let score = score(&values, &top_hat(&values, reach, Border::IsNoEdge), paper);
            let mass: u64 = values
                .iter()
                .map(|v| u64::from(v.saturating_sub(paper)))
                .sum();
            ((score, mass), values, paper)
        });
        let ((score, _), values, paper) = if dark.0 >= light.0 { dark } else { light };
        for (to, from) in ink.all.iter_mut().zip(values.iter()) {
            *to = (*to).max(from.saturating_sub(paper));
        }
        if score == 0 {
            continue;
        }
        let strokes = top_hat(&values, reach, Border::IsAnEdge);
        for (to, from) in ink.strokes.iter_mut().zip(strokes.iter()) {
            *to = (*to).max(*from);
        }
    }
    if !has_edge(&ink.all) && !has_edge(&ink.strokes) && !has_soft_stroke(&ink.all) {
        return Err(PictureError::NoStroke { range });
    }
    Ok(ink)
}

/// Whether the values change at all within two pixels by as much as ink does from paper.
fn has_edge(values: &GrayImage) -> bool {
    let (width, height) = values.dimensions();
    let at = |x: u32, y: u32| values.get_pixel(x, y).0[0];
    let differs = |[x, y]: [u32; 2], [right, low]: [u32; 2]| {
        right < width && low < height && at(x, y).abs_diff(at(right, low)) >= LEAST_CONTRAST
    };
    let mut places = (0..height).flat_map(|y| (0..width).map(move |x| [x, y]));
    places.any(|[x, y]| differs([x, y], [x + 2, y]) || differs([x, y], [x, y + 2]))
}

/// Whether there is a stroke without sharp edges, as a picture out of focus has: something narrow that
/// makes up most of the contrast.
fn has_soft_stroke(values: &GrayImage) -> bool {
    let reach = (values.width().max(values.height()) / SOFT).max(4);
    let narrow = top_hat(values, reach, Border::IsNoEdge);
    let highest = |values: &GrayImage| values.iter().copied().max().unwrap_or_default();
    let (narrow, all) = (highest(&narrow), highest(values));
    narrow >= LEAST_CONTRAST && narrow >= all / 2
}

/// How much speaks for ink in one direction of one channel: what stands out both from the paper and
/// from what is around it. What is inside a loop stands out from the loop, but not from the paper.
fn score(values: &GrayImage, strokes: &GrayImage, paper: u8) -> u64 {
    let both = values.iter().zip(strokes.iter()).map(|(value, stroke)| {
        let strength = value.saturating_sub(paper).min(*stroke);
        u64::from(strength) * u64::from(strength >= LEAST_CONTRAST / 2)
    });
    both.map(|strength| strength * strength).sum()
}

/// The paper's value: what the border shows, unless that is a frame, or most of the picture shows something
/// else.
fn paper(values: &GrayImage) -> u8 {
    let [border, all] = histograms(values);
    let [at_border, anywhere] = [&border, &all].map(|part| part.median() as u8);
    let holds = |part: &Histogram, value: u8, tenths: u64| {
        let is_near = |other: usize| other.abs_diff(value.into()) < LEAST_CONTRAST.into();
        let near: u64 = (0..256).filter(|&v| is_near(v)).map(|v| part.0[v]).sum();
        near * 10 >= part.count() * tenths
    };
    let is_other = at_border.abs_diff(anywhere) >= LEAST_CONTRAST;
    if is_other && (holds(&border, at_border, 9) || holds(&all, anywhere, 7)) {
        anywhere
    } else {
        at_border
    }
}

/// The grey values of the border, and of the whole picture.
fn histograms(picture: &GrayImage) -> [Histogram; 2] {
    let (width, height) = picture.dimensions();
    let [mut border, mut all] = [(); 2].map(|()| Histogram([0; 256]));
    for (x, y, &Luma([value])) in picture.enumerate_pixels() {
        all.0[usize::from(value)] += 1;
        if x == 0 || y == 0 || x + 1 == width || y + 1 == height {
            border.0[usize::from(value)] += 1;
        }
    }
    [border, all]
}

/// Whether the paper is light: whether more of the border is nearly as light as the lightest pixels
/// than is nearly as dark as the darkest.
///
/// Only the quarters at either end count, not which of the halves: clothes in Fashion-MNIST reach
/// the border with all kinds of grey, but what is black there is more than what is white.
fn is_light(picture: &DynamicImage, sheet: u8) -> bool {
    let (width, height) = picture.dimensions();
    let mut all = Histogram([0; 256]);
    let mut border = Histogram([0; 256]);
    for (x, y, pixel) in picture.pixels() {
        let [r, g, b] = on(sheet, pixel).map(u32::from);
        // ITU-R BT.709. The weights add up to one, so grey stays what it is.
        let grey = (2126 * r + 7152 * g + 722 * b) / 10_000;
        all.0[grey as usize] += 1;
        if x == 0 || y == 0 || x + 1 == width || y + 1 == height {
            border.0[grey as usize] += 1;
        }
    }
    let (darkest, lightest) = (all.low(0), all.high(0));
    let quarter = lightest.saturating_sub(darkest) / 4;
    let dark: u64 = border.0[..=darkest + quarter].iter().sum();
    let light: u64 = border.0[lightest - quarter..].iter().sum();
    light > dark
}

/// The colour on a sheet of the given grey: exactly the pixel's own where nothing is transparent.
fn on(sheet: u8, Rgba([r, g, b, alpha]): Rgba<u8>) -> [u8; 3] {
    let (sheet, alpha) = (u32::from(sheet), u32::from(alpha));
    [r, g, b].map(|c| ((u32::from(c) * alpha + sheet * (255 - alpha) + 127) / 255) as u8)
}

/// What paper and ink are in a picture of ink: the median of the border, or of all if that is less, and
/// the strongest of all but outliers.
pub(super) fn paper_and_ink(ink: &GrayImage) -> (u8, u8) {
    let [border, all] = histograms(ink);
    let [at_border, anywhere] = [&border, &all].map(Histogram::median);
    let strongest = all.high(all.count() / OUTLIERS);
    (at_border.min(anywhere) as u8, strongest as u8)
}

/// How many pixels have each grey value.
struct Histogram([u64; 256]);

impl Histogram {
    fn count(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The value in the middle, or the lower of both.
    fn median(&self) -> usize {
        self.low(self.count().saturating_sub(1) / 2)
    }

    /// The lowest value that is left when so many of the lowest are taken away.
    fn low(&self, away: u64) -> usize {
        first_after(self.0.iter(), away)
    }

    /// The highest value that is left when so many of the highest are taken away.
    fn high(&self, away: u64) -> usize {
        255 - first_after(self.0.iter().rev(), away)
    }
}

fn first_after<'a>(counts: impl Iterator<Item = &'a u64>, away: u64) -> usize {
    let sums = counts.scan(0, |sum, count| {
        *sum += count;
        Some(*sum)
    });
    sums.take_while(|&sum| sum <= away).count().min(255)
}
