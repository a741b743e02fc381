//! Loaders of the datasets of `rnn-data`.

use std::sync::Arc;

use burn::data::dataset::InMemDataset;
use rand::rngs::ChaCha8Rng;
use rnn_data::text::TextStreams;
use rnn_data::{
    CharBatch, CharBatcher, Distortion, IdBatch, IdBatcher, ImageBatch, ImageBatcher, ImageItem,
    ImageReading, ImageSet, SeparateWindows, Streams, TaggedBatch, TaggedBatcher, TaggedItem,
};

use super::{Loader, WordDropout};

/// Batches of labelled images.
pub type ImageLoader = Loader<ImageBatch>;

/// Batches of character sequences.
pub type CharLoader = Loader<CharBatch>;

/// Batches of sequences of ids, for models with an embedding.
pub type IdLoader = Loader<IdBatch>;

/// Batches of tagged sentences.
pub type TaggedLoader = Loader<TaggedBatch>;

impl ImageLoader {
    /// Batches of `batch_size` images in their order; the last one may be smaller.
    pub fn images(set: &ImageSet, batch_size: usize) -> Self {
        Self::images_read(set, ImageReading::default(), batch_size)
    }

    /// The same with images that become sequences in another way.
    pub fn images_read(set: &ImageSet, reading: ImageReading, batch_size: usize) -> Self {
        let batcher = Arc::new(ImageBatcher { reading });
        Self::new(Arc::new(set.clone()), batcher, batch_size)
    }

    /// The same for training, with images that are distorted at random, each time anew.
    ///
    /// ```
    /// use rnn_data::{Distortion, ImageReading, Strokes};
    /// use rnn_train::ImageLoader;
    ///
    /// let digits = Strokes::new(1).generate(100)?;
    /// let (reading, distortion) = (ImageReading::default(), Distortion::new(1.0));
    /// let loader = ImageLoader::images_distorted(&digits, reading, distortion, 10, 1).shuffled(1);
    /// assert_eq!(loader.num_batches(), 10);
    /// # Ok::<(), rnn_data::DatasetError>(())
    /// ```
    pub fn images_distorted(
        set: &ImageSet,
        reading: ImageReading,
        distortion: Distortion,
        batch_size: usize,
        seed: u64,
    ) -> Self {
        let batcher = Arc::new(ImageBatcher { reading });
        let distort = move |item: &mut ImageItem, rng: &mut ChaCha8Rng| {
            item.pixels = distortion.apply(&item.pixels, item.rows, item.cols, rng);
        };
        Self::noisy(Arc::new(set.clone()), batcher, batch_size, seed, distort)
    }
}

impl CharLoader {
    /// The pairs of `input` and `target` sequences (indices of characters, all of one length), in
    /// batches of `batch_size`.
    ///
    /// # Panics
    ///
    /// When a batch is made, if an index is not below `characters` or the lengths differ.
    pub fn sequences(
        pairs: Vec<(Vec<usize>, Vec<usize>)>,
        characters: usize,
        batch_size: usize,
    ) -> Self {
        Self::new(
            Arc::new(InMemDataset::new(pairs)),
            Arc::new(CharBatcher { characters }),
            batch_size,
        )
    }

    /// The windows of `streams` one after the other, for training with carried state: a batch is one
    /// window of all rows. Not to be shuffled.
    ///
    /// ```
    /// use rnn_data::{Streams, Vocab};
    /// use rnn_model::CharRnnConfig;
    /// use rnn_train::{CharLoader, FitConfig, Trainer};
    ///
    /// let text = "the cat sat on the mat";
    /// let vocab = Vocab::chars(text);
    /// // Two rows, each read from left to right in windows of at most five characters.
    /// let streams = Streams::new(vec![vocab.encode_chars(text)?], 2, 5)?;
    /// let device = rnn_train::select("auto")?.device;
    /// let model = CharRnnConfig::new(vocab.len(), 16, vocab.len()).init(&device);
    ///
    /// let config = FitConfig { carry_state: true, ..FitConfig::new(1) };
    /// let fitted = Trainer::new(config).fit(model, CharLoader::streams(streams, vocab.len()))?;
    /// assert_eq!(fitted.history[0].targets, text.len() - 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// When a batch is made, if an index is not below `characters`.
    pub fn streams(streams: Streams, characters: usize) -> Self {
        Self::new(Arc::new(streams), Arc::new(CharBatcher { characters }), 1)
    }
}

