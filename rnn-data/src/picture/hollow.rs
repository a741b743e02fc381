//! Fills digits that are drawn as outlines.

use image::{GrayImage, Luma};

use super::hull::{area, hull};
use super::piece::HALF;
use super::top_hat::widened;

/// What an outline encloses winds: it is at most this part of its convex hull. The holes of an ordinary
/// digit are round, or slim, and fill theirs.
const BAND: f32 = 0.75;
/// A hole of less than this part of all holes tells nothing of the digit.
const TELLING: usize = 4;

/// What is between the outlines is at least this part of what they are drawn with.
const LEAST_BAND: f32 = 0.4;

/// Gaps that are closed, in parts of the digit's length: twice as long each.
const GAPS: [u32; 3] = [u32::MAX, 50, 25];

/// A part of the paper.
struct Hole {
    pixels: Vec<[u32; 2]>,
    sides: usize,
    /// Which part it is of its convex hull.
    solidity: f32,
}

impl Hole {
    fn width(&self) -> f32 {
        2.0 * self.pixels.len() as f32 / self.sides.max(1) as f32
    }
}

/// The digit with what is between its outlines filled, or none if it is drawn with strokes. Around it
/// there must be a margin.
pub(super) fn filled(ink: &GrayImage, longest: u32) -> Option<GrayImage> {
    GAPS.into_iter()
        .find_map(|part| filled_over(ink, longest / part))
}

/// How wide the margin is to be.
pub(super) fn margin(longest: u32) -> u32 {
    longest / 25 + 2
}

/// The same over gaps of twice the reach.
fn filled_over(ink: &GrayImage, reach: u32) -> Option<GrayImage> {
    let holes = holes(ink, reach);
    let area = |hole: &Hole| hole.pixels.len();
    let total: usize = holes.iter().map(area).sum();
    let bands = holes
        .iter()
        .filter(|hole| area(hole) * TELLING >= total && hole.solidity <= BAND);
    let width = bands.map(Hole::width).reduce(f32::max)?;
    let is_between = |hole: &&Hole| hole.solidity <= BAND || hole.width() <= width * 0.9;
    let between: usize = holes.iter().filter(is_between).map(area).sum();
    let lines = ink.pixels().filter(|Luma([value])| *value >= HALF).count();
    if (between as f32) < LEAST_BAND * lines as f32 {
        return None;
    }
    let mut filled = ink.clone();
    for &[x, y] in holes
        .iter()
        .filter(is_between)
        .flat_map(|hole| &hole.pixels)
    {
        filled.put_pixel(x, y, Luma([u8::MAX]));
    }
    Some(filled)
}

/// The most holes that are looked at.
const MOST_HOLES: usize = 64;

/// The parts of the paper that an odd number of lines are around.
fn holes(ink: &GrayImage, reach: u32) -> Vec<Hole> {
    let (width, height) = ink.dimensions();
    let closed = widened(ink, reach);
    let is_ink = |[x, y]: [u32; 2]| closed.get_pixel(x, y).0[0] >= HALF;
    let mut seen = GrayImage::new(width, height);
    let mut parts = Vec::new();
    // Where the next parts of paper, and then of ink, may begin.
    let mut starts = vec![[0, 0]];
    let mut is_odd = false;
    while !starts.is_empty() {
        let mut edge = Vec::new();
        for start in starts.drain(..) {
            let (pixels, outline) = flood(start, &mut seen, |at| !is_ink(at), false);
            edge.extend(outline);
            if is_odd && !pixels.is_empty() {
                parts.push(pixels);
            }
        }
        for start in edge {
            starts.extend(flood(start, &mut seen, is_ink, true).1);
        }
        is_odd = !is_odd;
    }
    // Of a mesh, which has thousands, the largest.
    parts.sort_by_key(|pixels| std::cmp::Reverse(pixels.len()));
    parts.truncate(MOST_HOLES);
    parts
        .iter()
        .map(|pixels| grown(pixels, ink, reach))
        .collect()
}

/// A hole as it is without what closed its gaps.
fn grown(pixels: &[[u32; 2]], ink: &GrayImage, reach: u32) -> Hole {
    let mut part = GrayImage::new(ink.width(), ink.height());
    for &[x, y] in pixels {
        part.put_pixel(x, y, Luma([u8::MAX]));
    }
    let mut part = widened(&part, reach);
    for (part, Luma([ink])) in part.pixels_mut().zip(ink.pixels()) {
        part.0[0] *= u8::from(*ink < HALF);
    }
    let is_part = |x: u32, y: u32| {
        part.get_pixel_checked(x, y)
            .is_some_and(|part| part.0[0] > 0)
    };
    let mut pixels = Vec::new();
    let mut sides = 0;
    for (x, y, Luma([value])) in part.enumerate_pixels() {
        if *value > 0 {
            pixels.push([x, y]);
            let around = [
                (x.wrapping_sub(1), y),
                (x + 1, y),
                (x, y.wrapping_sub(1)),
                (x, y + 1),
            ];
            sides += around.iter().filter(|(x, y)| !is_part(*x, *y)).count();
        }
    }
    let solidity = pixels.len() as f32 / area(&hull(pixels.iter().copied())).max(1.0);
    Hole {
        pixels,
        sides,
        solidity,
    }
}

/// The pixels that hang together with the first and are not seen yet, and their neighbours of the other
/// kind, once for each side.
pub(super) fn flood(
    start: [u32; 2],
    seen: &mut GrayImage,
    is_part: impl Fn([u32; 2]) -> bool,
    with_corners: bool,
) -> (Vec<[u32; 2]>, Vec<[u32; 2]>) {
    let (width, height) = seen.dimensions();
    let mut is_new =
        |[x, y]: [u32; 2]| std::mem::replace(&mut seen.get_pixel_mut(x, y).0[0], 1) == 0;
    let (mut pixels, mut others) = (Vec::new(), Vec::new());
    if is_part(start) && is_new(start) {
        pixels.push(start);
    }
    let mut next = 0;
    while let Some(&[x, y]) = pixels.get(next) {
        next += 1;
        for down in [-1, 0, 1] {
            for right in [-1, 0, 1] {
                let is_corner = down != 0 && right != 0;
                let at = [x.wrapping_add_signed(right), y.wrapping_add_signed(down)];
                if is_corner && !with_corners || at[0] >= width || at[1] >= height {
                    continue;
                }
                if !is_part(at) {
                    others.push(at);
                } else if is_new(at) {
                    pixels.push(at);
                }
            }
        }
    }
    (pixels, others)
}
