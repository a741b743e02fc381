//! Fills digits that are drawn as outlines.

use image::{GrayImage, Luma};

use super::piece::HALF;

/// What an outline encloses is at least so many times as long as wide. The holes of an ordinary digit are
/// rounder: a slim zero's is six times as long.
const BAND: f32 = 8.0;
/// The same for what is enclosed elsewhere in such a digit.
const PART_OF_BAND: f32 = 6.5;
/// A hole of less than this part of all holes tells nothing of the digit.
const TELLING: usize = 4;

/// A part of the paper.
struct Hole {
    pixels: Vec<[u32; 2]>,
    /// How many lines are between it and the outside.
    depth: u32,
    sides: usize,
}

impl Hole {
    fn width(&self) -> f32 {
        2.0 * self.pixels.len() as f32 / self.sides.max(1) as f32
    }

    fn slimness(&self) -> f32 {
        self.sides as f32 / 2.0 / self.width()
    }
}

/// The digit with what is between its outlines filled, or none if it is drawn with strokes. There must be
/// no ink at the picture's border.
pub(super) fn filled(ink: &GrayImage) -> Option<GrayImage> {
    let mut holes = holes(ink);
    holes.retain(|hole| hole.depth % 2 == 1);
    let total: usize = holes.iter().map(|hole| hole.pixels.len()).sum();
    let bands = holes
        .iter()
        .filter(|hole| hole.pixels.len() * TELLING >= total && hole.slimness() >= BAND);
    let width = bands.map(Hole::width).reduce(f32::max)?;
    let mut filled = ink.clone();
    for hole in &holes {
        if hole.slimness() >= PART_OF_BAND || hole.width() <= width * 0.9 {
            for &[x, y] in &hole.pixels {
                filled.put_pixel(x, y, Luma([u8::MAX]));
            }
        }
    }
    Some(filled)
}

/// All parts of the paper, from the outside to the inside.
fn holes(ink: &GrayImage) -> Vec<Hole> {
    let (width, height) = ink.dimensions();
    let is_ink = |[x, y]: [u32; 2]| ink.get_pixel(x, y).0[0] >= HALF;
    let mut seen = GrayImage::new(width, height);
    let mut holes = Vec::new();
    // Where the next parts of paper, and then of ink, may begin.
    let mut starts = vec![[0, 0]];
    let mut depth = 0;
    while !starts.is_empty() {
        let mut edge = Vec::new();
        for start in starts.drain(..) {
            let (pixels, outline) = flood(start, &mut seen, |at| !is_ink(at), false);
            if !pixels.is_empty() {
                let sides = outline.len();
                holes.push(Hole {
                    pixels,
                    depth,
                    sides,
                });
            }
            edge.extend(outline);
        }
        for start in edge {
            starts.extend(flood(start, &mut seen, is_ink, true).1);
        }
        depth += 1;
    }
    holes
}

/// The pixels that hang together with the first and are not seen yet, and their neighbours of the other
/// kind, once for each side.
fn flood(
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
