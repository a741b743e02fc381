//! Images to name: pictures, IDX files, folders of pictures, standard input.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use rnn_data::{Digit, Idx, IdxData, Strokes, decode_digit};

/// The number of rows and columns to which a picture is scaled.
pub const SIDE: usize = Strokes::SIDE;

/// The most bytes that are read of a file.
const MAX_BYTES: u64 = 256 << 20;

/// The endings of the pictures in a folder.
const ENDINGS: [&str; 4] = ["png", "jpg", "jpeg", "bmp"];

/// An image as a network reads it.
pub struct Image {
    /// The file that it is from.
    pub file: String,
    /// Which of the file's images it is, from 0; none of a picture.
    pub number: Option<usize>,
    /// Grey values, row by row.
    pub pixels: Vec<u8>,
    pub cols: usize,
    /// What may be wrong with a picture.
    pub warning: Option<String>,
}

impl Image {
    /// A picture.
    pub fn of_digit(file: String, digit: Digit) -> Self {
        Self {
            file,
            number: None,
            pixels: digit.pixels.to_vec(),
            cols: SIDE,
            warning: digit.warning.map(|warning| warning.to_string()),
        }
    }

    /// The file, and which of its images it is.
    pub fn title(&self) -> String {
        match self.number {
            None => self.file.clone(),
            Some(number) => format!("{}[{number}]", self.file),
        }
    }

    pub fn rows(&self) -> usize {
        self.pixels.len() / self.cols
    }
}

/// Reads all images of `path`: a picture, an IDX file (plain or in gzip), a folder of pictures, or `-` for
/// standard input. What can't be read goes to `faults`.
pub fn read(path: &Path, images: &mut Vec<Image>, faults: &mut Vec<anyhow::Error>) {
    let files = match path.is_dir() {
        true => pictures_in(path),
        false => Ok(vec![path.to_owned()]),
    };
    let mut add = |read: anyhow::Result<Vec<Image>>| match read {
        Ok(read) => images.extend(read),
        Err(fault) => faults.push(fault),
    };
    match files {
        Ok(files) => files.iter().for_each(|file| add(read_file(file))),
        Err(error) => add(Err(error)),
    }
}

/// The pictures in a folder, in the order of their names.
fn pictures_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let named = || folder.display().to_string();
    let entries = std::fs::read_dir(folder).with_context(named)?;
    let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| Ok(entry?.path())).collect();
    let paths = paths
        .map_err(|error: std::io::Error| error)
        .with_context(named)?;
    let count = paths.len();
    let is_picture = |path: &PathBuf| {
        let ending = path
            .extension()
            .map(|ending| ending.to_string_lossy().to_lowercase());
        ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str())) && path.is_file()
    };
    let mut pictures: Vec<PathBuf> = paths.into_iter().filter(is_picture).collect();
    ensure!(
        !pictures.is_empty(),
        "{}: expected pictures whose names end in .png, .jpg, .jpeg or .bmp, found none among the folder's \
         {count}",
        folder.display()
    );
    pictures.sort();
    Ok(pictures)
}

fn read_file(path: &Path) -> anyhow::Result<Vec<Image>> {
    let (name, named) = match path == Path::new("-") {
        true => ("-".to_owned(), "standard input".to_owned()),
        false => (path.display().to_string(), path.display().to_string()),
    };
    let read = || {
        // Once, from its beginning to its end: it may be a pipe.
        let bytes = match path == Path::new("-") {
            true => read_all(std::io::stdin())?,
            false => read_all(File::open(path)?)?,
        };
        match is_idx(&bytes) {
            true => of_idx(&name, Idx::decode(&bytes)?),
            false => Ok(vec![Image::of_digit(name.clone(), decode_digit(&bytes)?)]),
        }
    };
    read().context(named)
}

fn read_all(input: impl Read) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    ensure!(
        bytes.len() as u64 <= MAX_BYTES,
        "expected at most {MAX_BYTES} bytes, found more"
    );
    Ok(bytes)
}

/// Whether bytes start as an IDX file does, plain or in gzip.
fn is_idx(bytes: &[u8]) -> bool {
    matches!(bytes, [0, 0, 0x08..=0x0e, _, ..] | [0x1f, 0x8b, ..])
}

fn of_idx(name: &str, idx: Idx) -> anyhow::Result<Vec<Image>> {
    let (shape, data) = idx.into_parts();
    let dtype = data.dtype();
    let (&[_, rows, cols], IdxData::U8(pixels)) = (shape.as_slice(), data) else {
        anyhow::bail!(
            "expected images, an IDX file of unsigned bytes in three dimensions, found {dtype:?} in shape \
             {shape:?}"
        );
    };
    ensure!(
        rows * cols > 0,
        "expected images of at least one pixel, found {rows} rows of {cols}"
    );
    let images = pixels.chunks_exact(rows * cols).enumerate();
    let image = |(number, pixels): (usize, &[u8])| Image {
        file: name.to_owned(),
        number: Some(number),
        pixels: pixels.to_vec(),
        cols,
        warning: None,
    };
    Ok(images.map(image).collect())
}
