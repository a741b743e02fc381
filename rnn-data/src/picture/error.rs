use std::io;
use std::path::PathBuf;

use image::{ImageError, ImageFormat};

use super::{MAX_MEMORY, MAX_SIDE};
use crate::fs::file;

/// What can be wrong with a picture of a digit, with the file that holds it, or with what a sheet of
/// digits is to be made from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// The bytes do not start as PNG, JPEG or BMP does.
    #[error("expected a PNG, JPEG or BMP picture, found {found}")]
    Format {
        /// Another format, or the first bytes, as text if they are, or that there are none.
        found: String,
    },
    /// A JPEG picture ends before its end marker.
    #[error(
        "damaged picture: expected a JPEG picture up to its end marker, found none in {bytes} bytes: it was cut off"
    )]
    Cut {
        /// How many bytes there are.
        bytes: usize,
    },
    /// The bytes start as PNG, JPEG or BMP and cannot be decoded.
    #[error("damaged picture: {0}")]
    Decode(ImageError),
    /// A picture, or only its header, asks for more memory than decoding may take.
    #[error("expected a picture that takes at most {limit} bytes, found a larger one")]
    Memory {
        /// The limit.
        limit: u64,
    },
    /// More rows or columns than are read or written.
    #[error("expected a picture of at most {limit}x{limit} pixels, found {width}x{height}")]
    Size {
        /// The limit of each.
        limit: u32,
        /// How many columns.
        width: u64,
        /// How many rows.
        height: u64,
    },
    /// A file of more bytes than are read.
    #[error("expected a file of at most {limit} bytes, found {found} or more")]
    TooLarge {
        /// The limit.
        limit: u64,
        /// How many there are at least.
        found: u64,
    },
    /// No two pixels differ enough.
    #[error("expected a digit, found no ink: nothing differs from the paper by 24 of 255 or more")]
    Blank,

    /// The values change, but nowhere as fast as at the edge of a stroke.
    #[error(
        "expected a digit, found no stroke: the picture's values span {range} of 255, but change only \
         gradually, as a shade does"
    )]
    NoStroke {
        /// The difference between the darkest and the lightest.
        range: u8,
    },

    /// A sheet of no pictures.
    #[error("expected at least one picture for the sheet, found none")]
    NoPictures,
    /// A sheet of no columns.
    #[error("expected at least one column for the sheet, found 0")]
    NoColumns,
    /// Not one prediction per picture.
    #[error("expected {images} predictions, as many as pictures, found {predictions}")]
    Count {
        /// How many pictures.
        images: usize,
        /// How many predictions.
        predictions: usize,
    },
    /// A sheet could not be written as PNG.
    #[error("writing PNG: {0}")]
    Encode(ImageError),

    /// A file could not be read.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A file could be read, and what it holds is wrong.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<PictureError>,
    },
}

impl PictureError {
    /// The error for bytes in another format, or in no known one.
    pub(super) fn format(bytes: &[u8], format: Option<ImageFormat>) -> Self {
        let name = format.and_then(|format| format.extensions_str().first());
        if let Some(name) = name {
            let found = format!("{}, which is not read: convert it", name.to_uppercase());
            return Self::Format { found };
        }
        let start = &bytes[..bytes.len().min(8)];
        let found = match str::from_utf8(bytes) {
            Ok("") => "nothing".to_owned(),
            Ok(text) => format!("{:?}", file::excerpt(text)),
            Err(_) => {
                let bytes: Vec<_> = start.iter().map(|byte| format!("{byte:#04x}")).collect();
                bytes.join(" ")
            }
        };
        Self::Format { found }
    }

    /// The error for what the decoder refused.
    pub(super) fn decode(error: ImageError) -> Self {
        match error {
            ImageError::Limits(_) => Self::Memory { limit: MAX_MEMORY },
            error => Self::Decode(error),
        }
    }

    pub(super) fn check_size(width: u64, height: u64) -> Result<(), Self> {
        if width.max(height) > u64::from(MAX_SIDE) {
            let limit = MAX_SIDE;
            return Err(Self::Size {
                limit,
                width,
                height,
            });
        }
        Ok(())
    }
}
