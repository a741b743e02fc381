//! Labelled grey pictures of one size, kept as bytes and shared between views.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::{DatasetError, Idx, IdxData};

/// Grey pictures of one size, each with a class.
///
/// A set is a view into shared memory: cloning one, or taking a part of it, copies no pixels.
///
/// ```
/// use rnn_data::ImageSet;
///
/// // Three pictures of one row and two columns, in two classes.
/// let set = ImageSet::new(1, 2, vec![0, 255, 255, 0, 7, 255], vec![1, 0, 1], 2)?;
/// assert_eq!((set.len(), set.rows(), set.cols()), (3, 1, 2));
/// assert_eq!(set.image(1), [255, 0]);
///
/// let (train, valid) = set.split_at(2);
/// assert_eq!((train.len(), valid.len()), (2, 1));
/// assert_eq!((valid.image(0), valid.label(0)), (&[7, 255][..], 1));
/// # Ok::<(), rnn_data::DatasetError>(())
/// ```
#[derive(Clone)]
pub struct ImageSet {
    rows: usize,
    cols: usize,
    num_classes: usize,
    pixels: Arc<[u8]>,
    labels: Arc<[u8]>,
    /// The pictures of this view.
    range: Range<usize>,
}

impl ImageSet {
    /// A set from pixels, picture after picture and row after row (0 = black, 255 = white), and
    /// labels.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Empty`], [`DatasetError::PixelCount`], [`DatasetError::Count`] or
    /// [`DatasetError::Label`].
    pub fn new(
        rows: usize,
        cols: usize,
        pixels: Vec<u8>,
        labels: Vec<u8>,
        num_classes: usize,
    ) -> Result<Self, DatasetError> {
        let size = rows.saturating_mul(cols);
        if size == 0 || pixels.is_empty() {
            return Err(DatasetError::Empty {
                shape: [pixels.len() / size.max(1), rows, cols],
            });
        }
        if !pixels.len().is_multiple_of(size) {
            return Err(DatasetError::PixelCount {
                rows,
                cols,
                found: pixels.len(),
            });
        }
        let images = pixels.len() / size;
        if labels.len() != images {
            return Err(DatasetError::Count {
                images,
                labels: labels.len(),
            });
        }
        check_labels(&labels, num_classes)?;
        Ok(Self {
            rows,
            cols,
            num_classes,
            pixels: pixels.into(),
            labels: labels.into(),
            range: 0..images,
        })
    }

    /// A set from two arrays of unsigned bytes: images `[image, row, column]`, labels `[image]`.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Dtype`], [`DatasetError::Rank`], and those of [`ImageSet::new`].
    pub fn from_idx(images: Idx, labels: Idx, num_classes: usize) -> Result<Self, DatasetError> {
        let ([count, rows, cols], pixels) = bytes_of_rank(images, "images")?;
        let (_, labels) = bytes_of_rank::<1>(labels, "labels")?;
        if pixels.is_empty() {
            return Err(DatasetError::Empty {
                shape: [count, rows, cols],
            });
        }
        Self::new(rows, cols, pixels, labels, num_classes)
    }

    /// The same pictures with another number of classes, which costs nothing: that of a network that was
    /// trained on more classes than are in this set, for instance.
    ///
    /// ```
    /// use rnn_data::ImageSet;
    ///
    /// let set = ImageSet::new(1, 1, vec![0, 255], vec![1, 0], 2)?;
    /// assert_eq!(set.clone().with_num_classes(26)?.class_counts().len(), 26);
    /// assert!(set.with_num_classes(1).is_err());
    /// # Ok::<(), rnn_data::DatasetError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DatasetError::Label`] if a label is not below it.
    pub fn with_num_classes(self, num_classes: usize) -> Result<Self, DatasetError> {
        check_labels(self.labels(), num_classes)?;
        Ok(Self {
            num_classes,
            ..self
        })
    }

    /// The two arrays, images and labels, that [`ImageSet::from_idx`] takes.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Idx`] for a set beyond the format's limits.
    pub fn to_idx(&self) -> Result<(Idx, Idx), DatasetError> {
        let shape = vec![self.len(), self.rows, self.cols];
        let images = Idx::new(shape, self.pixels().to_vec())?;
        let labels = Idx::new(vec![self.len()], self.labels().to_vec())?;
        Ok((images, labels))
    }

    /// How many pictures there are.
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there are none. Only a part of a set can be empty, e.g. `take(0)`.
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// Rows of each picture.
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// Columns of each picture.
    pub const fn cols(&self) -> usize {
        self.cols
    }

    /// How many classes there are; labels are below it.
    pub const fn num_classes(&self) -> usize {
        self.num_classes
    }

