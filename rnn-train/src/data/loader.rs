use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::{Dataset, DatasetError};
use burn::tensor::Device;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

use super::Batches;
use super::buckets::Buckets;
use crate::error::TrainError;

/// Batches of a dataset, epoch after epoch, on whichever device they are asked for.
///
/// The order of an epoch is a function of the seed and the epoch's number alone. A clone shares the
/// dataset.
pub struct Loader<B> {
    source: Arc<dyn Source<B>>,
    num_items: usize,
    batch_size: usize,
    shuffle: Option<u64>,
    /// What a random order's batches are by the lengths of the items; none if they do not matter.
    buckets: Option<Buckets>,
    /// Whether batches do not continue each other, whatever their order.
    is_separate: bool,
}

/// How many items batches have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ItemCount {
    /// Of an epoch.
    pub items: usize,
    /// The batches of an epoch.
    pub batches: usize,
    /// Items of a batch, of which the last may have fewer; none if they differ from batch to batch.
    pub batch_size: Option<usize>,
}

impl ItemCount {
    /// Items of the first so many batches of an epoch. Where batches differ, it is the share of the epoch's
    /// items that the batches are of its batches, since each is about as much work.
    pub fn of_first(self, batches: usize) -> usize {
        match self.batch_size {
            Some(size) => batches.saturating_mul(size).min(self.items),
            None => self.items * batches.min(self.batches) / self.batches.max(1),
        }
    }
}

/// The random order of an epoch.
struct Order {
    items: Vec<usize>,
    /// Where each batch lies in it; none if they have `batch_size` items each.
    batches: Option<Vec<Range<usize>>>,
}

/// A dataset with its batcher, whatever the type of its items.
trait Source<B>: Send + Sync {
    fn batch(&self, indices: Vec<usize>, place: Place, device: &Device) -> Result<B, DatasetError>;
}

/// Where a batch stands in a training, counted from 0.
#[derive(Clone, Copy)]
struct Place {
    epoch: u64,
    batch: u64,
}

struct Batched<I, B> {
    dataset: Arc<dyn Dataset<I>>,
    batcher: Arc<dyn Batcher<I, B>>,
    noise: Option<Noise<I>>,
}

/// What changes items at random, each time that they come.
struct Noise<I> {
    seed: u64,
    change: Box<Change<I>>,
}

type Change<I> = dyn Fn(&mut I, &mut ChaCha8Rng) + Send + Sync;

impl<I> Noise<I> {
    fn change(&self, items: &mut [I], place: Place) {
        // Numbers of 32 bits that a batch may draw before it comes to those of the next.
        const DRAWS: u128 = 1 << 32;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        // Another than the shuffle's, which is the epoch's number.
        rng.set_stream(!place.epoch);
        rng.set_word_pos(u128::from(place.batch) * DRAWS);
        items
            .iter_mut()
            .for_each(|item| (self.change)(item, &mut rng));
    }
}

impl<I, B> Source<B> for Batched<I, B> {
    fn batch(&self, indices: Vec<usize>, place: Place, device: &Device) -> Result<B, DatasetError> {
        let mut items = self.dataset.get_many(indices)?;
        if let Some(noise) = &self.noise {
            noise.change(&mut items, place);
        }
        Ok(self.batcher.batch(items, device))
    }
}

