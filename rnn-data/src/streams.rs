//! Documents side by side as contiguous streams, cut into windows.

mod layout;

pub(crate) use layout::Layout;

/// Documents as windows for a language model, for truncated back-propagation through time.
///
/// Back-propagation through a whole document keeps every step of it in memory. The truncated kind
/// (Williams and Peng, ["An efficient gradient-based algorithm for on-line training of recurrent
/// network trajectories"](https://doi.org/10.1162/neco.1990.2.4.490), 1990) goes through it in
/// windows: the state that one window ends with is the one that the next begins with, and the
/// gradient stops between them. So the network can use what it read long ago, at the cost of one
/// window. For this the next window has to go on where the last one ended, which is what streams are
/// for.
///
/// A document of n ids gives n - 1 pairs, of an id and the one that comes next. The N pairs of all
/// documents, one document after the other, are cut into `batch_size` streams of ⌈N / `batch_size`⌉
/// pairs; the last ones can be shorter, or empty. Each is a row of every window and advances by
/// itself, `window` pairs at a time or up to its document's end, so that rows can differ in length;
/// a row whose stream has ended is empty from there on. Over all windows every pair comes exactly
/// once. [`TextStreams`](crate::TextStreams) lays the characters of a text of any size out in the same
/// way.
///
/// ```
/// use rnn_data::{StreamRow, StreamWindow, Streams};
///
/// let streams = Streams::new(vec![vec![10, 11, 12, 13, 14], vec![20, 21, 22]], 2, 2)?;
/// assert_eq!((streams.num_pairs(), streams.len()), (6, 2));
///
/// let row = |inputs: &[usize], targets: &[usize], starts| StreamRow {
///     inputs: inputs.to_vec(),
///     targets: targets.to_vec(),
///     starts,
/// };
/// // The second stream begins within the first document, which ends after one pair.
/// let rows = vec![row(&[10, 11], &[11, 12], true), row(&[13], &[14], true)];
/// assert_eq!(streams.get(0), Some(StreamWindow { rows }));
/// let rows = vec![row(&[12], &[13], false), row(&[20, 21], &[21, 22], true)];
/// assert_eq!(streams.get(1), Some(StreamWindow { rows }));
/// # Ok::<(), rnn_data::StreamsError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Streams {
    /// The documents, one after the other.
    ids: Vec<usize>,
    layout: Layout,
}

/// What can be wrong with the arguments of [`Streams::new`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamsError {
    /// There would be no rows.
    #[error("expected a batch size of at least 1, found 0")]
    BatchSize,
    /// The rows would never advance.
    #[error("expected windows of at least 1 step, found 0")]
    Window,
    /// No document has an id with one after it.
    #[error("expected a document of at least 2 ids, found none (documents: {documents})")]
    NoPairs {
        /// How many documents there are.
        documents: usize,
    },
}

/// One step of truncated back-propagation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamWindow {
    /// One row per stream, `batch_size` of them. At least one is not empty.
    pub rows: Vec<StreamRow>,
}

/// A stretch of one document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamRow {
    /// The ids, at most `window` of them, none if the stream has ended.
    pub inputs: Vec<usize>,
    /// For each input the id that comes next.
    pub targets: Vec<usize>,
    /// Whether the state starts from zero here: the stream or a document begins. Not in an empty row.
    pub starts: bool,
}

impl Streams {
    /// Documents as `batch_size` streams, in windows of at most `window` steps. Documents of fewer
    /// than two ids have nothing to learn from and are left out.
    ///
    /// # Errors
    ///
    /// [`StreamsError::BatchSize`] and [`StreamsError::Window`] for 0, [`StreamsError::NoPairs`] if
    /// no document has two ids.
    pub fn new(
        documents: Vec<Vec<usize>>,
        batch_size: usize,
        window: usize,
    ) -> Result<Self, StreamsError> {
        let lengths: Vec<u64> = documents.iter().map(|ids| ids.len() as u64).collect();
        Ok(Self {
            layout: Layout::new(&lengths, batch_size, window)?,
            ids: documents.concat(),
        })
    }

    /// How many windows there are: as many as the stream with the most has.
    pub fn len(&self) -> usize {
        self.layout.len()
    }

    /// Whether there are no windows; there is always one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many pairs of input and target all windows have together.
    pub const fn num_pairs(&self) -> usize {
        // Fewer than there are ids in memory.
        self.layout.num_pairs() as usize
    }

    /// The window at `index`, if it is below [`len`](Self::len).
    pub fn get(&self, index: usize) -> Option<StreamWindow> {
        (index < self.len()).then(|| StreamWindow {
            rows: (0..self.layout.rows())
                .map(|row| self.row(row, index))
                .collect(),
        })
    }

    fn row(&self, row: usize, index: usize) -> StreamRow {
        let Some(span) = self.layout.span(row, index) else {
            return StreamRow::ended();
        };
        let start = span.start as usize;
        StreamRow {
            inputs: self.ids[start..][..span.length].to_vec(),
            targets: self.ids[start + 1..][..span.length].to_vec(),
            starts: span.starts,
        }
    }
}

impl StreamRow {
    /// The row of a stream that has ended.
    pub(crate) const fn ended() -> Self {
        Self {
            inputs: Vec::new(),
            targets: Vec::new(),
            starts: false,
        }
    }
}
