#![doc = include_str!("../README.md")]
#![warn(missing_docs, clippy::unwrap_used)]
#![forbid(unsafe_code)]

#[cfg(feature = "burn")]
mod batch;
mod error;
mod idx;
mod image_set;
mod mnist;
mod source;
mod strokes;

#[cfg(feature = "burn")]
pub use batch::{ImageBatch, ImageBatcher, ImageItem};
pub use error::DatasetError;
pub use idx::{Dtype, Idx, IdxData, IdxError};
pub use image_set::ImageSet;
pub use mnist::Mnist;
pub use source::find_dataset;
pub use strokes::Strokes;
