//! Pieces of ink: pixels that touch each other, and what tells a stroke from other things.

use std::f32::consts::{FRAC_PI_4, TAU};

use image::{GrayImage, Luma};

/// From this value on ink is part of the digit, and not only its soft edge.
pub(super) const HALF: u8 = 128;

/// What is wider than this part of its length is a blob, and no stroke.
const BLOB: f32 = 0.45;
/// The strokes of a digit are at most so many times as long as it is high: those of an 8 are about four
/// times, and of one that is drawn as an outline twice that.
const LONGEST_STROKE: f32 = 16.0;

/// In how many directions a frame is looked for, and in how many it may be open.
const DIRECTIONS: usize = 36;
const OPEN: usize = 4;
/// What is in a frame is at least this part of its length, and in a box this one.
const LEAST_IN_FRAME: u32 = 2;
const LEAST_IN_BOX: u32 = 4;

/// A rectangle of pixels: from `low` to `high`, both inside, as `[x, y]`.
#[derive(Clone, Copy, Debug)]
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
    pub(super) fn union(self, other: Self) -> Self {
        Self {
            low: [0, 1].map(|k| self.low[k].min(other.low[k])),
            high: [0, 1].map(|k| self.high[k].max(other.high[k])),
        }
    }

    /// How many pixels are between both along an axis.
    pub(super) fn gap(&self, other: &Self, axis: usize) -> u32 {
        let after = |a: &Self, b: &Self| b.low[axis].saturating_sub(a.high[axis] + 1);
        after(self, other).max(after(other, self))
    }

    fn contains(&self, [x, y]: [u32; 2]) -> bool {
        (self.low[0]..=self.high[0]).contains(&x) && (self.low[1]..=self.high[1]).contains(&y)
    }
}

/// Pixels with ink that touch each other, if only at corners.
pub(super) struct Piece {
    pub(super) pixels: Vec<[u32; 2]>,
    /// Of what is not only its soft edge.
    pub(super) bounds: Bounds,
    /// The mean width of its strokes.
    pub(super) width: f32,
    /// Their length, all together.
    length: f32,
    /// Whether a good part of what seems to be its outline is none: it is the rim of something broad.
    is_rim: bool,
}

impl Piece {
    pub(super) fn longest(&self) -> u32 {
        self.bounds.longest()
    }

    /// Whether it reaches the border of a picture of this size: the edge of a shadow or of the sheet, a
    /// finger, a line.
    pub(super) fn is_at_border(&self, [width, height]: [u32; 2]) -> bool {
        let Bounds { low, high } = self.bounds;
        low.contains(&0) || high[0] + 1 == width || high[1] + 1 == height
    }

    /// Whether it is too broad for its length to be a stroke.
    pub(super) fn is_blob(&self) -> bool {
        self.is_rim || self.width > BLOB * self.longest() as f32
    }

    /// Whether it is too full of strokes to be a digit: noise, a texture.
    pub(super) fn is_texture(&self) -> bool {
        self.length > LONGEST_STROKE * self.longest() as f32
    }

    /// Whether it is a frame around another piece that is not much smaller.
    pub(super) fn is_frame_of_any(&self, others: &[Piece]) -> bool {
        let is_in = |other: &&Piece, share: u32| {
            self.bounds.contains(other.bounds.low)
                && self.bounds.contains(other.bounds.high)
                && other.longest() < self.longest()
                && other.longest() * share >= self.longest()
        };
        // A digit that is drawn as an outline has other outlines in it, but small ones.
        let mut in_any = others.iter().filter(|other| is_in(other, LEAST_IN_FRAME));
        let mut in_box = others.iter().filter(|other| is_in(other, LEAST_IN_BOX));
        in_any.any(|other| self.surrounds(other.bounds))
            || in_box.any(|other| self.is_box() && self.surrounds(other.bounds))
    }

    /// Whether it may be the outline of a digit: around a small loop, and no box.
    pub(super) fn is_outline_around(&self, others: &[Piece]) -> bool {
        let is_in = |other: &Piece| {
            self.bounds.contains(other.bounds.low)
                && self.bounds.contains(other.bounds.high)
                && other.longest() * LEAST_IN_FRAME < self.longest()
                && other.longest() * 6 > self.longest()
        };
        let is_around = |other: &Piece| is_in(other) && self.surrounds(other.bounds);
        others.iter().any(is_around) && !self.is_box()
    }

