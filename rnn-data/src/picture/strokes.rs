//! Tells a digit's ink from specks, and measures and widens its strokes.

use std::f32::consts::FRAC_PI_4;

use image::{GrayImage, Luma};

/// From this value on ink is part of the digit, and not only its soft edge.
const HALF: u8 = 128;

/// A piece of ink is kept if it is at least one eighth as long as the largest, and dirt otherwise.
const SHARE: u32 = 8;

/// A box is one if what is in it is at least this part of its length.
const LEAST_IN_BOX: u32 = 4;

/// A rectangle of pixels: from `low` to `high`, both inside, as `[x, y]`.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) low: [u32; 2],
    pub(super) high: [u32; 2],
}

impl Bounds {
    /// Columns and rows.
    pub(super) fn size(&self) -> [u32; 2] {
        [0, 1].map(|k| self.high[k] - self.low[k] + 1)
    }

    /// The longer of the two.
    pub(super) fn longest(&self) -> u32 {
        let [width, height] = self.size();
        width.max(height)
    }

    /// The least rectangle around both.
    fn union(self, other: Self) -> Self {
        Self {
            low: [0, 1].map(|k| self.low[k].min(other.low[k])),
            high: [0, 1].map(|k| self.high[k].max(other.high[k])),
        }
    }
}

/// Pixels with ink that touch each other, if only at corners.
struct Piece {
    pixels: Vec<[u32; 2]>,
    bounds: Bounds,
}

impl Piece {
    /// Whether it reaches the border of a picture of this size: the edge of a shadow or of the sheet, a
    /// finger.
    fn is_at_border(&self, [width, height]: [u32; 2]) -> bool {
        let Bounds { low, high } = self.bounds;
        low.contains(&0) || high[0] + 1 == width || high[1] + 1 == height
    }

    /// Whether it is a box with straight sides around another piece that is not much smaller.
    fn is_box_around(&self, others: &[Piece]) -> bool {
        let Bounds { low, high } = self.bounds;
        let longest = self.bounds.longest();
        let is_inside = |other: &Piece| {
            let inner = other.bounds;
            let within = |k: usize| low[k] < inner.low[k] && inner.high[k] < high[k];
            within(0) && within(1) && inner.longest() * LEAST_IN_BOX >= longest
        };
        if !others.iter().any(is_inside) {
            return false;
        }
        // How much of each side of its bounds has ink near it.
        let near = (longest / 16).max(1);
        let sizes = self.bounds.size();
        (0..2).all(|k| {
            let across = 1 - k;
            let mut sides = [0, 1].map(|_| vec![false; sizes[across] as usize]);
            for at in &self.pixels {
                let place = (at[across].clamp(low[across], high[across]) - low[across]) as usize;
                sides[0][place] |= at[k] <= low[k] + near;
                sides[1][place] |= at[k] + near >= high[k];
            }
            let share = |side: &Vec<bool>| side.iter().filter(|&&ink| ink).count() * 10;
            sides.iter().all(|side| share(side) >= side.len() * 9)
        })
    }
}

/// Leaves what is around the digit out: boxes, and what reaches the border if something of some size does
/// not.
fn without_surroundings(mut pieces: Vec<Piece>, size: [u32; 2]) -> Vec<Piece> {
    let is_alone = |piece: &Piece| {
        let longest = size[0].max(size[1]);
        !piece.is_at_border(size) && piece.bounds.longest() * SHARE >= longest
    };
    if pieces.iter().any(is_alone) {
        pieces.retain(|piece| !piece.is_at_border(size));
    }
    let boxes: Vec<bool> = pieces
        .iter()
        .map(|piece| piece.is_box_around(&pieces))
        .collect();
    let mut boxes = boxes.into_iter();
    pieces.retain(|_| !boxes.next().unwrap_or(false));
    pieces
}

