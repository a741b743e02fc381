//! Batches of a dataset in an order that follows from seed and epoch, and fingerprints that tell
//! datasets apart.

mod batches;
mod buckets;
mod fingerprint;
mod loader;
mod loaders;
mod split;
mod word_dropout;

pub use batches::Batches;
pub(crate) use fingerprint::hex;
pub use fingerprint::{fingerprint, fingerprint_bytes, fingerprint_sentences};
pub(crate) use loader::ItemCount;
pub use loader::Loader;
pub use loaders::{CharLoader, IdLoader, ImageLoader, TaggedLoader};
pub use split::Split;
pub use word_dropout::WordDropout;

pub use crate::error::ReadError;