    /// Picture `i`: `rows * cols` grey values, row by row.
    ///
    /// # Panics
    ///
    /// If `i` is not below [`len`](Self::len), as for a slice.
    pub fn image(&self, i: usize) -> &[u8] {
        let size = self.rows * self.cols;
        &self.pixels()[i * size..][..size]
    }

    /// The class of picture `i`.
    ///
    /// # Panics
    ///
    /// If `i` is not below [`len`](Self::len), as for a slice.
    pub fn label(&self, i: usize) -> u8 {
        self.labels()[i]
    }

    /// Pictures and labels, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], u8)> {
        self.pixels()
            .chunks_exact(self.rows * self.cols)
            .zip(self.labels().iter().copied())
    }

    /// The grey values of all pictures: `[image, row, column]`.
    pub fn pixels(&self) -> &[u8] {
        let size = self.rows * self.cols;
        &self.pixels[self.range.start * size..self.range.end * size]
    }

    /// The labels of all pictures.
    pub fn labels(&self) -> &[u8] {
        &self.labels[self.range.clone()]
    }

    /// How many pictures each class has: `num_classes` counts.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.num_classes];
        for &label in self.labels() {
            counts[usize::from(label)] += 1;
        }
        counts
    }

    /// The pictures in `range`, which share this set's memory.
    ///
    /// # Panics
    ///
    /// If the range ends past [`len`](Self::len) or before it starts, as for a slice.
    pub fn slice(&self, range: Range<usize>) -> Self {
        assert!(
            range.start <= range.end && range.end <= self.len(),
            "slice {range:?} of a set of {} pictures",
            self.len()
        );
        let start = self.range.start;
        Self {
            range: start + range.start..start + range.end,
            ..self.clone()
        }
    }

    /// The pictures at `indices`, in that order.
    ///
    /// # Panics
    ///
    /// If an index is out of bounds.
    pub fn select(&self, indices: &[usize]) -> Self {
        let size = self.rows * self.cols;
        let mut pixels = Vec::with_capacity(indices.len() * size);
        for &index in indices {
            pixels.extend_from_slice(self.image(index));
        }
        Self {
            labels: indices.iter().map(|&index| self.label(index)).collect(),
            pixels: pixels.into(),
            range: 0..indices.len(),
            ..self.clone()
        }
    }

    /// The first `count` pictures, or all if there are fewer.
    pub fn take(&self, count: usize) -> Self {
        self.slice(0..count.min(self.len()))
    }

    /// The first `count` pictures (all if there are fewer), and the rest.
    pub fn split_at(&self, count: usize) -> (Self, Self) {
        let count = count.min(self.len());
        (self.slice(0..count), self.slice(count..self.len()))
    }

    /// Splits off a share of the pictures at the end, e.g. 0.1 for validation: first what is left,
    /// then the share, rounded to whole pictures. Below 0 counts as 0, above 1 as 1.
    pub fn split_off(&self, share: f64) -> (Self, Self) {
        // A cast from NaN gives 0.
        let off = (self.len() as f64 * share.clamp(0.0, 1.0)).round() as usize;
        self.split_at(self.len() - off)
    }
}

/// Equal sizes, classes, pixels and labels; where they are in memory does not matter.
impl PartialEq for ImageSet {
    fn eq(&self, other: &Self) -> bool {
        let size = |set: &Self| (set.rows, set.cols, set.num_classes);
        size(self) == size(other)
            && self.labels() == other.labels()
            && self.pixels() == other.pixels()
    }
}

impl Eq for ImageSet {}

impl fmt::Debug for ImageSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImageSet")
            .field("len", &self.len())
            .field("rows", &self.rows)
            .field("cols", &self.cols)
            .field("num_classes", &self.num_classes)
            .finish_non_exhaustive()
    }
}

fn check_labels(labels: &[u8], num_classes: usize) -> Result<(), DatasetError> {
    // An IDX file of one dimension has a header of eight bytes.
    const LABELS_START: usize = 8;
    let wrong = labels
        .iter()
        .position(|&label| usize::from(label) >= num_classes);
    match wrong {
        None => Ok(()),
        Some(index) => Err(DatasetError::Label {
            index,
            offset: LABELS_START + index,
            num_classes,
            found: labels[index],
        }),
    }
}

fn bytes_of_rank<const R: usize>(
    idx: Idx,
    what: &'static str,
) -> Result<([usize; R], Vec<u8>), DatasetError> {
    let found = idx.dtype();
    let (shape, data) = idx.into_parts();
    let IdxData::U8(bytes) = data else {
        return Err(DatasetError::Dtype { what, found });
    };
    match shape.try_into() {
        Ok(shape) => Ok((shape, bytes)),
        Err(shape) => Err(DatasetError::Rank {
            what,
            expected: R,
            shape,
        }),
    }
}
