use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use burn::data::dataloader::batcher::Batcher;
use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::{Dataset, DatasetError};
use burn::tensor::Device;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rand::seq::SliceRandom;

/// A batch, and the state that the batch before it left. Loaders leave `state` empty; the training
/// loop fills it in.
#[derive(Clone, Debug)]
pub struct Carry<B, S> {
    /// The batch.
    pub batch: B,
    /// The state to start from, zeros if there is none.
    pub state: Option<S>,
}

/// Batches of a dataset, epoch after epoch, on whichever device they are asked for.
///
/// The order of an epoch is a function of the seed and the epoch's number alone.
pub struct Loader<B> {
    source: Arc<dyn Source<B>>,
    batch_size: usize,
    shuffle: Option<u64>,
    range: Range<usize>,
}

/// A dataset with its batcher, the type of the items out of sight.
trait Source<B>: Send + Sync {
    fn batch(&self, indices: Vec<usize>, device: &Device) -> Result<B, DatasetError>;
}

struct Batched<I, B> {
    dataset: Arc<dyn Dataset<I>>,
    batcher: Arc<dyn Batcher<I, B>>,
}

impl<I, B> Source<B> for Batched<I, B> {
    fn batch(&self, indices: Vec<usize>, device: &Device) -> Result<B, DatasetError> {
        Ok(self.batcher.batch(self.dataset.get_many(indices)?, device))
    }
}

impl<B: 'static> Loader<B> {
    /// Batches of `batch_size` items in the dataset's order; the last one may be smaller.
    ///
    /// # Panics
    ///
    /// If `batch_size` is 0.
    pub fn new<I: 'static>(
        dataset: Arc<dyn Dataset<I>>,
        batcher: Arc<dyn Batcher<I, B>>,
        batch_size: usize,
    ) -> Self {
        assert!(batch_size > 0, "the batch size must be at least 1, found 0");
        let range = 0..dataset.len();
        Self {
            source: Arc::new(Batched { dataset, batcher }),
            batch_size,
            shuffle: None,
            range,
        }
    }

    /// Goes through the items in a new random order each epoch.
    pub fn shuffled(mut self, seed: u64) -> Self {
        self.shuffle = Some(seed);
        self
    }

    /// How many batches an epoch has.
    pub fn num_batches(&self) -> usize {
        self.range.len().div_ceil(self.batch_size)
    }

    /// The same items in the dataset's order.
    pub fn in_order(mut self) -> Self {
        self.shuffle = None;
        self
    }

    /// Items of an epoch.
    pub fn num_items(&self) -> usize {
        self.range.len()
    }

    /// Items of a batch, but maybe the last.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// The batches as Burn's data loader, made on `device`. Each pass over it is an epoch, the
    /// first one epoch 0.
    pub fn on<S: 'static>(&self, device: &Device) -> Arc<dyn DataLoader<Carry<B, S>>>
    where
        B: Send,
    {
        self.on_from(device, 0)
    }

    fn on_from<S: 'static>(&self, device: &Device, epoch: u64) -> Arc<dyn DataLoader<Carry<B, S>>>
    where
        B: Send,
    {
        Arc::new(OnDevice {
            loader: self.clone(),
            device: device.clone(),
            epoch: AtomicU64::new(epoch),
        })
    }

    /// What its order comes from, if it is not the dataset's.
    pub(crate) fn shuffle(&self) -> Option<u64> {
        self.shuffle
    }

    /// The same source with nothing to give.
    pub(crate) fn empty(&self) -> Self {
        Self {
            range: 0..0,
            ..self.clone()
        }
    }

    /// The batches of an epoch (from 0) but for the first `skip`, made ahead of their use on a thread.
    pub(crate) fn ahead(&self, device: &Device, epoch: u64, skip: usize) -> Ahead<B>
    where
        B: Send,
    {
        let (source, device) = (self.source.clone(), device.clone());
        let (order, batch_size) = (self.order(epoch), self.batch_size);
        let (sender, receiver) = sync_channel(AHEAD);
        let make = move || {
            for indices in order.chunks(batch_size).skip(skip) {
                // Nobody receives any more: the training has stopped.
                if sender
                    .send(source.batch(indices.to_vec(), &device))
                    .is_err()
                {
                    break;
                }
            }
        };
        Ahead {
            receiver: Some(receiver),
            thread: Some(std::thread::spawn(make)),
        }
    }

    fn order(&self, epoch: u64) -> Vec<usize> {
        let mut order: Vec<usize> = self.range.clone().collect();
        if let Some(seed) = self.shuffle {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(epoch);
            order.shuffle(&mut rng);
        }
        order
    }
}

// By hand: a derive would ask for `B: Clone`.
impl<B> Clone for Loader<B> {
    fn clone(&self) -> Self {
        Self {
            source: self.source.clone(),
            batch_size: self.batch_size,
            shuffle: self.shuffle,
            range: self.range.clone(),
        }
    }
}

/// How many batches wait for the training.
const AHEAD: usize = 2;

/// Batches from a thread that makes them.
pub(crate) struct Ahead<B> {
    receiver: Option<Receiver<Result<B, DatasetError>>>,
    thread: Option<JoinHandle<()>>,
}

impl<B> Iterator for Ahead<B> {
    type Item = Result<B, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.receiver.as_ref()?.recv().ok();
        if next.is_none()
            && let Some(thread) = self.thread.take()
            && let Err(panic) = thread.join()
        {
            // A batch that can't be made is not the end of the data.
            std::panic::resume_unwind(panic);
        }
        next
    }
}

impl<B> Drop for Ahead<B> {
    fn drop(&mut self) {
        self.receiver = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct OnDevice<B> {
    loader: Loader<B>,
    device: Device,
    /// The epoch that comes next.
    epoch: AtomicU64,
}

impl<B: Send + 'static, S: 'static> DataLoader<Carry<B, S>> for OnDevice<B> {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<Carry<B, S>> + 'a> {
        let epoch = self.epoch.fetch_add(1, Ordering::Relaxed);
        Box::new(Epoch {
            from: self,
            order: self.loader.order(epoch),
            done: 0,
            state: PhantomData,
        })
    }

    fn num_items(&self) -> usize {
        self.loader.range.len()
    }

    fn to_device(&self, device: &Device) -> Arc<dyn DataLoader<Carry<B, S>>> {
        self.loader
            .on_from(device, self.epoch.load(Ordering::Relaxed))
    }

    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<Carry<B, S>>> {
        let first = self.loader.range.start;
        let part = Loader {
            range: first + start..first + end,
            ..self.loader.clone()
        };
        part.on_from(&self.device, self.epoch.load(Ordering::Relaxed))
    }
}

struct Epoch<'a, B, S> {
    from: &'a OnDevice<B>,
    order: Vec<usize>,
    done: usize,
    state: PhantomData<fn() -> S>,
}

impl<B, S> Iterator for Epoch<'_, B, S> {
    type Item = Result<Carry<B, S>, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let OnDevice { loader, device, .. } = self.from;
        let end = self
            .done
            .saturating_add(loader.batch_size)
            .min(self.order.len());
        let indices = self.order[self.done..end].to_vec();
        self.done = end;
        (!indices.is_empty()).then(|| {
            let batch = loader.source.batch(indices, device)?;
            Ok(Carry { batch, state: None })
        })
    }
}

impl<B, S> DataLoaderIterator<Carry<B, S>> for Epoch<'_, B, S> {
    fn progress(&self) -> Progress {
        Progress::new(self.done, self.order.len(), Some("items".to_owned()))
    }
}
