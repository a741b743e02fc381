//! Finds the digit among all that is in a picture, and widens its strokes.

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};

use super::digit::Warning;
use super::ink::Ink;
use super::piece::{Bounds, Piece, pieces};
use super::{hollow, lines};

/// A piece of ink is kept if it is at least one eighth as long as the largest, and dirt otherwise.
const SHARE: u32 = 8;
/// The same for the longer side of the picture, if something else reaches the border.
const SHARE_OF_PICTURE: u32 = 10;

/// More candidates than this are noise or a texture.
const MOST_CANDIDATES: usize = 10;

/// So are more pieces than this that are most of the ink, however small.
const MOST_PIECES: usize = 30;

/// The least length that a digit is drawn in, in pixels.
const LEAST_SIDE: u32 = 80;

/// Parts of the contrast: up to the first there is only paper, from the second on only ink.
const FAINT: f32 = 0.18;
const FULL: f32 = 0.55;

/// The digit alone, as ink on black, and what was odd.
pub(super) struct Found {
    pub(super) ink: GrayImage,
    pub(super) bounds: Bounds,
    pub(super) width: f32,
    pub(super) warning: Option<Warning>,
}

/// Removes what is around the digit or too small to be part of it; none if there is no ink.
pub(super) fn find(ink: &Ink) -> Option<Found> {
    let Ink { strokes, all } = ink;
    let mut rest = strokes.clone();
    let mut first = None;
    // What is around the digit may be so much darker that the digit is seen without it only.
    for _ in 0..3 {
        let Some(level) = levelled(&rest) else { break };
        let level = without_frames(level, all);
        let clear = lines::without_lines(&level);
        for ink in clear.iter().chain([&level]) {
            let candidates = inner(pieces(ink, all), ink);
            if !candidates.is_empty() {
                return chosen(candidates, ink);
            }
        }
        erase(&mut rest, &level);
        first = first.or(Some(level));
    }
    // A digit may fill its picture.
    if let Some(level) = first {
        let mut at_border = pieces(&level, all);
        at_border.retain(|piece| !piece.is_blob());
        if !at_border.is_empty() {
            return chosen(at_border, &level);
        }
    }
    let level = levelled(all)?;
    let found = chosen(pieces(&level, &level), &level)?;
    let warning = Some(Warning::NoStroke);
    Some(Found { warning, ..found })
}

/// Makes paper 0 and ink 255, or gives none if nothing stands out. What is nearer to paper becomes paper,
/// so that shades, grain and the ripples of JPEG are none, and edges keep some of their softness.
fn levelled(ink: &GrayImage) -> Option<GrayImage> {
    let (paper, strongest) = super::ink::paper_and_ink(ink);
    let contrast = strongest.saturating_sub(paper);
    if contrast < super::ink::LEAST_CONTRAST {
        return None;
    }
    // From a part of the contrast that ripples do not reach, to what is seen of a hairline.
    let start = f32::from(paper) + f32::from(contrast) * FAINT;
    let slope = 255.0 / (f32::from(contrast) * (FULL - FAINT));
    let mut level = ink.clone();
    for Luma([value]) in level.pixels_mut() {
        // The cast saturates at both ends.
        *value = ((f32::from(*value) - start) * slope).round() as u8;
    }
    Some(level)
}

/// Removes from the ink what is ink in `level`, and its soft edge.
fn erase(ink: &mut GrayImage, level: &GrayImage) {
    let (width, height) = ink.dimensions();
    for (x, y, &Luma([value])) in level.enumerate_pixels() {
        if value == 0 {
            continue;
        }
        for y in y.saturating_sub(2)..(y + 3).min(height) {
            for x in x.saturating_sub(2)..(x + 3).min(width) {
                ink.put_pixel(x, y, Luma([0]));
            }
        }
    }
}

/// The ink without frames of what is in it.
fn without_frames(mut ink: GrayImage, all: &GrayImage) -> GrayImage {
    let pieces = pieces(&ink, all);
    for piece in pieces.iter().filter(|piece| piece.is_frame_of_any(&pieces)) {
        for &[x, y] in &piece.pixels {
            ink.put_pixel(x, y, Luma([0]));
        }
    }
    ink
}

/// The pieces that are neither around the digit nor specks, if any is not at the border.
fn inner(mut pieces: Vec<Piece>, ink: &GrayImage) -> Vec<Piece> {
    let size = [ink.width(), ink.height()];
    // The outline of a digit that fills its picture stays.
    let is_outline = |piece: &Piece| {
        piece.longest() * 10 >= size[0].max(size[1]) * 9 && piece.is_outline_around(&pieces)
    };
    let outlines: Vec<bool> = pieces.iter().map(is_outline).collect();
    if outlines.contains(&true) {
        return pieces;
    }
    let is_at_border = |piece: &Piece| piece.is_at_border(size);
    let is_large = |piece: &Piece| piece.longest() * SHARE_OF_PICTURE >= size[0].max(size[1]);
    let reaches = pieces
        .iter()
        .any(|piece| is_at_border(piece) && is_large(piece));
    pieces.retain(|piece| !is_at_border(piece));
    if reaches {
        pieces.retain(is_large);
    }
    // Blobs are dirt, unless they are so small that they may be a part of the digit.
    let longest = pieces
        .iter()
        .filter(|piece| !piece.is_blob())
        .map(Piece::longest)
        .max();
    let longest = longest.unwrap_or(0);
    pieces.retain(|piece| !piece.is_blob() || piece.longest() * 2 < longest);
    pieces
}

