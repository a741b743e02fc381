//! A run's folder: everything that prediction needs, and how it came about.
//!
//! The only file that knows what the files are called:
//!
//! | file | holds |
//! |---|---|
//! | `config.json` | the settings, resolved, with seed, threads, versions and the data's fingerprint |
//! | `model.safetensors` | the weights to use |
//! | `vocab.json`, `tags.json` | the ids of words and tags, if there are any |
//! | `history.jsonl`, `history.csv` | a line per epoch |
//! | `metrics.json` | the results |
//! | `checkpoints/` | the last two checkpoints, and those of the best two epochs: all that training goes on from |
//! | `report.html` | how it went, with all pictures, in one page |
//! | `loss.svg`, `accuracy.svg` | over the epochs |
//! | `confusion.svg` | which class was taken for which |
//! | `predictions.png`, `mistakes.png` | images with what was predicted for them; the most confident mistakes |

mod error;
mod history;
mod lock;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use burn::module::Module;
use rnn_data::{Vocab, is_unfinished, write_file};
use rnn_model::StateDict;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::checkpoint::Checkpoints;
use crate::data::hex;
use crate::progress::EpochReport;
pub use error::RunError;
pub use lock::RunLock;

const CONFIG: &str = "config.json";
/// Empty; who writes to the run has it locked.
const LOCK: &str = ".lock";
const MODEL: &str = "model.safetensors";
const HISTORY: &str = "history.jsonl";
const HISTORY_TABLE: &str = "history.csv";
const METRICS: &str = "metrics.json";
const VOCAB: &str = "vocab.json";
const TAGS: &str = "tags.json";
const REPORT: &str = "report.html";
const CHECKPOINTS: &str = "checkpoints";

/// A picture in a run's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picture {
    /// The loss over the epochs, SVG.
    Loss,
    /// The accuracy over the epochs, SVG.
    Accuracy,
    /// Which class was taken for which, SVG.
    Confusion,
    /// Images with what was predicted for them, PNG.
    Predictions,
    /// The most confident mistakes, PNG.
    Mistakes,
}

impl Picture {
    fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss.svg",
            Self::Accuracy => "accuracy.svg",
            Self::Confusion => "confusion.svg",
            Self::Predictions => "predictions.png",
            Self::Mistakes => "mistakes.png",
        }
    }
}

