//! Where each row of each window lies in the documents: for ids in memory and for texts in files alike.

use super::StreamsError;

/// `batch_size` streams over documents of given lengths, in windows.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// `batch_size` streams.
    streams: Vec<Vec<Piece>>,
    window: u64,
    num_pairs: u64,
}

/// The part of a document that is in one stream.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// The window in which it begins.
    first: u64,
    /// Where its first input stands in the documents, one after the other.
    start: u64,
    /// How many pairs it has, at least one.
    pairs: u64,
}

/// A row of a window: `length` pairs, the first input of which stands at `start` in the documents, one
/// after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) start: u64,
    pub(crate) length: usize,
    /// Whether the state starts from zero.
    pub(crate) starts: bool,
}

impl Layout {
    /// The layout of documents with these lengths.
    pub(crate) fn new(
        lengths: &[u64],
        batch_size: usize,
        window: usize,
    ) -> Result<Self, StreamsError> {
        if batch_size == 0 {
            return Err(StreamsError::BatchSize);
        }
        if window == 0 {
            return Err(StreamsError::Window);
        }
        let window = window as u64;
        let num_pairs: u64 = lengths.iter().map(|length| length.saturating_sub(1)).sum();
        if num_pairs == 0 {
            return Err(StreamsError::NoPairs {
                documents: lengths.len(),
            });
        }

        let per_stream = num_pairs.div_ceil(batch_size as u64);
        let mut streams: Vec<Vec<Piece>> = vec![Vec::new(); batch_size];
        // The row that is being filled, and how many pairs it has.
        let (mut row, mut inside) = (0, 0);
        let mut document = 0; // its start
        for &length in lengths {
            let mut start = document;
            let mut left = length.saturating_sub(1);
            while left > 0 {
                if inside == per_stream {
                    (row, inside) = (row + 1, 0);
                }
                let pairs = left.min(per_stream - inside);
                let stream = &mut streams[row];
                let first = stream.last().map_or(0, |piece| piece.end(window));
                stream.push(Piece {
                    first,
                    start,
                    pairs,
                });
                inside += pairs;
                start += pairs;
                left -= pairs;
            }
            document += length;
        }
        Ok(Self {
            streams,
            window,
            num_pairs,
        })
    }

    /// How many windows there are: as many as the stream with the most has.
    pub(crate) fn len(&self) -> usize {
        let last = self.streams.iter().filter_map(|stream| stream.last());
        let len = last.map(|piece| piece.end(self.window)).max().unwrap_or(0);
        usize::try_from(len).unwrap_or(usize::MAX)
    }

    /// How many pairs all windows have together.
    pub(crate) const fn num_pairs(&self) -> u64 {
        self.num_pairs
    }

    /// How many rows a window has.
    pub(crate) const fn rows(&self) -> usize {
        self.streams.len()
    }

    /// A row of the window at `index`; none if its stream has ended.
    pub(crate) fn span(&self, row: usize, index: usize) -> Option<Span> {
        let index = index as u64;
        let stream = &self.streams[row];
        let begun = stream.partition_point(|piece| piece.first <= index);
        let last = stream[..begun].last();
        let piece = last.filter(|piece| index < piece.end(self.window))?;
        let done = (index - piece.first) * self.window;
        Some(Span {
            start: piece.start + done,
            // Not above the window, which is a `usize`.
            length: self.window.min(piece.pairs - done) as usize,
            starts: index == piece.first,
        })
    }
}

impl Piece {
    /// The window after its last one.
    const fn end(&self, window: u64) -> u64 {
        self.first + self.pairs.div_ceil(window)
    }
}
