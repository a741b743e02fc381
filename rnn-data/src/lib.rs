#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
#![forbid(unsafe_code)]

mod error;
mod idx;
mod image_set;
mod mnist;
mod strokes;

pub use error::DatasetError;
pub use idx::{Dtype, Idx, IdxData, IdxError};
pub use image_set::ImageSet;
pub use mnist::Mnist;
pub use strokes::Strokes;
