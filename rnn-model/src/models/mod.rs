//! Models built from recurrent modules: tensors in, logits out.

mod char_rnn;
mod characters;
mod classifier;
mod crf;
mod embedding;
mod generation;
mod language;
mod linear;
mod output;
mod tagger;
mod token;
mod transparent;

pub use char_rnn::{CharRnn, CharRnnConfig};
pub use characters::{CharacterEncoder, CharacterEncoderConfig, Spelling, Words};
pub use classifier::{Classifier, ClassifierConfig, ClassifierHead};
pub use crf::Crf;
pub use generation::Generation;
pub use language::{LanguageModel, LanguageModelConfig};
pub use linear::linear;
pub use tagger::{LstmTagger, LstmTaggerConfig, Tagger, TaggerConfig};
pub use token::{TokenModel, TokenModelConfig};