impl<B: 'static> Loader<B> {
    /// Makes batches of `batch_size` items in the dataset's order; the last one may be smaller.
    ///
    /// # Panics
    ///
    /// If `batch_size` is 0.
    pub fn new<I: 'static>(
        dataset: Arc<dyn Dataset<I>>,
        batcher: Arc<dyn Batcher<I, B>>,
        batch_size: usize,
    ) -> Self {
        Self::with_source(dataset, batcher, None, batch_size)
    }

    /// Like [`new`](Self::new), with items that `change` changes at random each time that they come, for
    /// training: what it draws is a function of the seed, the epoch's number and the batch's.
    ///
    /// # Panics
    ///
    /// If `batch_size` is 0.
    pub(super) fn noisy<I: Send + Sync + 'static>(
        dataset: Arc<dyn Dataset<I>>,
        batcher: Arc<dyn Batcher<I, B>>,
        batch_size: usize,
        seed: u64,
        change: impl Fn(&mut I, &mut ChaCha8Rng) + Send + Sync + 'static,
    ) -> Self {
        let change = Box::new(change);
        Self::with_source(dataset, batcher, Some(Noise { seed, change }), batch_size)
    }

    fn with_source<I: 'static>(
        dataset: Arc<dyn Dataset<I>>,
        batcher: Arc<dyn Batcher<I, B>>,
        noise: Option<Noise<I>>,
        batch_size: usize,
    ) -> Self {
        assert!(batch_size > 0, "the batch size must be at least 1, found 0");
        Self {
            num_items: dataset.len(),
            source: Arc::new(Batched {
                dataset,
                batcher,
                noise,
            }),
            batch_size,
            shuffle: None,
            buckets: None,
            is_separate: false,
        }
    }

    /// Makes batches of items of similar length when they are shuffled, with as many steps in each as
    /// `batch_size` items of mean length have: many short items, or few long ones. Batches then have little
    /// padding, and a step counts the same in a training whatever the length of its item. `lengths` are
    /// those of the items in the dataset's order.
    ///
    /// ```
    /// use rnn_data::TaggedItem;
    /// use rnn_train::TaggedLoader;
    ///
    /// let device = rnn_train::select("auto")?.device;
    /// let lengths = [2, 8, 2, 2, 2, 8];
    /// let items = lengths.map(|length| TaggedItem {
    ///     sentence: vec![0; length].into(),
    ///     tags: vec![0; length],
    /// });
    /// let loader = TaggedLoader::sentences(items.to_vec(), 2)
    ///     .bucketed(lengths)
    ///     .shuffled(1);
    /// // As many words as two sentences of mean length have: four short ones, or one long one.
    /// let mut shapes = Vec::new();
    /// for batch in loader.batches(&device, 0) {
    ///     shapes.push(batch?.words.ids().dims());
    /// }
    /// shapes.sort();
    /// assert_eq!(shapes, [[1, 8], [1, 8], [4, 2]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If there are not as many lengths as items.
    pub fn bucketed(mut self, lengths: impl Into<Arc<[usize]>>) -> Self {
        let lengths = lengths.into();
        assert!(
            lengths.len() == self.num_items,
            "expected the lengths of {} items, found {}",
            self.num_items,
            lengths.len()
        );
        self.buckets = Some(Buckets::new(lengths, self.batch_size));
        self
    }

    /// Marks batches that do not continue each other.
    pub(super) fn separate(mut self) -> Self {
        self.is_separate = true;
        self
    }

    /// Goes through the items in a new random order each epoch.
    pub fn shuffled(mut self, seed: u64) -> Self {
        self.shuffle = Some(seed);
        self
    }

    /// Goes through the items in the dataset's order.
    pub fn in_order(mut self) -> Self {
        self.shuffle = None;
        self
    }

    /// The number of batches of an epoch.
    pub fn num_batches(&self) -> usize {
        match self.shuffled_buckets() {
            Some(buckets) => buckets.num_batches(),
            None => self.num_items.div_ceil(self.batch_size),
        }
    }

    /// The number of items of an epoch.
    pub fn num_items(&self) -> usize {
        self.num_items
    }

    /// The number of items of a batch, in [`bucketed`](Self::bucketed) ones about the mean; the last one
    /// may have fewer.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// The seed of the order; none if it is the dataset's.
    pub(crate) fn shuffle(&self) -> Option<u64> {
        self.shuffle
    }

    /// The batches of an epoch (from 0) on `device`.
    ///
    /// ```
    /// use rnn_data::Strokes;
    /// use rnn_train::ImageLoader;
    ///
    /// let device = rnn_train::select("auto")?.device;
    /// let digits = ImageLoader::images(&Strokes::new(1).generate(7)?, 3).shuffled(1);
    /// for batch in digits.batches(&device, 0) {
    ///     println!("{:?}", batch?.images.dims()); // [3, 28, 28] twice, then [1, 28, 28]
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn batches(&self, device: &Device, epoch: usize) -> Batches<B>
    where
        B: Send,
    {
        self.batches_from(device, epoch, 0)
    }

    /// The batches of an epoch (from 0) without the first `skip`.
    pub(crate) fn batches_from(&self, device: &Device, epoch: usize, skip: usize) -> Batches<B>
    where
        B: Send,
    {
        let (source, device, batch_size) = (self.source.clone(), device.clone(), self.batch_size);
        let (order, num_items) = (self.order(epoch as u64), self.num_items);
        Batches::ahead((skip..self.num_batches()).map(move |batch| {
            let place = Place {
                epoch: epoch as u64,
                batch: batch as u64,
            };
            let first = batch * batch_size;
            let in_order = first..(first + batch_size).min(num_items);
            let items = match &order {
                Some(Order { items, batches }) => match batches {
                    Some(batches) => items[batches[batch].clone()].to_vec(),
                    None => items[in_order].to_vec(),
                },
                None => in_order.collect(),
            };
            source.batch(items, place, &device)
        }))
    }

    /// Checks that the batches continue each other, as carried states need: in their order, and all of
    /// one size.
    pub(crate) fn check_order(&self) -> Result<(), TrainError> {
        if self.shuffle.is_some() {
            return Err(TrainError::ShuffledStates);
        }
        if self.is_separate {
            return Err(TrainError::SeparateStates);
        }
        let (items, batch_size) = (self.num_items, self.batch_size);
        if items > batch_size && !items.is_multiple_of(batch_size) {
            return Err(TrainError::UnevenBatches { items, batch_size });
        }
        Ok(())
    }

    /// The random order of an epoch; none if it is the dataset's, which takes no memory.
    fn order(&self, epoch: u64) -> Option<Order> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.shuffle?);
        rng.set_stream(epoch);
        let mut items: Vec<usize> = (0..self.num_items).collect();
        items.shuffle(&mut rng);
        let buckets = self.buckets.as_ref();
        let batches = buckets.map(|buckets| buckets.sort(&mut items, &mut rng));
        Some(Order { items, batches })
    }

    /// How many items the batches have.
    pub(crate) fn item_count(&self) -> ItemCount {
        ItemCount {
            items: self.num_items,
            batches: self.num_batches(),
            batch_size: (!self.is_bucketed()).then_some(self.batch_size),
        }
    }

    /// Whether items of similar length share a batch, and batches have different numbers of items.
    pub fn is_bucketed(&self) -> bool {
        self.shuffled_buckets().is_some()
    }

    /// The buckets, where there is a random order.
    fn shuffled_buckets(&self) -> Option<&Buckets> {
        self.shuffle.and(self.buckets.as_ref())
    }
}

// By hand: a dataset has no text.
impl<B> fmt::Debug for Loader<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loader")
            .field("num_items", &self.num_items)
            .field("batch_size", &self.batch_size)
            .field("shuffle", &self.shuffle)
            .finish_non_exhaustive()
    }
}

// By hand: a derive would ask for `B: Clone`.
impl<B> Clone for Loader<B> {
    fn clone(&self) -> Self {
        Self {
            source: self.source.clone(),
            num_items: self.num_items,
            batch_size: self.batch_size,
            shuffle: self.shuffle,
            buckets: self.buckets.clone(),
            is_separate: self.is_separate,
        }
    }
}
