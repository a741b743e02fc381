//! Taggers that were trained: opening their runs, and tagging with them.
//!
//! [`SentenceTagger`] is a network with its vocabularies: words in, tags with their probabilities out.

mod error;
mod sentence_tagger;
mod tagged_sentence;

pub use error::SentenceTaggerError;
pub use sentence_tagger::{SentenceTagger, SentenceTaggerConfig};
pub use tagged_sentence::TaggedSentence;
