//! A run's folder: all that prediction needs, and how it came about.
//!
//! A program makes one with [`RunDir::create`] or [`RunDir::create_next`], locks it with
//! [`RunDir::lock_new`], and writes `config.json` after the vocabularies, so that whatever kills the program
//! before leaves a folder in which it can begin anew. A folder with this file or with weights is a run.
//!
//! The only module that knows the names of the files:
//!
//! | file | holds |
//! |---|---|
//! | `config.json` | the settings, resolved, with seed, threads, versions and the data's fingerprint |
//! | `model.safetensors` | the weights to use |
//! | `vocab.json`, `tags.json` | the ids of words (or characters) and tags, if there are any |
//! | `model.json` | the configuration of the model, as this library opens it |
//! | `history.jsonl`, `history.csv` | a line per epoch or validation |
//! | `metrics.json` | the results |
//! | `checkpoints/` | the last two [checkpoints](crate::checkpoint), and those of the best two epochs or validations |
//! | `report.html` | the course of the training, with all pictures, in one page |
//! | `loss.svg`, `accuracy.svg` | the loss and the accuracy over the epochs or steps |
//! | `confusion.svg` | the confusion matrix |
//! | `predictions.png`, `mistakes.png` | images with what was predicted for them; the most confident mistakes |

mod dir;
mod error;
mod files;
mod history;
mod lock;
mod picture;
mod table;
mod weights;

pub use dir::RunDir;
pub use error::RunError;
pub use lock::RunLock;
pub use picture::Picture;
