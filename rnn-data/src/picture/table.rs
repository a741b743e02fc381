//! Finds a sheet of paper that lies on a table of another shade.

use image::{GrayImage, Luma};

use super::hollow::flood;
use super::hull::{area, hull, turn};
use super::ink::LEAST_CONTRAST;
use super::top_hat::{Border, top_hat};

/// In a picture with a side of less, a sheet's edge is as wide as what is between it and the digit.
const LEAST_SIDE: u32 = 32;
/// A sheet is at least one part in so many of the picture.
const LEAST_SHEET: usize = 10;
/// The paper is at least this part of the sheet, and the rest of it ink.
const PAPER: f32 = 0.7;
/// A sheet with four corners is at least this part of a quadrilateral. An ellipse is less than two thirds.
const FOUR_SIDED: f32 = 0.9;
/// At least so many of ten pixels around the sheet are not like paper.
const AROUND: usize = 7;
/// The sheet reaches less than one part in so many of the picture's border.
const AT_BORDER: usize = 3;
/// At least one pixel of this many on the sheet is ink.
const LEAST_INK: usize = 500;
/// How much of a sheet's edge is left out, in parts of the picture's longer side: it is soft and bent.
const EDGE: u32 = 60;

/// Each channel of a picture twice: higher values are darker, and they are lighter.
type Channels = [[GrayImage; 2]; 3];

/// The place of a sheet, and how to go on with it beyond its edges.
pub(super) struct Inside {
    /// How many steps each pixel is from the sheet.
    steps: Vec<u32>,
    /// All that are not on it, from the nearest on.
    outside: Vec<[u32; 2]>,
    size: [u32; 2],
}

/// The sheet of paper, if there is one with ink on it and a table around it.
pub(super) fn inside(channels: &Channels, reach: u32) -> Option<Inside> {
    let [red, green, blue] = channels.each_ref().map(|[_, light]| light);
    let (width, height) = red.dimensions();
    if width.min(height) < LEAST_SIDE {
        return None;
    }
    let grey = GrayImage::from_fn(width, height, |x, y| {
        let [r, g, b] = [red, green, blue].map(|image| u32::from(image.get_pixel(x, y).0[0]));
        // ITU-R BT.709.
        Luma([((2126 * r + 7152 * g + 722 * b) / 10_000) as u8])
    });
    let threshold = threshold(&grey)?;
    let is_light = |[x, y]: [u32; 2]| grey.get_pixel(x, y).0[0] > threshold;

    let mut seen = GrayImage::new(width, height);
    for (x, y, _) in grey.enumerate_pixels() {
        let light = is_light([x, y]);
        if seen.get_pixel(x, y).0[0] > 0 {
            continue;
        }
        let (paper, _) = flood([x, y], &mut seen, |at| is_light(at) == light, false);
        if paper.len() * LEAST_SHEET < grey.len() {
            continue;
        }
        let Some(corners) = four_sided(&paper, [width, height]) else {
            continue;
        };
        let distance = |at: [u32; 2]| distance(&corners, at);
        let around = || {
            let all = grey.enumerate_pixels().map(|(x, y, _)| [x, y]);
            all.filter(|&at| distance(at) < 0.0)
        };
        let unlike = around().filter(|&at| is_light(at) != light).count();
        if unlike * 10 < around().count() * AROUND {
            continue;
        }
        let edge = (width.max(height) / EDGE + 2) as f32;
        let inside = Inside::new([width, height], |at| distance(at) >= edge);
        // Whatever is as large and four-sided is a sheet only if something is on it.
        let is_inked = |channel: &[GrayImage; 2]| {
            let mut values = channel[usize::from(!light)].clone();
            inside.go_on(&mut values);
            let strokes = top_hat(&values, reach, Border::IsNoEdge);
            let inked = strokes.iter().filter(|&&ink| ink >= LEAST_CONTRAST).count();
            inked * LEAST_INK >= paper.len()
        };
        if channels.iter().any(is_inked) {
            return Some(inside);
        }
    }
    None
}

/// The value that parts dark and light best: the variance between both is largest (Otsu, 1979).
fn threshold(grey: &GrayImage) -> Option<u8> {
    let mut counts = [0u32; 256];
    for &value in grey.iter() {
        counts[usize::from(value)] += 1;
    }
    let moment = |values: std::ops::RangeInclusive<u8>| {
        let pairs = values.map(|value| (f64::from(value), f64::from(counts[usize::from(value)])));
        pairs.fold((0.0, 0.0), |(count, sum), (value, n)| {
            (count + n, sum + n * value)
        })
    };
    let between = |value: u8| {
        let ((dark, dark_sum), (light, light_sum)) = (moment(0..=value), moment(value + 1..=255));
        let difference = light_sum / light - dark_sum / dark;
        (dark > 0.0 && light > 0.0 && difference >= LEAST_CONTRAST.into())
            .then_some(dark * light * difference * difference)
    };
    let parted = (0..255).filter_map(|value| Some((value, between(value)?)));
    parted
        .max_by(|(_, a), (_, b)| a.total_cmp(b))
        .map(|(value, _)| value)
}

