//! The pen: a glyph, bent by one writer's hand, as 28x28 grey values.
//!
//! Only `+ - * /` and `sqrt` are used, all of which IEEE 754 rounds in one way: the same seed gives
//! the same bytes on every machine, whatever its mathematical library.

use rand::Rng;

use super::glyph::{DIGITS, Stroke};

/// Rows, and columns, of a picture.
pub(super) const SIDE: usize = 28;

/// Ink keeps this far from the picture's edge, in pixels.
const MARGIN: f32 = 1.0;

/// Straight pieces per piece of curve between two points.
const PIECES: usize = 6;

// What varies from digit to digit, each as (lowest, highest) of a uniform draw. Lengths are pixels.
// The balance is deliberate, see the module's documentation: the place and the height vary most,
// since that is what a classifier of whole pictures suffers from, and one that reads row by row
// does not.
const HEIGHT: (f32, f32) = (13.0, 21.0);
/// Width as a share of the height.
const ASPECT: (f32, f32) = (0.55, 0.85);
/// Shear: how far the top leans to the right, as a share of the height.
const SLANT: (f32, f32) = (-0.10, 0.35);
/// Tangent of half the angle of rotation; 0.07 is 8 degrees.
const HALF_TURN: (f32, f32) = (-0.07, 0.07);
/// From the picture's middle to the digit's. Where the digit would leave the picture, less.
const SHIFT_X: (f32, f32) = (-2.0, 2.0);
const SHIFT_Y: (f32, f32) = (-4.0, 4.0);
/// Of the stroke.
const WIDTH: (f32, f32) = (1.5, 2.8);
/// Standard deviation of each control point, as a share of the glyph's box.
const WOBBLE: f32 = 0.03;
/// Grey value in the middle of a stroke.
const INK: (f32, f32) = (170.0, 255.0);
/// Most that a pixel of the paper is off from black, drawn per picture.
const GRAIN: (f32, f32) = (0.0, 24.0);

/// Draws one digit: `SIDE * SIDE` grey values, row by row, 0 = paper.
pub(super) fn draw(digit: usize, rng: &mut impl Rng) -> [u8; SIDE * SIDE] {
    let variants = DIGITS[digit];
    let glyph = variants[below(rng, variants.len() as u32) as usize];
    let mut lines: Vec<Vec<Point>> = glyph
        .iter()
        .map(|stroke| curve(&wobbled(stroke, rng)))
        .collect();

    let width = uniform(rng, WIDTH);
    place(&mut lines, width, rng);

    let ink = uniform(rng, INK);
    let grain = uniform(rng, GRAIN);
    let coverage = rasterise(&lines, width);
    coverage.map(|share| {
        let paper = grain * uniform(rng, (0.0, 1.0));
        // Adding one half rounds to nearest; the cast saturates and never wraps.
        (share * ink + (1.0 - share) * paper + 0.5) as u8
    })
}

type Point = [f32; 2];

/// Uniform in `[low, high)`. Made from the generator's 32 bits by hand, so that no release of the
/// `rand` crate can change what a seed draws.
fn uniform(rng: &mut impl Rng, (low, high): (f32, f32)) -> f32 {
    let unit = (rng.next_u32() >> 8) as f32 / (1 << 24) as f32;
    low + (high - low) * unit
}

/// Uniform in `0..n`, by multiplication; for the small `n` used here the bias is below 1e-8.
pub(super) fn below(rng: &mut impl Rng, n: u32) -> u32 {
    ((u64::from(rng.next_u32()) * u64::from(n)) >> 32) as u32
}

/// About standard normal: three uniforms have variance one if each spans `-1..1`.
fn normal(rng: &mut impl Rng) -> f32 {
    (0..3).map(|_| uniform(rng, (-1.0, 1.0))).sum()
}

/// The stroke's points, each moved a little. The two halves of a corner move together.
fn wobbled(stroke: Stroke, rng: &mut impl Rng) -> Vec<Point> {
    let mut points: Vec<Point> = Vec::with_capacity(stroke.len());
    for (i, &(x, y)) in stroke.iter().enumerate() {
        let point = match points.last() {
            Some(&last) if stroke[i - 1] == (x, y) => last,
            _ => [x + WOBBLE * normal(rng), y + WOBBLE * normal(rng)],
        };
        points.push(point);
    }
    points
}

