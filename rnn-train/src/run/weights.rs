use std::fs;
use std::io;

use burn::module::Module;
use rnn_model::StateDict;

use super::dir::RunDir;
use super::error::RunError;

pub(super) const MODEL: &str = "model.safetensors";
pub(super) const INITIAL: &str = "initial.safetensors";

impl RunDir {
    /// Writes the weights.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn save_model<M: Module>(&self, model: &M) -> Result<(), RunError> {
        let bytes = StateDict::of(model)
            .to_safetensors()
            .map_err(|source| RunError::Weights {
                path: self.file(MODEL),
                source,
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
                path: self.file(MODEL),
                name: name.to_owned(),
            });
        }
        weights
            .load_into(model)
            .map_err(|source| RunError::Weights {
                path: self.file(MODEL),
                source,
            })
    }

    /// The run's weights by name.
    ///
    /// # Errors
    ///
    /// If there are none, the file can't be read, or it is damaged.
    pub fn read_weights(&self) -> Result<StateDict, RunError> {
        let path = self.file(MODEL);
        let bytes = fs::read(&path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => RunError::NoModel(self.path().to_owned()),
            _ => RunError::Io {
                path: path.clone(),
                source: error,
            },
        })?;
        StateDict::from_safetensors(&bytes).map_err(|source| RunError::Weights { path, source })
    }

    /// Writes the weights that a training starts from, as a `.safetensors` file, so that one that is
    /// stopped before its first checkpoint can start again.
    ///
    /// # Errors
    ///
    /// If the file can't be written.
    pub fn write_initial_weights(&self, safetensors: &[u8]) -> Result<(), RunError> {
        self.write(INITIAL, safetensors)
    }

    /// Reads the weights that the training started from.
    ///
    /// # Errors
    ///
    /// If the file can't be read or is damaged.
    pub fn read_initial_weights(&self) -> Result<StateDict, RunError> {
        let path = self.file(INITIAL);
        let bytes = fs::read(&path).map_err(RunError::io(&path))?;
        StateDict::from_safetensors(&bytes).map_err(|source| RunError::Weights { path, source })
    }

    /// Checks that the file of weights is large enough for a model of this many parameters. Called before
    /// such a model is made, which by settings that were changed by hand may be larger than memory.
    ///
    /// # Errors
    ///
    /// If there are no weights, or the file has not half the size that they would have.
    pub fn check_size(&self, parameters: usize) -> Result<(), RunError> {
        let path = self.file(MODEL);
        let Ok(file) = fs::metadata(&path) else {
            return Err(RunError::NoModel(self.path().to_owned()));
        };
        // For smaller differences, the names and shapes that differ say more.
        if (parameters as u64).saturating_mul(2) > file.len() + (1 << 20) {
            return Err(RunError::TooSmall {
                path,
                parameters,
                bytes: file.len(),
            });
        }
        Ok(())
    }
}
