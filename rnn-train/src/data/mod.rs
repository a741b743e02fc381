//! Batches of a dataset, and fingerprints that tell datasets apart.

mod fingerprint;
mod loader;

pub(crate) use fingerprint::hex;
pub use fingerprint::{fingerprint, fingerprint_sentences};
pub(crate) use loader::Ahead;
pub use loader::{Carry, Loader};
