//! Ink to a digit in MNIST's format: size, position and stroke width as its authors chose them.

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};

use super::ink::{self, LEAST_CONTRAST};
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

/// A picture that has the right size already.
pub(super) fn keep(ink: &GrayImage) -> Result<[u8; PIXELS], PictureError> {
    let values = || ink.pixels().map(|&Luma([value])| value);
    let (low, high) = (values().min(), values().max());
    if high.unwrap_or_default() - low.unwrap_or_default() < LEAST_CONTRAST {
        return Err(PictureError::Blank);
    }
    let mut digit = [0; PIXELS];
    digit
        .iter_mut()
        .zip(values())
        .for_each(|(to, from)| *to = from);
    Ok(digit)
}

/// A picture of any other size.
pub(super) fn fit(mut ink: GrayImage) -> Result<[u8; PIXELS], PictureError> {
    remove_paper(&mut ink)?;
    let bounds = strokes::remove_specks(&mut ink).ok_or(PictureError::Blank)?;

    let thinnest = THINNEST * bounds.longest() as f32 / BOX as f32;
    // A cast from a negative number gives 0.
    let radius = ((thinnest - strokes::width(&ink)) / 2.0).round() as u32;
    let bold = strokes::thicken(&ink, bounds, radius);
    let small = imageops::resize(&bold, BOX, BOX, FilterType::Triangle);
    Ok(centred(&small))
}

/// Makes paper 0 and ink 255. What is nearer to paper becomes paper, so that shades, grain and the
/// ripples of JPEG are none, and edges keep some of their softness.
fn remove_paper(ink: &mut GrayImage) -> Result<(), PictureError> {
    let (paper, strongest) = ink::paper_and_ink(ink);
    let contrast = strongest.saturating_sub(paper);
    if contrast < LEAST_CONTRAST {
        return Err(PictureError::Blank);
    }
    // From a quarter of the contrast to three quarters: half of it stays half.
    let start = f32::from(paper) + f32::from(contrast) / 4.0;
    let slope = 255.0 / (f32::from(contrast) / 2.0);
    for Luma([value]) in ink.pixels_mut() {
        // The cast saturates at both ends.
        *value = ((f32::from(*value) - start) * slope).round() as u8;
    }
    Ok(())
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
