//! A contact sheet: many pictures, each with the class that a model predicts.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

use super::{PictureError, font};
use crate::ImageSet;

/// Pixels of the sheet per pixel of a picture, and of the font.
const SCALE: u32 = 2;
/// Around each picture.
const FRAME: u32 = 2;
/// Between a picture's frame and its caption.
const SPACE: u32 = 3;
/// Around each cell.
const GAP: u32 = 4;

const BACKGROUND: Rgb<u8> = Rgb([24, 25, 28]);
const QUIET: Rgb<u8> = Rgb([52, 55, 60]);
const RIGHT: Rgb<u8> = Rgb([130, 190, 140]);
const WRONG: Rgb<u8> = Rgb([240, 80, 72]);

/// A PNG file with all pictures, in order and in so many columns, and a class predicted for each.
///
/// Each picture is enlarged twice. Below it stands the prediction, in green; if it differs from the
/// label, prediction and label, such as `4≠9`, in red, and the frame is red too.
///
/// # Errors
///
/// [`PictureError::NoPictures`], [`PictureError::NoColumns`], [`PictureError::Count`], and
/// [`PictureError::Size`] for a sheet of more than 8192 rows or columns of pixels.
///
/// ```
/// use rnn_data::{Strokes, contact_sheet};
///
/// let digits = Strokes::new(42).generate(20)?;
/// let mut predictions: Vec<usize> = digits.labels().iter().map(|&label| label.into()).collect();
/// predictions[3] = (predictions[3] + 1) % 10;
/// let png = contact_sheet(&digits, &predictions, 5)?;
/// assert!(png.starts_with(b"\x89PNG"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn contact_sheet(
    images: &ImageSet,
    predictions: &[usize],
    columns: usize,
) -> Result<Vec<u8>, PictureError> {
    if images.is_empty() {
        return Err(PictureError::NoPictures);
    }
    if columns == 0 {
        return Err(PictureError::NoColumns);
    }
    if predictions.len() != images.len() {
        return Err(PictureError::Count {
            images: images.len(),
            predictions: predictions.len(),
        });
    }

    let captions: Vec<String> = predictions
        .iter()
        .zip(images.labels())
        .map(|(&predicted, &label)| caption(predicted, label))
        .collect();
    let layout = Layout::new(images, &captions, columns)?;
    let mut sheet = RgbImage::from_pixel(layout.sheet[0], layout.sheet[1], BACKGROUND);
    for (i, (image, label)) in images.iter().enumerate() {
        let is_right = predictions[i] == usize::from(label);
        layout.draw(&mut sheet, i, image, &captions[i], is_right);
    }
    let mut png = Cursor::new(Vec::new());
    sheet
        .write_to(&mut png, ImageFormat::Png)
        .map_err(PictureError::Encode)?;
    Ok(png.into_inner())
}

fn caption(predicted: usize, label: u8) -> String {
    if predicted == usize::from(label) {
        predicted.to_string()
    } else {
        format!("{predicted}≠{label}")
    }
}

/// Sizes in pixels of the sheet, as `[x, y]`.
struct Layout {
    /// Of the pictures as they are: their columns.
    stride: usize,
    columns: usize,
    /// An enlarged picture.
    picture: [u32; 2],
    /// Picture, frame and caption.
    cell: [u32; 2],
    sheet: [u32; 2],
}

impl Layout {
    fn new(images: &ImageSet, captions: &[String], columns: usize) -> Result<Self, PictureError> {
        let sides = [images.cols(), images.rows()].map(|side| side as u64);
        PictureError::check_size(sides[0], sides[1])?;
        let picture = sides.map(|side| side as u32 * SCALE);
        let captions = captions.iter().map(|text| font::size(text, SCALE));
        let (width, height) = captions.max().unwrap_or_default();
        let cell = [
            (picture[0] + 2 * FRAME).max(width),
            picture[1] + 2 * FRAME + SPACE + height,
        ];

        let columns = columns.min(images.len());
        let cells = [columns, images.len().div_ceil(columns)];
        let [width, height] = [0, 1].map(|k| {
            let pitch = u64::from(cell[k] + GAP);
            pitch.saturating_mul(cells[k] as u64) + u64::from(GAP)
        });
        PictureError::check_size(width, height)?;
        Ok(Self {
            stride: images.cols(),
            columns,
            picture,
            cell,
            sheet: [width as u32, height as u32],
        })
    }

    fn draw(&self, sheet: &mut RgbImage, i: usize, image: &[u8], caption: &str, is_right: bool) {
        let place = [i % self.columns, i / self.columns];
        let cell = [0, 1].map(|k| GAP + place[k] as u32 * (self.cell[k] + GAP));
        let [width, height] = self.picture;
        let (frame, text) = if is_right {
            (QUIET, RIGHT)
        } else {
            (WRONG, WRONG)
        };

        let outer = [width + 2 * FRAME, height + 2 * FRAME];
        let left = cell[0] + (self.cell[0] - outer[0]) / 2;
        fill(sheet, [left, cell[1]], outer, frame);
        for (row, y) in image.chunks(self.stride).zip(0..) {
            for (&grey, x) in row.iter().zip(0..) {
                let corner = [left + FRAME + x * SCALE, cell[1] + FRAME + y * SCALE];
                fill(sheet, corner, [SCALE; 2], Rgb([grey; 3]));
            }
        }

        let left = cell[0] + (self.cell[0] - font::size(caption, SCALE).0) / 2;
        let top = cell[1] + outer[1] + SPACE;
        for corner in font::squares(caption, [left, top], SCALE) {
            fill(sheet, corner, [SCALE; 2], text);
        }
    }
}

/// Paints a rectangle, which must lie inside the sheet.
fn fill(sheet: &mut RgbImage, corner: [u32; 2], size: [u32; 2], colour: Rgb<u8>) {
    for y in corner[1]..corner[1] + size[1] {
        for x in corner[0]..corner[0] + size[0] {
            sheet.put_pixel(x, y, colour);
        }
    }
}
