use std::path::Path;

use burn::tensor::Device;
use rnn_data::Vocab;
use rnn_data::tagged::{Tokenizer, WordEncoder, WordForm};
use rnn_model::{LstmTagger, LstmTaggerConfig};
use serde::{Deserialize, Serialize};

use super::{SentenceTaggerError, TaggedSentence};
use crate::objective::tag;
use crate::run::RunDir;

/// The configuration of a tagger as a run holds it, in `model.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentenceTaggerConfig {
    /// The network's.
    pub tagger: LstmTaggerConfig,
    /// The form of the words in the vocabulary.
    #[serde(default)]
    pub word_form: WordForm,
}

/// A trained tagger: a network with its vocabularies.
///
/// ```no_run
/// use rnn_train::tagging::SentenceTagger;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let tagger = SentenceTagger::open("runs/tagger-1", &rnn_train::select("auto")?.device)?;
/// for (word, tag) in tagger.tag_text("The dog ate the apple.")?.iter() {
///     println!("{word}\t{tag}");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct SentenceTagger {
    model: LstmTagger,
    words: WordEncoder,
    tags: Vocab,
}

impl SentenceTagger {
    /// Opens the tagger of a run, on `device`.
    ///
    /// # Errors
    ///
    /// If the folder is no run of a tagger, or a file in it is damaged or does not fit the others.
    pub fn open(run: impl AsRef<Path>, device: &Device) -> Result<Self, SentenceTaggerError> {
        let run = RunDir::open(run.as_ref())?;
        let json: Option<serde_json::Value> = run.read_model_config()?;
        let is_tagger = json.is_some_and(|json| json.get("tagger").is_some());
        let config = match is_tagger {
            true => run.read_model_config()?,
            false => None,
        };
        let SentenceTaggerConfig {
            tagger: config,
            word_form,
        } = config.ok_or_else(|| SentenceTaggerError::NotTagger(run.path().to_owned()))?;
        config.validate()?;
        run.check_size(config.num_params())?;
        let mut words = WordEncoder::new(run.read_vocab(config.vocab_size())?, word_form);
        if let Some(characters) = config.characters() {
            words = words.with_characters(run.read_characters(characters.vocab_size())?);
        }
        let model = run.load_model(config.init(device))?;
        Self::new(model, words, run.read_tags(config.num_tags())?)
    }

    /// A model with its vocabularies.
    ///
    /// # Errors
    ///
    /// If the vocabularies are not those of the model, by their sizes.
    pub fn new(
        model: LstmTagger,
        words: WordEncoder,
        tags: Vocab,
    ) -> Result<Self, SentenceTaggerError> {
        let check = |what, expected, found| match expected == found {
            true => Ok(()),
            false => Err(SentenceTaggerError::Size {
                what,
                expected,
                found,
            }),
        };
        check("words", model.vocab_size(), words.words().len())?;
        check("tags", model.num_tags(), tags.len())?;
        match (model.characters(), words.characters()) {
            (Some(encoder), Some(characters)) => {
                check("characters", encoder.vocab_size(), characters.len())?;
            }
            (None, None) => {}
            (encoder, _) => {
                let expected = encoder.is_some();
                return Err(SentenceTaggerError::Characters { expected });
            }
        }
        Ok(Self { model, words, tags })
    }

    /// The network.
    pub fn model(&self) -> &LstmTagger {
        &self.model
    }

    /// The vocabularies of words and characters.
    pub fn words(&self) -> &WordEncoder {
        &self.words
    }

    /// The tags.
    pub fn tags(&self) -> &Vocab {
        &self.tags
    }

    /// Splits a sentence into words, as [`Tokenizer`] does.
    pub fn tokens(&self, text: &str) -> Vec<String> {
        Tokenizer::new(&self.words).tokens(text)
    }

    /// Tags a sentence as people write it, in words as [`tokens`](Self::tokens) finds them.
    ///
    /// # Errors
    ///
    /// As [`tag_sentences`](Self::tag_sentences).
    pub fn tag_text(&self, text: &str) -> Result<TaggedSentence<'_>, SentenceTaggerError> {
        self.tag(&self.tokens(text))
    }

    /// Tags the words of a sentence.
    ///
    /// # Errors
    ///
    /// As [`tag_sentences`](Self::tag_sentences).
    pub fn tag(
        &self,
        words: &[impl AsRef<str>],
    ) -> Result<TaggedSentence<'_>, SentenceTaggerError> {
        let mut tagged = self.tag_sentences(&[words], 1)?;
        tagged.pop().ok_or(SentenceTaggerError::Empty { index: 0 })
    }

    /// Tags the words of sentences, `batch_size` of them at a time.
    ///
    /// # Errors
    ///
    /// If a sentence has no words, or an empty one, the device fails, or a vocabulary has neither a word nor a symbol for
    /// unknown ones.
    ///
    /// # Panics
    ///
    /// If `batch_size` is 0.
    pub fn tag_sentences<W: AsRef<str>>(
        &self,
        sentences: &[impl AsRef<[W]>],
        batch_size: usize,
    ) -> Result<Vec<TaggedSentence<'_>>, SentenceTaggerError> {
        let encode = |(index, sentence): (usize, &[W])| {
            if sentence.is_empty() {
                return Err(SentenceTaggerError::Empty { index });
            }
            if let Some(word) = sentence.iter().position(|word| word.as_ref().is_empty()) {
                return Err(SentenceTaggerError::EmptyWord { index, word });
            }
            let ids = self.words.encode(sentence);
            ids.map_err(|source| SentenceTaggerError::Unknown { index, source })
        };
        let sentences = sentences.iter().map(AsRef::as_ref);
        let ids = sentences.clone().enumerate().map(encode);
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        let taggings = tag(&self.model, &ids, batch_size)?;
        let tagged = sentences.zip(taggings).map(|(sentence, tagging)| {
            let words = || sentence.iter().map(AsRef::as_ref);
            let unknown = words().map(|word| !self.words.is_known(word)).collect();
            let words = words().map(str::to_owned).collect();
            TaggedSentence::new(words, unknown, tagging, &self.tags)
        });
        Ok(tagged.collect())
    }
}