/// The corners of the convex hull of what may be a sheet.
fn four_sided(paper: &[[u32; 2]], [width, height]: [u32; 2]) -> Option<Vec<[f32; 2]>> {
    let is_at_border = |&&[x, y]: &&[u32; 2]| x == 0 || y == 0 || x + 1 == width || y + 1 == height;
    let at_border = paper.iter().filter(is_at_border).count();
    if at_border * AT_BORDER >= 2 * (width + height) as usize {
        return None;
    }
    let corners = hull(paper.iter().copied());
    let whole = area(&corners);
    let is_sheet =
        paper.len() as f32 >= PAPER * whole && quadrilateral(&corners) >= FOUR_SIDED * whole;
    is_sheet.then_some(corners)
}

/// The area of the largest quadrilateral with its corners among these.
fn quadrilateral(corners: &[[f32; 2]]) -> f32 {
    let mut largest = 0.0f32;
    for (i, &a) in corners.iter().enumerate() {
        for &c in &corners[i + 1..] {
            // The furthest on either side of the diagonal.
            let sides = corners.iter().map(|&b| turn(a, c, b));
            let (low, high) = sides.fold((0.0f32, 0.0f32), |(low, high), side| {
                (low.min(side), high.max(side))
            });
            largest = largest.max((high - low) / 2.0);
        }
    }
    largest
}

/// How far inside a convex polygon a pixel's middle is, or less than 0.
fn distance(corners: &[[f32; 2]], at: [u32; 2]) -> f32 {
    let at = at.map(|at| at as f32 + 0.5);
    let next = corners.iter().cycle().skip(1);
    let distances = corners.iter().zip(next).map(|(&a, &b)| {
        let length = (b[0] - a[0]).hypot(b[1] - a[1]);
        turn(a, b, at) / length.max(f32::MIN_POSITIVE)
    });
    distances.fold(f32::MAX, f32::min)
}

impl Inside {
    fn new(size: [u32; 2], is_inside: impl Fn([u32; 2]) -> bool) -> Self {
        let [width, height] = size;
        let all = (0..height).flat_map(|y| (0..width).map(move |x| [x, y]));
        let on_sheet: Vec<[u32; 2]> = all.filter(|&at| is_inside(at)).collect();
        let mut new = Self {
            steps: vec![u32::MAX; (width * height) as usize],
            outside: Vec::new(),
            size,
        };
        for &at in &on_sheet {
            let index = new.index(at);
            new.steps[index] = 0;
        }
        let mut order = on_sheet;
        let count = order.len();
        let mut next = 0;
        while let Some(&at) = order.get(next) {
            next += 1;
            let steps = new.steps[new.index(at)] + 1;
            for near in neighbours(at, size) {
                let index = new.index(near);
                if new.steps[index] == u32::MAX {
                    new.steps[index] = steps;
                    order.push(near);
                }
            }
        }
        new.outside = order.split_off(count);
        new
    }

    fn index(&self, [x, y]: [u32; 2]) -> usize {
        (y * self.size[0] + x) as usize
    }

    /// Makes what is outside of the sheet like the nearest of it, as if it went on there.
    pub(super) fn go_on(&self, values: &mut GrayImage) {
        for &at in &self.outside {
            let steps = self.steps[self.index(at)];
            let nearer =
                neighbours(at, self.size).filter(|&near| self.steps[self.index(near)] < steps);
            let (sum, count) = nearer.fold((0, 0), |(sum, count), [x, y]| {
                (sum + u32::from(values.get_pixel(x, y).0[0]), count + 1)
            });
            let mean = (sum + count / 2) / count.max(1);
            values.put_pixel(at[0], at[1], Luma([mean as u8]));
        }
    }
}

/// The pixels around one, and itself.
fn neighbours([x, y]: [u32; 2], [width, height]: [u32; 2]) -> impl Iterator<Item = [u32; 2]> {
    let columns = x.saturating_sub(1)..(x + 2).min(width);
    let rows = y.saturating_sub(1)..(y + 2).min(height);
    rows.flat_map(move |y| columns.clone().map(move |x| [x, y]))
}