/// A Catmull-Rom curve through `points` as a chain of short lines. At a corner, which is a point
/// given twice, and at both ends the tangent comes from the one neighbour that there is.
fn curve(points: &[Point]) -> Vec<Point> {
    let mut line = vec![points[0]];
    for i in 1..points.len() {
        let (from, to) = (points[i - 1], points[i]);
        if from == to {
            continue;
        }
        let mirrored = |at: Point, other: Point| [2.0 * at[0] - other[0], 2.0 * at[1] - other[1]];
        let before = match i.checked_sub(2).map(|j| points[j]) {
            Some(point) if point != from => point,
            _ => mirrored(from, to),
        };
        let after = match points.get(i + 1) {
            Some(&point) if point != to => point,
            _ => mirrored(to, from),
        };
        for piece in 1..=PIECES {
            let t = piece as f32 / PIECES as f32;
            line.push([0, 1].map(|k| {
                let (a, b, c, d) = (before[k], from[k], to[k], after[k]);
                b + 0.5
                    * t
                    * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
            }));
        }
    }
    line
}

/// Scales, slants, turns and moves the lines, from the glyph's box to pixels of the picture.
fn place(lines: &mut [Vec<Point>], width: f32, rng: &mut impl Rng) {
    let height = uniform(rng, HEIGHT);
    let broad = height * uniform(rng, ASPECT);
    let slant = uniform(rng, SLANT);
    let half = uniform(rng, HALF_TURN);
    let shift = [uniform(rng, SHIFT_X), uniform(rng, SHIFT_Y)];

    // Sine and cosine from the tangent of the half angle need no mathematical library.
    let cos = (1.0 - half * half) / (1.0 + half * half);
    let sin = 2.0 * half / (1.0 + half * half);
    let mut low = [f32::MAX; 2];
    let mut high = [f32::MIN; 2];
    for point in lines.iter_mut().flatten() {
        let y = (point[1] - 0.5) * height;
        let x = (point[0] - 0.5) * broad - slant * y;
        *point = [cos * x - sin * y, sin * x + cos * y];
        for k in 0..2 {
            low[k] = low[k].min(point[k]);
            high[k] = high[k].max(point[k]);
        }
    }

    let side = SIDE as f32;
    let edge = MARGIN + width / 2.0;
    for k in 0..2 {
        let centre = (low[k] + high[k]) / 2.0;
        // What is left on either side; nothing for a digit that fills the picture.
        let room = (side / 2.0 - edge - (high[k] - low[k]) / 2.0).max(0.0);
        let offset = side / 2.0 - centre + shift[k].clamp(-room, room);
        for point in lines.iter_mut().flatten() {
            point[k] += offset;
        }
    }
}

/// How much of each pixel is under a pen of this width: 0 to 1, with soft edges one pixel wide.
fn rasterise(lines: &[Vec<Point>], width: f32) -> [f32; SIDE * SIDE] {
    let reach = width / 2.0 + 0.5;
    let mut nearest = [reach * reach; SIDE * SIDE];
    for line in lines {
        for ends in line.windows(2) {
            let (a, b) = (ends[0], ends[1]);
            // The cast saturates at zero, and `min` keeps the other side inside the picture.
            let first = |k: usize| ((a[k].min(b[k]) - reach) as usize).min(SIDE);
            let end = |k: usize| ((a[k].max(b[k]) + reach) as usize + 1).min(SIDE);
            for row in first(1)..end(1) {
                for col in first(0)..end(0) {
                    let squared = squared_distance([col as f32 + 0.5, row as f32 + 0.5], a, b);
                    let best = &mut nearest[row * SIDE + col];
                    *best = best.min(squared);
                }
            }
        }
    }
    nearest.map(|squared| (reach - squared.sqrt()).clamp(0.0, 1.0))
}

/// From a point to the line between `a` and `b`.
fn squared_distance(point: Point, a: Point, b: Point) -> f32 {
    let along = [b[0] - a[0], b[1] - a[1]];
    let from_a = [point[0] - a[0], point[1] - a[1]];
    let length = along[0] * along[0] + along[1] * along[1];
    let t = if length > 0.0 {
        ((from_a[0] * along[0] + from_a[1] * along[1]) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let (dx, dy) = (from_a[0] - t * along[0], from_a[1] - t * along[1]);
    dx * dx + dy * dy
}
