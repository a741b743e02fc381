//! Documents side by side as contiguous streams, cut into windows.

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
/// once.
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
    /// `batch_size` streams.
    streams: Vec<Vec<Piece>>,
    window: usize,
    num_pairs: usize,
}

/// The part of a document that is in one stream.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// The window in which it begins.
    first: usize,
    /// Where its first input stands in the ids.
    start: usize,
    /// How many pairs it has, at least one.
    pairs: usize,
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
        if batch_size == 0 {
            return Err(StreamsError::BatchSize);
        }
        if window == 0 {
            return Err(StreamsError::Window);
        }
        let pairs_of = |document: &Vec<usize>| document.len().saturating_sub(1);
        let num_pairs: usize = documents.iter().map(pairs_of).sum();
        if num_pairs == 0 {
            return Err(StreamsError::NoPairs {
                documents: documents.len(),
            });
        }

        let per_stream = num_pairs.div_ceil(batch_size);
        let mut streams: Vec<Vec<Piece>> = vec![Vec::new(); batch_size];
        let mut ids = Vec::with_capacity(documents.iter().map(Vec::len).sum());
        let mut before = 0; // pairs
        for document in documents {
            let mut start = ids.len();
            let mut left = pairs_of(&document);
            while left > 0 {
                let (row, inside) = (before / per_stream, before % per_stream);
                let pairs = left.min(per_stream - inside);
                let stream = &mut streams[row];
                let first = stream.last().map_or(0, |piece| piece.end(window));
                stream.push(Piece {
                    first,
                    start,
                    pairs,
                });
                before += pairs;
                start += pairs;
                left -= pairs;
            }
            ids.extend(document);
        }
        Ok(Self {
            ids,
            streams,
            window,
            num_pairs,
        })
    }

    /// How many windows there are: as many as the stream with the most has.
    pub fn len(&self) -> usize {
        let last = self.streams.iter().filter_map(|stream| stream.last());
        last.map(|piece| piece.end(self.window)).max().unwrap_or(0)
    }

    /// Whether there are no windows; there is always one.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many pairs of input and target all windows have together.
    pub const fn num_pairs(&self) -> usize {
        self.num_pairs
    }

    /// The window at `index`, if it is below [`len`](Self::len).
    pub fn get(&self, index: usize) -> Option<StreamWindow> {
        (index < self.len()).then(|| StreamWindow {
            rows: self
                .streams
                .iter()
                .map(|stream| self.row(stream, index))
                .collect(),
        })
    }

    fn row(&self, stream: &[Piece], index: usize) -> StreamRow {
        let begun = stream.partition_point(|piece| piece.first <= index);
        let last = stream[..begun].last();
        let Some(piece) = last.filter(|piece| index < piece.end(self.window)) else {
            return StreamRow {
                inputs: Vec::new(),
                targets: Vec::new(),
                starts: false,
            };
        };
        let done = (index - piece.first) * self.window;
        let (start, length) = (piece.start + done, self.window.min(piece.pairs - done));
        StreamRow {
            inputs: self.ids[start..][..length].to_vec(),
            targets: self.ids[start + 1..][..length].to_vec(),
            starts: index == piece.first,
        }
    }
}

impl Piece {
    /// The window after its last one.
    const fn end(&self, window: usize) -> usize {
        self.first + self.pairs.div_ceil(window)
    }
}
