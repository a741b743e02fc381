//! Pictures in and out: a user's digit as MNIST would have it, and a sheet of digits to look at.

mod digit;
mod error;
mod font;
mod hollow;
mod hull;
mod ink;
mod jpeg;
mod lines;
mod piece;
mod sheet;
mod strokes;
mod table;
mod top_hat;

use std::io::Cursor;
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::fs::file;
use digit::SIDE;
pub use digit::{Digit, Warning};
pub use error::PictureError;
pub use sheet::contact_sheet;

/// The largest file that is read, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// The most rows, and columns, of a picture read or written.
const MAX_SIDE: u32 = 8192;

/// What the decoder may take, in bytes: eight for each pixel, as four channels of 16 bits need.
const MAX_MEMORY: u64 = (MAX_SIDE as u64).pow(2) * 8;

/// Reads a picture of one digit, PNG, JPEG or BMP, as MNIST would have it: see [`decode_digit`].
///
/// The content tells which format it is, not the name.
///
/// # Errors
///
/// [`PictureError::Io`] if the file cannot be read, and [`PictureError::File`] around
/// [`PictureError::TooLarge`] for more than 64 MiB and around the errors of [`decode_digit`]. Both
/// name the file.
///
/// ```
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("seven.png");
/// std::fs::write(&path, "seven")?;
/// let error = rnn_data::read_digit(&path).unwrap_err();
/// assert!(error.to_string().ends_with("seven.png"));
/// let cause = std::error::Error::source(&error).ok_or("no cause")?;
/// assert_eq!(cause.to_string(), "expected a PNG, JPEG or BMP picture, found \"seven\"");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_digit(path: impl AsRef<Path>) -> Result<Digit, PictureError> {
    let path = path.as_ref();
    let bytes = file::read_bounded(path, MAX_BYTES).map_err(|source| PictureError::Io {
        path: path.to_owned(),
        source,
    })?;
    bytes
        .map_err(|found| PictureError::TooLarge {
            limit: MAX_BYTES,
            found,
        })
        .and_then(|bytes| decode_digit(&bytes))
        .map_err(|error| PictureError::File {
            path: path.to_owned(),
            source: Box::new(error),
        })
}

/// The bytes of a PNG, JPEG or BMP file with a picture of one digit, as MNIST would have it: 28 rows of
/// 28 grey values, 0 = paper, 255 = ink.
///
/// It may be dark on light or light on dark: the paper is what the border, or most of the picture, shows,
/// and any colour that stands out from it is ink. What is transparent counts as white, or as black if all ink is white.
///
/// - A picture of 28 by 28 pixels keeps its grey values, and is only inverted if its paper is light.
///   So a digit of MNIST, saved as PNG, comes back as it was.
/// - Of any other, the table around a sheet, paper, shades, lines, frames, specks and what reaches the border are removed, and a digit
///   that is drawn as an outline is filled. The ink is cropped, made bolder if the pen was thin,
///   scaled to fit 20 by 20 pixels, and put where MNIST's authors put it: its centre of mass on row
///   and column 14, or as near as the border lets it.
///
/// [`Digit::warning`] says when there are several things that may be a digit, or nothing like a stroke.
///
/// # Errors
///
/// [`PictureError::Format`], [`PictureError::Cut`], [`PictureError::Decode`], [`PictureError::Size`] for
/// more than 8192 rows or columns, [`PictureError::Memory`] for a good deal more, [`PictureError::Blank`],
/// and [`PictureError::NoStroke`] for nothing but shades.
///
/// ```
/// use image::{GrayImage, ImageFormat, Luma};
/// use std::io::Cursor;
///
/// // A dark bar on a light sheet, 60 pixels wide and 80 high: a one.
/// let one = GrayImage::from_fn(60, 80, |x, y| {
///     Luma([if (28..34).contains(&x) && (10..60).contains(&y) { 20 } else { 230 }])
/// });
/// let mut png = Cursor::new(Vec::new());
/// one.write_to(&mut png, ImageFormat::Png)?;
///
/// let digit = rnn_data::decode_digit(png.get_ref())?;
/// assert_eq!(digit.warning, None);
/// let rows: Vec<&[u8]> = digit.pixels.chunks(28).collect();
/// assert_eq!((rows[14][14], rows[14][5]), (255, 0));
/// assert_eq!(rows.iter().filter(|row| row[14] > 0).count(), 20);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn decode_digit(bytes: &[u8]) -> Result<Digit, PictureError> {
    let picture = decode(bytes)?;
    if (picture.width(), picture.height()) == (SIDE, SIDE) {
        digit::keep(&ink::of_small(&picture))
    } else {
        digit::fit(&ink::of(&picture)?)
    }
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, PictureError> {
    let format = match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::Bmp)) => format,
        other => return Err(PictureError::format(bytes, other.ok())),
    };
    if format == ImageFormat::Jpeg && !jpeg::is_whole(bytes) {
        return Err(PictureError::Cut { bytes: bytes.len() });
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(PictureError::decode)?;

    // The reader could check this as well, but would not say what it found.
    let (width, height) = decoder.dimensions();
    PictureError::check_size(width.into(), height.into())?;

    // Phones save what the sensor saw, and a note how to turn it. A damaged note is none.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(PictureError::decode)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}
