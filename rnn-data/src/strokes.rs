//! Digits drawn by code: a data set that needs no download, and that a linear classifier fails on.

#[rustfmt::skip] // One point per line would be a page per digit.
mod glyph;
mod pen;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use crate::{DatasetError, Idx, IdxError, ImageSet, Mnist};
use pen::SIDE;

/// Handwritten digits drawn by code, 28 by 28 pixels: `strokes`, the embedded data set.
///
/// Each digit is a few pen strokes in one of several ways of writing it (4 open and closed, 7 with
/// and without a bar, 2 with and without a loop, …), wobbled, scaled, slanted, turned and moved at
/// random, in ink of random width and strength on slightly grainy paper. Classes are balanced: each
/// ten digits in a row are 0 to 9 in random order.
///
/// The same seed gives the same bytes on every machine, and a smaller set is the start of a larger
/// one. Training and test digits come from random streams that have nothing in common.
///
/// What varies most is where a digit is and how tall. That makes the set hard for a classifier of
/// whole pictures, and not for one that reads them row by row: with 8,000 digits to learn from,
/// softmax regression on the pixels gets three quarters of 2,000 test digits right, and an LSTM
/// nearly all (the README has figures and commands).
///
/// ```
/// use rnn_data::Strokes;
///
/// let mnist = Strokes::new(42).mnist(100, 50)?;
/// assert_eq!((mnist.train.len(), mnist.test.len()), (100, 50));
/// assert_eq!(mnist.train.class_counts(), [10; 10]);
/// for row in mnist.test.image(0).chunks(28).step_by(2) {
///     println!("{}", row.iter().map(|&ink| if ink > 127 { '#' } else { ' ' }).collect::<String>());
/// }
/// # Ok::<(), rnn_data::DatasetError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strokes {
    seed: u64,
}

/// The random stream that a digit comes from. Another number would change what a seed draws.
#[derive(Clone, Copy)]
enum Split {
    Train = 0,
    Test = 1,
}

/// What the random numbers are for.
#[derive(Clone, Copy)]
enum Purpose {
    Drawing = 0,
    Order = 1,
}

impl Strokes {
    /// Rows, and columns, of each picture.
    pub const SIDE: usize = SIDE;

    /// Digits of this seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The first `count` training digits.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Empty`] if `count` is zero, and [`DatasetError::Idx`] if it is beyond the
    /// 1.3 million or so that fit [`Idx::MAX_BYTES`].
    pub fn generate(&self, count: usize) -> Result<ImageSet, DatasetError> {
        self.set(Split::Train, count)
    }

    /// A data set of so many training and test digits, in the place of MNIST.
    ///
    /// # Errors
    ///
    /// Those of [`Strokes::generate`], for either number.
    pub fn mnist(&self, train: usize, test: usize) -> Result<Mnist, DatasetError> {
        Mnist::new(self.set(Split::Train, train)?, self.set(Split::Test, test)?)
    }

    /// The digits go through IDX bytes, so that they take the way that files take.
    fn set(&self, split: Split, count: usize) -> Result<ImageSet, DatasetError> {
        let found = (count as u64).saturating_mul((SIDE * SIDE) as u64);
        if found > Idx::MAX_BYTES as u64 {
            let limit = Idx::MAX_BYTES;
            return Err(IdxError::TooLarge { limit, found }.into());
        }
        let mut pixels = Vec::with_capacity(count * SIDE * SIDE);
        let mut labels = Vec::with_capacity(count);
        for i in 0..count {
            let label = self.label(split, i);
            let mut rng = self.rng(split, Purpose::Drawing, i);
            pixels.extend_from_slice(&pen::draw(usize::from(label), &mut rng));
            labels.push(label);
        }
        let images = Idx::new(vec![count, SIDE, SIDE], pixels)?.to_bytes();
        let labels = Idx::new(vec![count], labels)?.to_bytes();
        ImageSet::from_idx(
            Idx::parse(&images)?,
            Idx::parse(&labels)?,
            Mnist::NUM_CLASSES,
        )
    }

    /// The class of digit `i`: its place in the shuffled ten that it belongs to.
    fn label(&self, split: Split, i: usize) -> u8 {
        let mut rng = self.rng(split, Purpose::Order, i / 10);
        let mut order: [u8; 10] = std::array::from_fn(|digit| digit as u8);
        for last in (1..order.len()).rev() {
            order.swap(last, pen::below(&mut rng, last as u32 + 1) as usize);
        }
        order[i % 10]
    }

    /// A generator of its own for each digit: digits do not depend on how many there are. ChaCha is
    /// a fixed algorithm, whereas `StdRng` may become another one.
    fn rng(&self, split: Split, purpose: Purpose, index: usize) -> ChaCha8Rng {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.seed.to_le_bytes());
        key[8] = split as u8;
        key[9] = purpose as u8;
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(index as u64);
        rng
    }
}
