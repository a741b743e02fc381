//! Ink to a digit in MNIST's format: size, position and stroke width as its authors chose them.

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};

use super::ink::{Ink, LEAST_CONTRAST};
use super::{PictureError, strokes};

/// Rows, and columns, of a digit.
pub(super) const SIDE: u32 = 28;
/// Pixels of a digit.
pub(super) const PIXELS: usize = (SIDE * SIDE) as usize;

/// Rows, and columns, that the ink is scaled to fit.
const BOX: u32 = 20;
/// The row, and the column, that the centre of mass is put on.
const CENTRE: f32 = 14.0;

/// The least width of a stroke in the result, in pixels: below MNIST's mean, and still usual there.
const THINNEST: f32 = 2.0;

/// A picture of a digit in MNIST's form.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Digit {
    /// 28 rows of 28 grey values: 0 = paper, 255 = ink.
    pub pixels: [u8; 28 * 28],
    /// Why what was read may not be the digit that was meant.
    pub warning: Option<Warning>,
}

/// What makes it doubtful that a picture shows one digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// Several things may be a digit: a number, a word.
    #[error("found {candidates} things that may be a digit, and read the largest")]
    Several {
        /// How many.
        candidates: usize,
    },
    /// What differs from the paper is no stroke: a spot, noise, a texture.
    #[error(
        "found nothing that looks like the stroke of a pen, and read all that differs from the paper"
    )]
    NoStroke,
}

/// A picture that has the right size already.
pub(super) fn keep(ink: &GrayImage) -> Result<Digit, PictureError> {
    let values = || ink.pixels().map(|&Luma([value])| value);
    let (low, high) = (values().min(), values().max());
    if high.unwrap_or_default() - low.unwrap_or_default() < LEAST_CONTRAST {
        return Err(PictureError::Blank);
    }
    let mut pixels = [0; PIXELS];
    pixels
        .iter_mut()
        .zip(values())
        .for_each(|(to, from)| *to = from);
    let warning = None;
    Ok(Digit { pixels, warning })
}

/// A picture of any other size.
pub(super) fn fit(ink: &Ink) -> Result<Digit, PictureError> {
    let found = strokes::find(ink).ok_or(PictureError::Blank)?;
    let thinnest = THINNEST * found.bounds.longest() as f32 / BOX as f32;
    // A cast from a negative number gives 0.
    let radius = ((thinnest - found.width) / 2.0).round() as u32;
    let bold = strokes::thicken(&found.ink, found.bounds, radius);
    let small = imageops::resize(&bold, BOX, BOX, FilterType::Triangle);
    Ok(Digit {
        pixels: centred(&small),
        warning: found.warning,
    })
}

/// The small picture, its strongest ink made 255, with its centre of mass in the middle.
fn centred(small: &GrayImage) -> [u8; PIXELS] {
    let mut mass = 0.0;
    let mut moment = [0.0; 2];
    let mut strongest = 1.0f32;
    for (x, y, &Luma([value])) in small.enumerate_pixels() {
        let value = f32::from(value);
        mass += value;
        moment[0] += value * x as f32;
        moment[1] += value * y as f32;
        strongest = strongest.max(value);
    }
    let room = (SIDE - BOX) as f32;
    let offset = |moment: f32| (CENTRE - moment / mass.max(1.0)).round().clamp(0.0, room) as u32;
    let [left, top] = moment.map(offset);

    let mut digit = [0; PIXELS];
    for (x, y, &Luma([value])) in small.enumerate_pixels() {
        let stretched = (f32::from(value) * 255.0 / strongest).round() as u8;
        digit[((top + y) * SIDE + left + x) as usize] = stretched;
    }
    digit
}
