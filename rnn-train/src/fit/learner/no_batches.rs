use std::marker::PhantomData;
use std::sync::Arc;

use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::tensor::Device;

/// A data loader without data: the learner asks for one, and the training loop makes the batches
/// itself.
pub(super) struct NoBatches<I>(PhantomData<fn() -> I>);

impl<I> NoBatches<I> {
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

impl<I: 'static> DataLoader<I> for NoBatches<I> {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<I> + 'a> {
        Box::new(Self::new())
    }

    fn num_items(&self) -> usize {
        0
    }

    fn to_device(&self, _: &Device) -> Arc<dyn DataLoader<I>> {
        Arc::new(Self::new())
    }

    fn slice(&self, _: usize, _: usize) -> Arc<dyn DataLoader<I>> {
        Arc::new(Self::new())
    }
}

impl<I> Iterator for NoBatches<I> {
    type Item = Result<I, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        None
    }
}

impl<I> DataLoaderIterator<I> for NoBatches<I> {
    fn progress(&self) -> Progress {
        Progress::new(0, 0, None)
    }
}
