#![doc = include_str!("../README.md")]
#![warn(missing_docs, clippy::unwrap_used)]
#![forbid(unsafe_code)]

#[cfg(feature = "burn")]
mod batch;
pub mod dataset;
mod distortion;
mod error;
#[doc(hidden)]
pub mod fs;
mod gzip;
mod idx;
mod image_set;
mod mnist;
#[cfg(feature = "image")]
mod picture;
mod streams;
mod strokes;
pub mod tagged;
pub mod text;
mod vocab;

#[cfg(feature = "burn")]
pub use batch::{
    CharBatch, CharBatcher, IdBatch, IdBatcher, ImageBatch, ImageBatcher, ImageItem, ImageOrder,
    ImageReading, PaddedBatch, PaddedVectors, SeparateWindows, SpellingBatch, TaggedBatch,
    TaggedBatcher, TaggedItem, one_hot,
};
pub use dataset::find_dataset;
pub use distortion::Distortion;
pub use error::DatasetError;
pub use gzip::GzipError;
pub use idx::{Dtype, Idx, IdxData, IdxError};
pub use image_set::ImageSet;
pub use mnist::Mnist;
#[cfg(feature = "image")]
pub use picture::{Digit, PictureError, Warning, contact_sheet, decode_digit, read_digit};
pub use streams::{StreamRow, StreamWindow, Streams, StreamsError};
pub use strokes::Strokes;
pub use tagged::{
    Label, Sentence, TaggedCorpus, TaggedError, decode_tagged, notebook_sentences, parse_conllu,
    parse_tagged, parse_word_tags, read_tagged,
};
pub use text::{InvalidUtf8, Text, TextChars, TextError, TextStreams, UnknownChars};
pub use vocab::{Vocab, VocabBuilder, VocabError};
