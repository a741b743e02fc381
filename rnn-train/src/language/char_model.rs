use std::iter::FusedIterator;
use std::path::Path;

use burn::tensor::Device;
use rnn_data::Vocab;
use rnn_model::{
    AnyConfig, AnyRecurrent, Generation, LanguageModel, LanguageModelConfig, Sampling,
};

use serde::{Deserialize, Serialize};

use super::error::CharModelError;
use crate::run::RunDir;

/// The configuration of a character language model as a run holds it, in `model.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CharModelConfig {
    /// The network's.
    pub language_model: LanguageModelConfig<AnyConfig>,
}

impl CharModelConfig {
    /// Reads that of a run.
    ///
    /// # Errors
    ///
    /// [`CharModelError::NotCharModel`] if there is none, and if the file can't be read or is damaged.
    pub fn read(run: &RunDir) -> Result<Self, CharModelError> {
        match run.read_model_config()? {
            Some(config) => Ok(config),
            None => Err(CharModelError::NotCharModel(run.path().to_owned())),
        }
    }
}

/// A trained character language model: a network with the vocabulary of its characters.
///
/// ```no_run
/// use rnn_model::Sampling;
/// use rnn_train::language::CharModel;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let model = CharModel::open("runs/charlm-1", &rnn_train::select("auto")?.device)?;
/// for character in model.sample("ROMEO:", Sampling::new(1))?.take(200) {
///     print!("{}", character?);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct CharModel {
    model: LanguageModel<AnyRecurrent>,
    vocab: Vocab,
    /// The characters by id; none for symbols that stand for others.
    characters: Vec<Option<char>>,
}

impl CharModel {
    /// Opens the model of a run, on `device`.
    ///
    /// # Errors
    ///
    /// If the folder is no run of a character language model, or a file in it is damaged or does not fit
    /// the others.
    pub fn open(run: impl AsRef<Path>, device: &Device) -> Result<Self, CharModelError> {
        let run = RunDir::open(run.as_ref())?;
        let config = CharModelConfig::read(&run)?.language_model;
        config.validate()?;
        run.check_size(config.num_params())?;
        let model = run.load_model(config.init(device))?;
        Self::new(model, run.read_vocab(config.vocab_size())?)
    }

    /// A model with its vocabulary.
    ///
    /// # Errors
    ///
    /// If the vocabulary has not as many symbols as the model scores, or one that is not a character
    /// (other than those for unknown characters and for padding).
    pub fn new(model: LanguageModel<AnyRecurrent>, vocab: Vocab) -> Result<Self, CharModelError> {
        if vocab.len() != model.vocab_size() {
            return Err(CharModelError::Size {
                expected: model.vocab_size(),
                found: vocab.len(),
            });
        }
        Ok(Self {
            characters: characters(&vocab)?,
            model,
            vocab,
        })
    }

    /// The network.
    pub fn model(&self) -> &LanguageModel<AnyRecurrent> {
        &self.model
    }

    /// The characters and their ids.
    pub fn vocab(&self) -> &Vocab {
        &self.vocab
    }

    /// The characters of a text that the vocabulary has not, each once.
    pub fn unknown(&self, text: &str) -> Vec<char> {
        let mut unknown = Vec::new();
        let mut buffer = [0; char::MAX.len_utf8()];
        for character in text.chars() {
            let is_known = self.vocab.contains(character.encode_utf8(&mut buffer));
            if !is_known && !unknown.contains(&character) {
                unknown.push(character);
            }
        }
        unknown
    }

    /// Continues `prompt`: an iterator over characters, endless, at a constant cost each. Unknown
    /// characters of the prompt are read as the symbol for them, which is never written.
    ///
    /// # Errors
    ///
    /// If the prompt is empty, has unknown characters and the vocabulary no symbol for them, or the
    /// settings are [out of range](Sampling::validate).
    pub fn sample(
        &self,
        prompt: &str,
        mut sampling: Sampling,
    ) -> Result<Characters<'_>, CharModelError> {
        let ids = self.vocab.encode_chars(prompt);
        let ids = ids.map_err(|_| CharModelError::Unknown(self.unknown(prompt)))?;
        let all = 0..self.characters.len();
        let others = all.filter(|&id| self.characters[id].is_none());
        sampling.never.extend(others);
        Ok(Characters {
            model: self,
            ids: self.model.generate(&ids, sampling)?,
        })
    }
}

/// Checks that every symbol of a vocabulary is a character, other than those for unknown characters and for
/// padding: what [`CharModel::new`] asks for, before a model is trained.
///
/// # Errors
///
/// [`CharModelError::Symbol`] for the first one that is not.
pub fn check_characters(vocab: &Vocab) -> Result<(), CharModelError> {
    characters(vocab).map(drop)
}

/// The characters by id; none for symbols that stand for others.
fn characters(vocab: &Vocab) -> Result<Vec<Option<char>>, CharModelError> {
    let special = [vocab.unk_id(), vocab.pad_id()];
    let character = |(id, symbol): (usize, &str)| {
        let mut chars = symbol.chars();
        match (chars.next(), chars.next()) {
            _ if special.contains(&Some(id)) => Ok(None),
            (Some(character), None) => Ok(Some(character)),
            _ => Err(CharModelError::Symbol {
                symbol: symbol.to_owned(),
                id,
            }),
        }
    };
    (0..).zip(vocab.iter()).map(character).collect()
}

/// The characters that a [`CharModel`] writes; made by [`CharModel::sample`].
#[derive(Debug)]
pub struct Characters<'a> {
    model: &'a CharModel,
    ids: Generation<'a, AnyRecurrent>,
}

impl Iterator for Characters<'_> {
    type Item = Result<char, CharModelError>;

    /// The next character; an error, after which nothing comes, if the scores are not finite.
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.ids.next()? {
                Err(error) => return Some(Err(error.into())),
                Ok(id) => {
                    // Only characters are chosen.
                    if let Some(character) = self.model.characters.get(id).copied().flatten() {
                        return Some(Ok(character));
                    }
                }
            }
        }
    }
}

impl FusedIterator for Characters<'_> {}
