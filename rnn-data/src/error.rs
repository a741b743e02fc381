use std::path::PathBuf;

use crate::{Dtype, IdxError};

/// What can be wrong with a set of labelled pictures, or with the folder that holds it.
///
/// A message about files names them first, then the place, then what was expected and found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// An array is wrong in itself. The message says which file, if it came from one.
    #[error(transparent)]
    Idx(#[from] IdxError),
    /// Pictures or labels are not unsigned bytes.
    #[error("{what}, byte 2: expected element type U8, found {found:?}")]
    Dtype {
        /// `images` or `labels`.
        what: &'static str,
        /// The type of the elements.
        found: Dtype,
    },
    /// Pictures are not `[image, row, column]`, or labels not `[image]`.
    #[error("{what}, byte 3: expected {expected} dimensions, found {}: {shape:?}", shape.len())]
    Rank {
        /// `images` or `labels`.
        what: &'static str,
        /// How many dimensions there should be.
        expected: usize,
        /// The dimensions.
        shape: Vec<usize>,
    },
    /// There is no picture, or the pictures have no pixel.
    #[error("images, byte 4: expected at least one pixel, found shape {shape:?}")]
    Empty {
        /// `[image, row, column]`.
        shape: [usize; 3],
    },
    /// Pixels do not make whole pictures.
    #[error("expected a multiple of {rows} x {cols} pixels, found {found}")]
    PixelCount {
        /// Rows of a picture.
        rows: usize,
        /// Columns of a picture.
        cols: usize,
        /// How many pixels there are.
        found: usize,
    },
    /// Not one label per picture.
    #[error("labels, byte 4: expected {images} labels, as many as images, found {labels}")]
    Count {
        /// How many pictures.
        images: usize,
        /// How many labels.
        labels: usize,
    },
    /// A label that is no class.
    #[error("label {index} at byte {offset}: expected a class below {num_classes}, found {found}")]
    Label {
        /// Which label, from 0.
        index: usize,
        /// Where it is in the (decoded) IDX bytes.
        offset: usize,
        /// How many classes there are.
        num_classes: usize,
        /// The label.
        found: u8,
    },
    /// Test pictures do not have the size of the training pictures.
    #[error(
        "test images, byte 8: expected {}x{} pixels as in training, found {}x{}",
        expected[0], expected[1], found[0], found[1]
    )]
    Size {
        /// Rows and columns in training.
        expected: [usize; 2],
        /// Rows and columns in the test.
        found: [usize; 2],
    },
    /// Two files do not make a set, or do not go together.
    #[error("{} with {}", first.display(), second.display())]
    Files {
        /// The pictures, or the training pictures.
        first: PathBuf,
        /// The labels, or the test pictures.
        second: PathBuf,
        /// What is wrong.
        source: Box<DatasetError>,
    },
    /// The folder is not there.
    #[error("{}: no such folder; expected one with the files of MNIST", dir.display())]
    NoFolder {
        /// The folder.
        dir: PathBuf,
    },
    /// One of the four files is not there.
    #[error("no {} in {}", names.join(" or "), folders(dirs))]
    MissingFile {
        /// The folders looked into.
        dirs: Vec<PathBuf>,
        /// The names looked for.
        names: Vec<String>,
    },
    /// A compressed file would not be found: an uncompressed one of the same meaning goes first.
    #[error(
        "{}: expected no such file, since it would be read in place of the .gz to be written; \
         remove it, or write without gzip",
        path.display()
    )]
    Shadowed {
        /// The file in the way.
        path: PathBuf,
    },
    /// The folder could not be made.
    #[error("{}", dir.display())]
    CreateFolder {
        /// The folder.
        dir: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
}

fn folders(dirs: &[PathBuf]) -> String {
    let dirs: Vec<String> = dirs.iter().map(|dir| dir.display().to_string()).collect();
    dirs.join(" or ")
}