/// How many pixels the pieces have.
fn inked(pieces: &[Piece]) -> usize {
    pieces.iter().map(|piece| piece.pixels.len()).sum()
}

/// The digit that is read of these pieces.
fn chosen(mut found: Vec<Piece>, ink: &GrayImage) -> Option<Found> {
    let mut everything = pieces(ink, ink);
    everything.retain(|piece| !piece.is_at_border([ink.width(), ink.height()]));
    let longest = found.iter().map(Piece::longest).max()?;
    found.retain(|piece| piece.longest() * SHARE >= longest);
    let mut candidates = candidates(found);
    // Spots are none, if anything else is one.
    let is_spot = |digit: &Vec<Piece>| digit.iter().all(Piece::is_blob);
    if !candidates.iter().all(is_spot) {
        candidates.retain(|digit| !is_spot(digit));
    }
    let count = candidates.len();

    let at = (0..count).max_by_key(|&i| inked(&candidates[i]))?;
    let digit = candidates.swap_remove(at);

    let is_texture = digit.iter().any(Piece::is_texture)
        || count > MOST_CANDIDATES
        || everything.len() > MOST_PIECES && inked(&digit) * 2 < inked(&everything);
    let warning = match count {
        _ if is_texture => Some(Warning::NoStroke),
        1 => None,
        _ => Some(Warning::Several { candidates: count }),
    };
    let bounds = digit
        .iter()
        .map(|piece| piece.bounds)
        .reduce(Bounds::union)?;
    let largest = digit.iter().max_by_key(|piece| piece.pixels.len())?;
    // Painting what stays also drops the soft ink that belongs to no piece.
    let [columns, rows] = bounds.size();
    let margin = hollow::margin(bounds.longest().max(LEAST_SIDE));
    let mut clean = GrayImage::new(columns + 2 * margin, rows + 2 * margin);
    for &at in digit.iter().flat_map(|piece| &piece.pixels) {
        let [x, y] = [0, 1].map(|k| (at[k] + margin).saturating_sub(bounds.low[k]));
        if x < clean.width() && y < clean.height() {
            clean.put_pixel(x, y, *ink.get_pixel(at[0], at[1]));
        }
    }
    let mut found = Found {
        ink: clean,
        bounds: Bounds {
            low: [margin; 2],
            high: [columns + margin - 1, rows + margin - 1],
        },
        width: largest.width,
        warning,
    };
    found.enlarge();
    if let Some(filled) = hollow::filled(&found.ink, found.bounds.longest()) {
        let solid = pieces(&filled, &filled);
        let widths = solid.iter().map(|piece| piece.width);
        found.width = widths.fold(found.width, f32::max);
        found.ink = filled;
    }
    Some(found)
}

impl Found {
    /// Gives a small digit the pixels that drawing needs.
    fn enlarge(&mut self) {
        let factor = LEAST_SIDE.div_ceil(self.bounds.longest());
        let [width, height] = [self.ink.width(), self.ink.height()].map(|side| side * factor);
        if factor > 1 {
            self.ink = imageops::resize(&self.ink, width, height, FilterType::Triangle);
            self.width *= factor as f32;
            self.bounds.low = self.bounds.low.map(|at| at * factor);
            self.bounds.high = self.bounds.high.map(|at| at * factor + factor - 1);
        }
    }
}

/// Puts together what may be parts of one digit. Apart are those that are beside each other, or one well
/// below the other, and about as large as each other.
fn candidates(pieces: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut digits: Vec<Vec<Piece>> = Vec::new();
    let bounds = |digit: &Vec<Piece>| digit.iter().map(|piece| piece.bounds).reduce(Bounds::union);
    let mut pieces = pieces;
    // A small piece belongs to the nearest of the larger ones.
    pieces.sort_by_key(|piece| std::cmp::Reverse(piece.longest()));
    for piece in pieces {
        let nearest = digits.iter_mut().filter_map(|digit| {
            let around = bounds(digit)?;
            let distance = (0..2).map(|k| around.gap(&piece.bounds, k)).max();
            (!are_apart(&around, &piece.bounds)).then_some((distance, digit))
        });
        match nearest.min_by_key(|(distance, _)| *distance) {
            Some((_, digit)) => digit.push(piece),
            None => digits.push(vec![piece]),
        }
    }
    digits
}

fn are_apart(large: &Bounds, small: &Bounds) -> bool {
    let longest = large.longest().max(small.longest());
    let [high, other] = [large, small].map(|bounds| bounds.size()[1]);
    let beside = large.gap(small, 0) * 12 > longest && high.min(other) * 2 >= longest;
    let below = large.gap(small, 1) * 5 > longest && small.longest() * 2 >= longest;
    let far = (0..2).any(|k| large.gap(small, k) * 2 > longest);
    beside || below || far
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
