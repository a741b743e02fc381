//! Batches as tensors, and datasets as Burn knows them; needs the feature `burn`.

mod characters;
mod images;
mod sentences;

pub use characters::{CharBatch, CharBatcher, one_hot};
pub use images::{ImageBatch, ImageBatcher, ImageItem, image_tensor};
pub use sentences::{PaddedBatch, TaggedBatch, TaggedBatcher, TaggedItem};