/// Removes what is around the digit or too small to be part of it, and gives the rectangle around the
/// rest, or none if there is no ink.
pub(super) fn remove_specks(ink: &mut GrayImage) -> Option<Bounds> {
    let pieces = without_surroundings(pieces(ink), [ink.width(), ink.height()]);
    let longest = pieces.iter().map(|piece| piece.bounds.longest()).max()?;
    let is_digit = |piece: &&Piece| piece.bounds.longest() * SHARE >= longest;

    // Painting what stays also drops the soft ink that belongs to no piece.
    let mut clean = GrayImage::new(ink.width(), ink.height());
    for piece in pieces.iter().filter(is_digit) {
        for &[x, y] in &piece.pixels {
            clean.put_pixel(x, y, *ink.get_pixel(x, y));
        }
    }
    *ink = clean;
    let kept = pieces.iter().filter(is_digit);
    kept.map(|piece| piece.bounds).reduce(Bounds::union)
}

/// Pieces go as far as there is any ink; one of soft ink alone is none.
fn pieces(ink: &GrayImage) -> Vec<Piece> {
    let (width, height) = ink.dimensions();
    let mut seen = GrayImage::new(width, height);
    let mut is_new = |x: u32, y: u32| {
        let Luma([seen]) = seen.get_pixel_mut(x, y);
        ink.get_pixel(x, y).0[0] > 0 && std::mem::replace(seen, 1) == 0
    };
    let mut pieces = Vec::new();
    for y in 0..height {
        for x in 0..width {
            if !is_new(x, y) {
                continue;
            }
            let mut pixels = vec![[x, y]];
            let mut next = 0;
            while let Some(&[x, y]) = pixels.get(next) {
                next += 1;
                for y in y.saturating_sub(1)..(y + 2).min(height) {
                    for x in x.saturating_sub(1)..(x + 2).min(width) {
                        if is_new(x, y) {
                            pixels.push([x, y]);
                        }
                    }
                }
            }
            let strong = pixels
                .iter()
                .filter(|[x, y]| ink.get_pixel(*x, *y).0[0] >= HALF)
                .map(|&at| Bounds { low: at, high: at });
            if let Some(bounds) = strong.reduce(Bounds::union) {
                pieces.push(Piece { pixels, bounds });
            }
        }
    }
    pieces
}

/// About how many pixels wide the strokes are: a stroke's area is its length times its width, and
/// what surrounds it is twice its length.
pub(super) fn width(ink: &GrayImage) -> f32 {
    let (width, height) = ink.dimensions();
    let is_ink = |x: u32, y: u32| x < width && y < height && ink.get_pixel(x, y).0[0] >= HALF;
    let mut area = 0.0;
    let mut sides = 0;
    for (x, y, &Luma([value])) in ink.enumerate_pixels() {
        area += f32::from(value) / 255.0;
        if is_ink(x, y) {
            // Left of the first column wraps around, to where there is no ink either.
            let around = [
                (x.wrapping_sub(1), y),
                (x + 1, y),
                (x, y.wrapping_sub(1)),
                (x, y + 1),
            ];
            sides += around.iter().filter(|&&(x, y)| !is_ink(x, y)).count();
        }
    }
    // Stairs are longer than the slope that they follow: 4 / pi times, over all directions.
    2.0 * area / (sides as f32 * FRAC_PI_4).max(1.0)
}

/// What is inside `bounds`, drawn again with a pen that is wider by `radius` on all sides, in the
/// middle of a square that it just fits.
pub(super) fn thicken(ink: &GrayImage, bounds: Bounds, radius: u32) -> GrayImage {
    let [width, height] = bounds.size();
    let longest = bounds.longest();
    let (left, top) = ((longest - width) / 2, (longest - height) / 2);
    let mut bold = GrayImage::new(longest + 2 * radius, longest + 2 * radius);
    for y in 0..height {
        for x in 0..width {
            let Luma([value]) = *ink.get_pixel(bounds.low[0] + x, bounds.low[1] + y);
            if value == 0 {
                continue;
            }
            // A disc around the pixel, row by row.
            for row in 0..=2 * radius {
                let half = (radius.pow(2) - row.abs_diff(radius).pow(2)).isqrt();
                for column in radius - half..=radius + half {
                    let Luma([bolder]) = bold.get_pixel_mut(left + x + column, top + y + row);
                    *bolder = value.max(*bolder);
                }
            }
        }
    }
    bold
}
