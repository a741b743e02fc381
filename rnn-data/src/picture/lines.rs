//! Removes printed lines and the sides of frames: straight, thin, and from border to border.

use image::{GrayImage, Luma, imageops};

/// A line is at most one part in so many of the longer side wide.
const THINNEST: u32 = 40;
/// It may rise or fall by so many of these parts of a pixel per pixel.
const STEPS: i32 = 24;
const PARTS: f32 = 200.0;
/// In so many of ten columns there is some of it.
const SHARE: usize = 6;
/// How far from its middle its ink is, above its width.
const NEAR: u32 = 2;

/// The ink without lines that go through the whole picture in either direction, or none if there are
/// no such lines. What crosses a line stays, so it is not cut.
pub(super) fn without_lines(ink: &GrayImage) -> Option<GrayImage> {
    let mut found = false;
    let mut rest = ink.clone();
    for _ in 0..2 {
        found |= remove_level(&mut rest);
        // Turned twice over its diagonal, it is as it was.
        rest = imageops::flip_horizontal(&imageops::rotate90(&rest));
    }
    found.then_some(rest)
}

/// Removes lines from left to right.
fn remove_level(ink: &mut GrayImage) -> bool {
    let (width, height) = ink.dimensions();
    let widest = (width.max(height) / THINNEST).max(2);
    // Columns of thin ink: where each starts, and how long it is.
    let mut thin = Vec::new();
    for x in 0..width {
        let mut y = 0;
        while y < height {
            let run = (y..height)
                .take_while(|&y| ink.get_pixel(x, y).0[0] > 0)
                .count() as u32;
            if run > 0 && run <= widest {
                thin.push([x, y, run]);
            }
            y += run + 1;
        }
    }

    // How many columns each straight line meets: of those that look alike, those that meet most.
    let mut lines = Vec::new();
    for step in -STEPS..=STEPS {
        let slope = step as f32 / PARTS;
        let shift = (slope.abs() * width as f32).ceil() as u32 + 1;
        let mut counts = vec![0usize; (height + 2 * shift) as usize];
        for &[x, y, run] in &thin {
            let level = (y + run / 2) as f32 - slope * x as f32 + shift as f32;
            counts[level as usize] += 1;
        }
        for level in 1..counts.len().saturating_sub(1) {
            let count: usize = counts[level - 1..=level + 1].iter().sum();
            if count * 10 >= width as usize * SHARE {
                lines.push((count, slope, level as f32 + 0.5 - shift as f32));
            }
        }
    }
    lines.sort_by_key(|&(count, ..)| std::cmp::Reverse(count));

    let mut found = false;
    for (_, slope, level) in lines {
        let is_on = |&&[x, y, run]: &&[u32; 3]| {
            let distance = level + slope * x as f32 - (y as f32 + run as f32 / 2.0);
            distance.abs() <= (NEAR + widest / 4) as f32
        };
        let mut on: Vec<[u32; 3]> = thin.iter().filter(is_on).copied().collect();
        on.dedup_by_key(|[x, ..]| *x);
        let reaches = |columns: std::ops::Range<u32>| on.iter().any(|[x, ..]| columns.contains(x));
        let end = width / 100 + 2;
        let is_line = on.len() * 10 >= width as usize * SHARE
            && reaches(0..end)
            && reaches(width.saturating_sub(end)..width);
        if !is_line {
            continue;
        }
        found = true;
        thin.retain(|run| !is_on(&run));
        for [x, y, run] in on {
            for y in y..y + run {
                ink.put_pixel(x, y, Luma([0]));
            }
        }
    }
    found
}