/// A run's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// Makes the folder for a new run.
    ///
    /// # Errors
    ///
    /// If it can't be made, or exists and is not empty.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, RunError> {
        let path = path.into();
        fs::create_dir_all(&path).map_err(io_error(&path))?;
        for entry in fs::read_dir(&path).map_err(io_error(&path))? {
            let name = entry.map_err(io_error(&path))?.file_name();
            // Who was killed before it could write its settings has lost nothing.
            if name != LOCK && !is_unfinished(&name) {
                return Err(RunError::NotEmpty(path));
            }
        }
        Ok(Self { path })
    }

    /// Makes the folder `<parent>/<command>-<n>` with the first free n, from 1.
    ///
    /// # Errors
    ///
    /// If it can't be made.
    pub fn create_next(parent: impl AsRef<Path>, command: &str) -> Result<Self, RunError> {
        let parent = parent.as_ref();
        fs::create_dir_all(parent).map_err(io_error(parent))?;
        for n in 1u32.. {
            let path = parent.join(format!("{command}-{n}"));
            // Not `create_dir_all`: of two programs that want the same number, one must fail.
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(RunError::Io { path, error }),
            }
        }
        unreachable!("four billion runs")
    }

    /// The folder of an earlier run.
    ///
    /// # Errors
    ///
    /// If it holds none.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RunError> {
        let path = path.into();
        if path.join(CONFIG).is_file() {
            Ok(Self { path })
        } else {
            Err(RunError::NotARun(path))
        }
    }

    /// Whether it has settings: a folder that was just made has none.
    pub fn has_config(&self) -> bool {
        self.path.join(CONFIG).is_file()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its checkpoints. Their identity is the settings' hash: those of another run are refused.
    ///
    /// # Errors
    ///
    /// If the settings can't be read.
    pub fn checkpoints(&self) -> Result<Checkpoints, RunError> {
        let path = self.path.join(CONFIG);
        let config = fs::read(&path).map_err(io_error(&path))?;
        let identity = hex(Sha256::new().chain_update(config));
        Ok(Checkpoints::new(self.path.join(CHECKPOINTS)).with_identity(identity))
    }

    /// Writes the settings.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn write_config(&self, config: &impl Serialize) -> Result<(), RunError> {
        self.write_json(CONFIG, config)
    }

    /// Reads the settings.
    ///
    /// # Errors
    ///
    /// If the file can't be read or does not hold such settings.
    pub fn read_config<T: DeserializeOwned>(&self) -> Result<T, RunError> {
        self.read_json(CONFIG)
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
        if self.path.join(METRICS).is_file() {
            self.read_json(METRICS).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Writes the vocabulary of words or characters.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn write_vocab(&self, vocab: &Vocab) -> Result<(), RunError> {
        Ok(vocab.write(self.path.join(VOCAB))?)
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
        Ok(tags.write(self.path.join(TAGS))?)
    }

    /// Reads the vocabulary of tags, which must have `expected` symbols.
    ///
    /// # Errors
    ///
    /// If the file can't be read, is damaged, or has another number of symbols.
    pub fn read_tags(&self, expected: usize) -> Result<Vocab, RunError> {
        self.read_symbols(TAGS, expected)
    }

    fn read_symbols(&self, name: &str, expected: usize) -> Result<Vocab, RunError> {
        let path = self.path.join(name);
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

    /// Writes a picture, and returns where it is.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn write_picture(&self, picture: Picture, bytes: &[u8]) -> Result<PathBuf, RunError> {
        self.write(picture.name(), bytes)?;
        Ok(self.path.join(picture.name()))
    }

    /// Writes the report, a page of HTML, and returns where it is.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn write_report(&self, html: &str) -> Result<PathBuf, RunError> {
        self.write(REPORT, html.as_bytes())?;
        Ok(self.path.join(REPORT))
    }

    /// Writes the history, once as a line of JSON per epoch and once as a table for other programs.
    ///
    /// # Errors
    ///
    /// If a file can't be written.
    pub fn write_history(&self, history: &[EpochReport]) -> Result<(), RunError> {
        let path = self.path.join(HISTORY);
        let mut lines = Vec::new();
        for report in history {
            lines.extend(to_json(&path, serde_json::to_vec(report))?);
            lines.push(b'\n');
        }
        self.write(HISTORY, &lines)?;
        self.write(HISTORY_TABLE, history::table(history).as_bytes())
    }

    /// Reads the history; empty if not one epoch was finished.
    ///
    /// # Errors
    ///
    /// If the file can't be read or a line is damaged; the error names the line.
    pub fn read_history(&self) -> Result<Vec<EpochReport>, RunError> {
        let path = self.path.join(HISTORY);
        if !path.is_file() {
            return Ok(Vec::new());
        }
        let text = fs::read_to_string(&path).map_err(io_error(&path))?;
        let parse = |(line, text): (usize, &str)| {
            serde_json::from_str(text).map_err(|error| RunError::History {
                path: path.clone(),
                line,
                error,
            })
        };
        (1..).zip(text.lines()).map(parse).collect()
    }

    /// Writes the weights.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn save_model<M: Module>(&self, model: &M) -> Result<(), RunError> {
        let bytes = StateDict::of(model)
            .to_safetensors()
            .map_err(|error| RunError::Weights {
                path: self.path.join(MODEL),
                error,
            })?;
        self.write(MODEL, &bytes)
    }

    /// `model` with the run's weights, on the device where it is.
    ///
    /// # Errors
    ///
    /// If the file can't be read, is damaged, holds the weights of another model, or numbers that
    /// are not finite.
    pub fn load_model<M: Module>(&self, model: M) -> Result<M, RunError> {
        let weights = self.read_weights()?;
        if let Some(name) = weights.not_finite() {
            return Err(RunError::NotFinite {
                path: self.path.join(MODEL),
                name: name.to_owned(),
            });
        }
        weights.load_into(model).map_err(|error| RunError::Weights {
            path: self.path.join(MODEL),
            error,
        })
    }

    /// The run's weights by name.
    ///
    /// # Errors
    ///
    /// If there are none, the file can't be read, or it is damaged.
    pub fn read_weights(&self) -> Result<StateDict, RunError> {
        let path = self.path.join(MODEL);
        let bytes = fs::read(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => RunError::NoModel(self.path.clone()),
            _ => RunError::Io {
                path: path.clone(),
                error,
            },
        })?;
        StateDict::from_safetensors(&bytes).map_err(|error| RunError::Weights { path, error })
    }

    /// Whether the weights can be those of a model of so many numbers: to be asked before such a
    /// model is made, which settings that were changed by hand may want larger than memory is.
    ///
    /// # Errors
    ///
    /// If there are no weights, or the file is not half as large as they would be.
    pub fn check_size(&self, parameters: usize) -> Result<(), RunError> {
        let path = self.path.join(MODEL);
        let Ok(file) = fs::metadata(&path) else {
            return Err(RunError::NoModel(self.path.clone()));
        };
        // Near misses are better told by the names and shapes that differ.
        if (parameters as u64).saturating_mul(2) > file.len() + (1 << 20) {
            return Err(RunError::TooSmall {
                path,
                parameters,
                bytes: file.len(),
            });
        }
        Ok(())
    }

    fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<T, RunError> {
        let path = self.path.join(name);
        let bytes = fs::read(&path).map_err(io_error(&path))?;
        serde_json::from_slice(&bytes).map_err(|error| RunError::Json { path, error })
    }

    fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), RunError> {
        let path = self.path.join(name);
        let mut bytes = to_json(&path, serde_json::to_vec_pretty(value))?;
        bytes.push(b'\n');
        self.write(name, &bytes)
    }

    /// All or nothing: what was there stays until the new file is whole and on the disk.
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunError> {
        let path = self.path.join(name);
        write_file(&path, bytes).map_err(io_error(&path))
    }
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> RunError + use<> {
    let path = path.to_owned();
    move |error| RunError::Io { path, error }
}

fn to_json(path: &Path, json: serde_json::Result<Vec<u8>>) -> Result<Vec<u8>, RunError> {
    json.map_err(|error| RunError::Json {
        path: path.to_owned(),
        error,
    })
}
