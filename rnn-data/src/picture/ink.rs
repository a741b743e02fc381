//! A picture of any colours as grey values of ink: 0 is paper, more is further from the paper's colour.

use image::{DynamicImage, GenericImageView, GrayImage, Luma, Rgba};

/// A longer side is reduced to this many pixels at most. It is 25 for each of the 20 that a digit
/// gets, so one that is small on a large sheet has enough of them too.
const LONGEST: u32 = 512;

/// Ink differs from paper by at least this much, of 255.
pub(super) const LEAST_CONTRAST: u8 = 24;

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

/// How much each pixel of any other picture stands out from the paper: the largest difference of a
/// channel, so that red on green is ink as well as black on white.
///
/// A large picture is reduced: of several pixels the strongest counts, so that no pen is too thin.
pub(super) fn of(picture: &DynamicImage) -> GrayImage {
    let ink = on_sheet(picture, 255);
    // White ink on a transparent background is visible on black only.
    let is_seen = |ink: &GrayImage| ink.pixels().any(|&Luma([value])| value >= LEAST_CONTRAST);
    if !is_seen(&ink) && picture.color().has_alpha() {
        return on_sheet(picture, 0);
    }
    ink
}

/// The same on a sheet of the given grey, for what is transparent.
fn on_sheet(picture: &DynamicImage, sheet: u8) -> GrayImage {
    let (width, height) = picture.dimensions();
    let mut border = [const { Histogram([0; 256]) }; 3];
    for (x, y, pixel) in picture.pixels() {
        if x == 0 || y == 0 || x + 1 == width || y + 1 == height {
            for (channel, value) in border.iter_mut().zip(on(sheet, pixel)) {
                channel.0[usize::from(value)] += 1;
            }
        }
    }
    let paper = border.map(|channel| channel.low(channel.count() / 2) as u8);

    let factor = width.max(height).div_ceil(LONGEST).max(1);
    let mut ink = GrayImage::new(width.div_ceil(factor), height.div_ceil(factor));
    for (x, y, pixel) in picture.pixels() {
        let differences = on(sheet, pixel).into_iter().zip(paper);
        let strength = differences
            .map(|(value, paper)| value.abs_diff(paper))
            .max();
        let Luma([strongest]) = ink.get_pixel_mut(x / factor, y / factor);
        *strongest = strength.unwrap_or_default().max(*strongest);
    }
    ink
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

/// What paper and ink are in a picture of ink: the median of the border, and the strongest of all
/// but outliers.
pub(super) fn paper_and_ink(ink: &GrayImage) -> (u8, u8) {
    let (width, height) = ink.dimensions();
    let mut all = Histogram([0; 256]);
    let mut border = Histogram([0; 256]);
    for (x, y, &Luma([value])) in ink.enumerate_pixels() {
        all.0[usize::from(value)] += 1;
        if x == 0 || y == 0 || x + 1 == width || y + 1 == height {
            border.0[usize::from(value)] += 1;
        }
    }
    let paper = border.low(border.count() / 2);
    let strongest = all.high(all.count() / OUTLIERS);
    (paper as u8, strongest as u8)
}

/// How many pixels have each grey value.
struct Histogram([u64; 256]);

impl Histogram {
    fn count(&self) -> u64 {
        self.0.iter().sum()
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