impl IdLoader {
    /// The pairs of `input` and `target` sequences (ids below `vocab_size`, of any lengths), in batches of
    /// `batch_size`, padded to the longest of each.
    ///
    /// # Panics
    ///
    /// When a batch is made, if an id is not below `vocab_size` or a pair's parts differ in length.
    pub fn sequences(
        pairs: Vec<(Vec<usize>, Vec<usize>)>,
        vocab_size: usize,
        batch_size: usize,
    ) -> Self {
        Self::new(
            Arc::new(InMemDataset::new(pairs)),
            Arc::new(IdBatcher { vocab_size }),
            batch_size,
        )
    }

    /// The windows of `streams` one after the other, for training with carried state: a batch is one
    /// window of all rows. Not to be shuffled.
    ///
    /// ```
    /// use rnn_data::{Streams, Vocab};
    /// use rnn_model::{LanguageModelConfig, LstmConfig};
    /// use rnn_train::data::IdLoader;
    /// use rnn_train::{FitConfig, Trainer};
    ///
    /// let text = "the cat sat on the mat the cat ate".split(' ');
    /// let vocab = Vocab::words(text.clone());
    /// let words: Vec<&str> = text.collect();
    /// let streams = Streams::new(vec![vocab.encode(&words)?], 2, 3)?;
    /// let device = rnn_train::select("auto")?.device;
    /// let model = LanguageModelConfig::new(LstmConfig::new(8, 16), vocab.len()).init(&device);
    ///
    /// let config = FitConfig { carry_state: true, ..FitConfig::new(1) };
    /// let fitted = Trainer::new(config).fit(model, IdLoader::streams(streams, vocab.len()))?;
    /// assert_eq!(fitted.history[0].targets, words.len() - 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Panics
    ///
    /// When a batch is made, if an id is not below `vocab_size`.
    pub fn streams(streams: Streams, vocab_size: usize) -> Self {
        Self::new(Arc::new(streams), Arc::new(IdBatcher { vocab_size }), 1)
    }
}

impl IdLoader {
    /// The windows of a text's characters one after the other, read from its files as they are needed; as
    /// [`streams`](Self::streams) in everything else.
    ///
    /// ```
    /// use rnn_data::text::{HARBOUR, Text, TextStreams};
    /// use rnn_train::data::IdLoader;
    ///
    /// let text = Text::from_string("harbour", HARBOUR);
    /// let vocab = text.vocab("<unk>")?;
    /// let windows = IdLoader::text(TextStreams::new(text, &vocab, 8, 64)?, vocab.len());
    /// assert!(windows.num_batches() > 20);
    /// # Ok::<(), rnn_data::TextError>(())
    /// ```
    pub fn text(streams: TextStreams, vocab_size: usize) -> Self {
        Self::new(Arc::new(streams), Arc::new(IdBatcher { vocab_size }), 1)
    }

    /// The windows of a text's characters, each for itself, in batches of `batch_size` windows: for
    /// evaluation where every window starts from a zero state. States can't be carried over them.
    ///
    /// # Panics
    ///
    /// If `batch_size` is 0.
    pub fn separate_windows(streams: TextStreams, vocab_size: usize, batch_size: usize) -> Self {
        let batcher = Arc::new(SeparateWindows { vocab_size });
        Self::new(Arc::new(streams), batcher, batch_size).separate()
    }
}

impl TaggedLoader {
    /// Batches of `batch_size` sentences in their order; the last one may be smaller.
    ///
    /// # Panics
    ///
    /// When a batch is made, if a sentence is empty or has not as many tags as words.
    pub fn sentences(items: Vec<TaggedItem>, batch_size: usize) -> Self {
        let dataset = Arc::new(InMemDataset::new(items));
        Self::new(dataset, Arc::new(TaggedBatcher), batch_size)
    }

    /// The same for training, with words that become unknown at random, each time anew: see
    /// [`WordDropout`].
    ///
    /// # Panics
    ///
    /// As [`sentences`](Self::sentences).
    pub fn with_word_dropout(
        items: Vec<TaggedItem>,
        batch_size: usize,
        word_dropout: WordDropout,
        seed: u64,
    ) -> Self {
        let dataset = Arc::new(InMemDataset::new(items));
        let drop = move |item: &mut TaggedItem, rng: &mut ChaCha8Rng| {
            word_dropout.apply(&mut item.sentence.words, rng);
        };
        Self::noisy(dataset, Arc::new(TaggedBatcher), batch_size, seed, drop)
    }
}
