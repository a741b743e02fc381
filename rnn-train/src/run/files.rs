//! The files of JSON, the vocabularies and the checkpoints.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rnn_data::Vocab;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::dir::{CHECKPOINTS, CONFIG, RunDir};
use super::error::RunError;
use crate::checkpoint::Checkpoints;
use crate::data::fingerprint_bytes;

const METRICS: &str = "metrics.json";
pub(super) const MODEL_CONFIG: &str = "model.json";
pub(super) const VOCAB: &str = "vocab.json";
pub(super) const TAGS: &str = "tags.json";
pub(super) const CHARACTERS: &str = "characters.json";
const REPORT: &str = "report.html";

impl RunDir {
    /// The run's checkpoints. Their identity is the settings' hash: those of another run are refused. A run
    /// without settings gives them none.
    ///
    /// # Errors
    ///
    /// If the settings can't be read.
    pub fn checkpoints(&self) -> Result<Checkpoints, RunError> {
        let checkpoints = Checkpoints::new(self.file(CHECKPOINTS));
        let path = self.file(CONFIG);
        match fs::read(&path) {
            Ok(config) => Ok(checkpoints.with_identity(fingerprint_bytes(&config))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(checkpoints),
            Err(source) => Err(RunError::Io { path, source }),
        }
    }

    /// Writes the settings, after the vocabularies, so that a program that is killed in between leaves
    /// no run without them. They identify the run's [checkpoints](Self::checkpoints): those that were
    /// written under other settings are refused.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn write_config(&self, config: &impl Serialize) -> Result<(), RunError> {
        self.write_json(CONFIG, config)?;
        self.end_beginning()
    }

    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// If the file can't be read or does not hold such settings.
    pub fn read_config<T: DeserializeOwned>(&self) -> Result<T, RunError> {
        self.read_json(CONFIG)
    }

    /// Writes the configuration of the model, as a type of `rnn-model` has it.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn write_model_config(&self, config: &impl Serialize) -> Result<(), RunError> {
        self.write_json(MODEL_CONFIG, config)
    }

    /// Whether there is a configuration of the model.
    pub fn has_model_config(&self) -> bool {
        self.file(MODEL_CONFIG).is_file()
    }

    /// Reads the configuration of the model; none if there is none, as of tasks that the library can't open.
    ///
    /// # Errors
    ///
    /// If the file can't be read or does not hold such a configuration.
    pub fn read_model_config<T: DeserializeOwned>(&self) -> Result<Option<T>, RunError> {
        match self.has_model_config() {
            true => self.read_json(MODEL_CONFIG).map(Some),
            false => Ok(None),
        }
    }

    /// Writes the results.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn write_metrics(&self, metrics: &impl Serialize) -> Result<(), RunError> {
        self.write_json(METRICS, metrics)
    }

    /// Reads the results; none if there are none, as when the training was cut short.
    ///
    /// # Errors
    ///
    /// If the file can't be read or does not hold such results.
    pub fn read_metrics<T: DeserializeOwned>(&self) -> Result<Option<T>, RunError> {
        if self.file(METRICS).is_file() {
            self.read_json(METRICS).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Removes the results, if there are any: the training goes on.
    ///
    /// # Errors
    ///
    /// If the file can't be removed.
    pub fn remove_metrics(&self) -> Result<(), RunError> {
        let path = self.file(METRICS);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            result => result.map_err(RunError::io(&path)),
        }
    }

    /// Whether there is a vocabulary of words or characters.
    pub fn has_vocab(&self) -> bool {
        self.file(VOCAB).is_file()
    }

    /// Whether there is a vocabulary of tags.
    pub fn has_tags(&self) -> bool {
        self.file(TAGS).is_file()
    }

    /// Writes the vocabulary of words or characters.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn write_vocab(&self, vocab: &Vocab) -> Result<(), RunError> {
        Ok(vocab.write(self.file(VOCAB))?)
    }

    /// Reads the vocabulary, which must have `expected` symbols.
    ///
    /// # Errors
    ///
    /// If the file can't be read, is damaged, or has another number of symbols.
    pub fn read_vocab(&self, expected: usize) -> Result<Vocab, RunError> {
        self.read_symbols(VOCAB, expected)
    }

    /// Writes the vocabulary of tags.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn write_tags(&self, tags: &Vocab) -> Result<(), RunError> {
        Ok(tags.write(self.file(TAGS))?)
    }

    /// Reads the vocabulary of tags, which must have `expected` symbols.
    ///
    /// # Errors
    ///
    /// If the file can't be read, is damaged, or has another number of symbols.
    pub fn read_tags(&self, expected: usize) -> Result<Vocab, RunError> {
        self.read_symbols(TAGS, expected)
    }

    /// Whether there is a vocabulary of characters beside that of words.
    pub fn has_characters(&self) -> bool {
        self.file(CHARACTERS).is_file()
    }

    /// Writes the vocabulary of characters beside that of words.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn write_characters(&self, characters: &Vocab) -> Result<(), RunError> {
        Ok(characters.write(self.file(CHARACTERS))?)
    }

    /// Reads the vocabulary of characters beside that of words, which must have `expected` symbols.
    ///
    /// # Errors
    ///
    /// If the file can't be read, is damaged, or has another number of symbols.
    pub fn read_characters(&self, expected: usize) -> Result<Vocab, RunError> {
        self.read_symbols(CHARACTERS, expected)
    }

    fn read_symbols(&self, name: &str, expected: usize) -> Result<Vocab, RunError> {
        let path = self.file(name);
        let vocab = Vocab::read(&path)?;
        if vocab.len() != expected {
            let found = vocab.len();
            return Err(RunError::Symbols {
                path,
                expected,
                found,
            });
        }
        Ok(vocab)
    }

    /// Writes the report, a page of HTML, and returns where it is.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn write_report(&self, html: &str) -> Result<PathBuf, RunError> {
        self.write(REPORT, html.as_bytes())?;
        Ok(self.file(REPORT))
    }

    fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, RunError> {
        let path = self.file(name);
        let bytes = fs::read(&path).map_err(RunError::io(&path))?;
        serde_json::from_slice(&bytes).map_err(|source| RunError::Json { path, source })
    }

    fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), RunError> {
        let path = self.file(name);
        let mut bytes = to_json(&path, serde_json::to_vec_pretty(value))?;
        bytes.push(b'\n');
        self.write(name, &bytes)
    }
}

pub(super) fn to_json(path: &Path, json: serde_json::Result<Vec<u8>>) -> Result<Vec<u8>, RunError> {
    json.map_err(|source| RunError::Json {
        path: path.to_owned(),
        source,
    })
}