    /// Whether its sides are about straight, and along those of its bounds.
    fn is_box(&self) -> bool {
        let Bounds { low, high } = self.bounds;
        let sizes = self.bounds.size();
        (0..2).all(|k| {
            let across = 1 - k;
            let near = sizes[k] / 10 + 1;
            let mut sides = [0, 1].map(|_| vec![false; sizes[across] as usize]);
            for at in &self.pixels {
                let place = (at[across].clamp(low[across], high[across]) - low[across]) as usize;
                sides[0][place] |= at[k] <= low[k] + near;
                sides[1][place] |= at[k] + near >= high[k];
            }
            // Of an ellipse it is six tenths.
            let share = |side: &Vec<bool>| side.iter().filter(|&&ink| ink).count() * 4;
            sides.iter().all(|side| share(side) >= side.len() * 3)
        })
    }

    /// Whether it has ink in nearly all directions from the inner rectangle's middle, and none in it.
    fn surrounds(&self, inner: Bounds) -> bool {
        let middle = [0, 1].map(|k| (inner.low[k] + inner.high[k]) as f32 / 2.0);
        let mut seen = [false; DIRECTIONS];
        for &at in &self.pixels {
            if inner.contains(at) {
                return false;
            }
            let [x, y] = [0, 1].map(|k| at[k] as f32 - middle[k]);
            let turns = y.atan2(x).rem_euclid(TAU) / TAU;
            seen[(turns * DIRECTIONS as f32) as usize % DIRECTIONS] = true;
        }
        seen.iter().filter(|seen| !**seen).count() <= OPEN
    }
}

/// All pieces. They go as far as there is any ink; one of soft ink alone is none.
///
/// `all` is the ink before what is broad was taken away.
pub(super) fn pieces(ink: &GrayImage, all: &GrayImage) -> Vec<Piece> {
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
            pieces.extend(measured(pixels, ink, all));
        }
    }
    pieces
}

fn measured(pixels: Vec<[u32; 2]>, ink: &GrayImage, all: &GrayImage) -> Option<Piece> {
    let (width, height) = ink.dimensions();
    let value = |image: &GrayImage, [x, y]: [u32; 2]| image.get_pixel(x, y).0[0];
    let is_strong = |at: &[u32; 2]| value(ink, *at) >= HALF;
    let strong = || pixels.iter().filter(|&at| is_strong(at));
    let bounds = strong()
        .map(|&at| Bounds { low: at, high: at })
        .reduce(Bounds::union)?;

    let mut sides = 0;
    let mut at_rim = 0;
    for &[x, y] in strong() {
        // Left of the first column wraps around, to where there is no ink either.
        let around = [(-1, 0), (1, 0), (0, -1), (0, 1)].map(|(right, down): (i32, i32)| {
            [1, 3].map(|step| {
                [
                    x.wrapping_add_signed(step * right),
                    y.wrapping_add_signed(step * down),
                ]
            })
        });
        for [next, further] in around {
            let is_inside = |[x, y]: [u32; 2]| x < width && y < height;
            if is_inside(next) && is_strong(&next) {
                continue;
            }
            sides += 1;
            // Outside of an outline there is paper, and no more ink of the same strength.
            let here = u32::from(value(all, [x, y]));
            at_rim += usize::from(
                is_inside(further)
                    && value(ink, further) < HALF / 2
                    && u32::from(value(all, further)) * 4 >= here * 3,
            );
        }
    }
    let area: f32 = pixels
        .iter()
        .map(|&at| f32::from(value(ink, at)) / 255.0)
        .sum();
    // A stroke's area is its length times its width, and what surrounds it is twice its length. Stairs are
    // longer than the slope that they follow: 4 / pi times, over all directions.
    let length = (sides as f32 * FRAC_PI_4 / 2.0).max(0.5);
    Some(Piece {
        width: area / length,
        length,
        is_rim: at_rim * 5 > sides,
        pixels,
        bounds,
    })
}
