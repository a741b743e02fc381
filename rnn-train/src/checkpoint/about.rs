use serde::{Deserialize, Serialize};

use crate::config::FitConfig;
use crate::data::Loader;

/// What identifies the training that a checkpoint belongs to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct About {
    pub identity: String,
    pub config: FitConfig,
    pub train: Data,
    pub valid: Option<Data>,
}

/// What identifies data, short of their values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    pub items: usize,
    pub batch_size: usize,
    pub shuffle: Option<u64>,
}

impl Data {
    pub fn of<B: 'static>(loader: &Loader<B>) -> Self {
        Self {
            items: loader.num_items(),
            batch_size: loader.batch_size(),
            shuffle: loader.shuffle(),
        }
    }
}
