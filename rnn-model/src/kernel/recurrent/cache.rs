use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;

/// What was made of a layer's weights, for the next pass that finds the same weights.
///
/// It holds the weights' tensors too. As long as it does, nothing can write into their memory, so
/// weights at the same place are the same weights.
#[derive(Default)]
pub struct Cache(Arc<Mutex<Option<Box<dyn Any + Send>>>>);

/// What a [`Cache`] holds.
struct Entry<B: Backend, T> {
    weights: Vec<FloatTensor<B>>,
    prepared: Arc<T>,
}

impl Cache {
    /// The same place.
    pub fn share(&self) -> Self {
        Self(self.0.clone())
    }

    /// What was made of `weights`, or is made of them now.
    ///
    /// - `is_same`: whether two tensors are the same numbers in the same memory
    pub fn get<B: Backend, T: Send + Sync + 'static>(
        &self,
        weights: &[FloatTensor<B>],
        is_same: impl Fn(&FloatTensor<B>, &FloatTensor<B>) -> bool,
        prepare: impl FnOnce() -> T,
    ) -> Arc<T> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = held
            .as_ref()
            .and_then(|held| held.downcast_ref::<Entry<B, T>>());
        if let Some(entry) = entry
            && entry.weights.len() == weights.len()
            && (entry.weights.iter().zip(weights)).all(|(a, b)| is_same(a, b))
        {
            return entry.prepared.clone();
        }
        let prepared = Arc::new(prepare());
        *held = Some(Box::new(Entry::<B, T> {
            weights: weights.to_vec(),
            prepared: prepared.clone(),
        }));
        prepared
    }
}

// A copy starts empty: the weights of a module's copies may change independently.
impl Clone for Cache {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl core::fmt::Debug for Cache {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Cache")
    }
}
