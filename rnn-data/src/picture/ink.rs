//! From colours to ink: light on dark, whatever the picture is.

use image::{DynamicImage, GenericImageView, GrayImage, Luma, Rgba};

/// A longer side is reduced to this many pixels at most. It is 25 for each of the 20 that a digit
/// gets, so one that is small on a large sheet has enough of them too.
const LONGEST: u32 = 512;

/// Of 10,000 pixels one may be darker or lighter than what counts as darkest or lightest: dust, a
/// reflection, a broken sensor.
const OUTLIERS: u64 = 10_000;

/// How much each pixel stands out as ink does: 0 at black paper, or white paper, 255 at the other.
///
/// A large picture is reduced: of several pixels the strongest counts, so that no pen is too thin.
pub(super) fn of(picture: &DynamicImage) -> GrayImage {
    let light = is_light(picture);
    let (width, height) = picture.dimensions();
    let factor = width.max(height).div_ceil(LONGEST).max(1);
    let mut ink = GrayImage::new(width.div_ceil(factor), height.div_ceil(factor));
    for (x, y, pixel) in picture.pixels() {
        // On white, yellow is as strong as black is, and on black, blue is as strong as white.
        let [r, g, b] = on_white(pixel);
        let strength = if light {
            255 - r.min(g).min(b)
        } else {
            r.max(g).max(b)
        };
        let Luma([strongest]) = ink.get_pixel_mut(x / factor, y / factor);
        *strongest = strength.max(*strongest);
    }
    ink
}

/// Whether the paper is light: whether more of the border is nearly as light as the lightest pixels
/// than is nearly as dark as the darkest.
///
/// Only the quarters at either end count, not which of the halves: clothes in Fashion-MNIST reach
/// the border with all kinds of grey, but what is black there is more than what is white.
fn is_light(picture: &DynamicImage) -> bool {
    let (width, height) = picture.dimensions();
    let mut all = Histogram([0; 256]);
    let mut border = Histogram([0; 256]);
    for (x, y, pixel) in picture.pixels() {
        let [r, g, b] = on_white(pixel).map(u32::from);
        // ITU-R BT.709. The weights add up to one, so grey stays what it is.
        let grey = (2126 * r + 7152 * g + 722 * b) / 10_000;
        all.0[grey as usize] += 1;
        if x == 0 || y == 0 || x + 1 == width || y + 1 == height {
            border.0[grey as usize] += 1;
        }
    }
    let outliers = all.count() / OUTLIERS;
    let (darkest, lightest) = (all.low(outliers), all.high(outliers));
    let quarter = lightest.saturating_sub(darkest) / 4;
    let dark: u64 = border.0[..=darkest + quarter].iter().sum();
    let light: u64 = border.0[lightest - quarter..].iter().sum();
    light > dark
}

fn on_white(Rgba([r, g, b, alpha]): Rgba<u8>) -> [u8; 3] {
    let alpha = u32::from(alpha);
    // At most 255, and exactly the colour where nothing is transparent.
    [r, g, b].map(|c| ((u32::from(c) * alpha + 255 * (255 - alpha) + 127) / 255) as u8)
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
