//! Models built from recurrent modules: tensors in, logits out.

mod char_rnn;
mod classifier;
mod embedding;
pub(crate) mod linear;
mod tagger;

pub use char_rnn::{CharRnn, CharRnnConfig};
pub use classifier::{Classifier, ClassifierConfig};
pub use tagger::{LstmTagger, LstmTaggerConfig};
