use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::OptimizerRecord;
use burn::tensor::Device;

use super::about::About;
use super::format::{Contents, decode};
use super::identities::with_identities;
use super::position::Position;
use crate::error::CheckpointError;
use crate::objective::RecurrentState;

/// A checkpoint that was read and is undamaged.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    path: PathBuf,
    contents: Contents,
}

impl Checkpoint {
    /// Reads a checkpoint's file.
    ///
    /// # Errors
    ///
    /// If it can't be read, or is damaged.
    pub fn read(path: impl Into<PathBuf>) -> Result<Self, CheckpointError> {
        let path = path.into();
        let bytes = fs::read(&path).map_err(CheckpointError::io(&path))?;
        match decode(&bytes) {
            Ok(contents) => Ok(Self { path, contents }),
            Err(reason) => Err(CheckpointError::Damaged { path, reason }),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many steps of the optimiser were done when it was written.
    pub fn steps_done(&self) -> usize {
        self.contents.position.steps_done
    }

    /// How many epochs were done when it was written, without the one under way.
    pub fn epochs_done(&self) -> usize {
        self.contents.position.epochs_done()
    }

    pub(crate) fn position(&self) -> &Position {
        &self.contents.position
    }

    /// Checks that it belongs to the training that `ours` is about.
    pub(crate) fn check(&self, ours: &About) -> Result<(), CheckpointError> {
        self.compare(ours, &self.contents.about)
    }

    /// Checks that it belongs to the training that `ours` is about, or to the same one before it was
    /// extended, whose identity is one of `earlier`.
    pub(crate) fn check_before(
        &self,
        ours: &About,
        earlier: &[String],
    ) -> Result<(), CheckpointError> {
        let mut theirs = self.contents.about.clone();
        theirs.config.epochs = ours.config.epochs;
        if earlier.contains(&theirs.identity) {
            theirs.identity.clone_from(&ours.identity);
        }
        self.compare(ours, &theirs)
    }

    fn compare(&self, ours: &About, theirs: &About) -> Result<(), CheckpointError> {
        let text = |about: &About| {
            let json = |value: serde_json::Result<String>| value.unwrap_or_default();
            [
                ("identity", about.identity.clone()),
                ("training data", json(serde_json::to_string(&about.train))),
                ("validation data", json(serde_json::to_string(&about.valid))),
                ("settings", json(serde_json::to_string(&about.config))),
            ]
        };
        for ((what, expected), (_, found)) in text(ours).into_iter().zip(text(theirs)) {
            if expected != found {
                let (path, what) = (self.path.clone(), what.to_owned());
                return Err(CheckpointError::Foreign {
                    path,
                    what,
                    expected,
                    found,
                });
            }
        }
        Ok(())
    }

    /// The identity of its training, as given to
    /// [`Checkpoints::with_identity`](super::Checkpoints::with_identity).
    pub fn identity(&self) -> &str {
        &self.contents.about.identity
    }

    /// `model` with its weights, and with the ids by which the optimiser's state refers to them.
    pub(crate) fn load_into<M: Module>(&self, model: M) -> Result<M, CheckpointError> {
        let model = self.contents.model.clone().load_into(model);
        let model = model.map_err(|error| CheckpointError::Foreign {
            path: self.path.clone(),
            what: "the parameters of".to_owned(),
            expected: "this model".to_owned(),
            found: error.to_string(),
        })?;
        Ok(with_identities(model, &self.contents.identities))
    }

    pub(crate) fn optimizer(&self) -> Result<OptimizerRecord, CheckpointError> {
        OptimizerRecord::from_bytes(self.contents.optimizer.clone())
            .map_err(|error| self.damaged(error))
    }

    /// The state that the next step begins with; none if no state is carried.
    pub(crate) fn state<S: RecurrentState>(
        &self,
        device: &Device,
    ) -> Result<Option<S>, CheckpointError> {
        if self.contents.state.is_empty() {
            return Ok(None);
        }
        match S::from_data(self.contents.state.clone(), device) {
            Some(state) => Ok(Some(state)),
            None => Err(self.damaged("its state is of another kind")),
        }
    }

    fn damaged(&self, reason: impl core::fmt::Display) -> CheckpointError {
        CheckpointError::Damaged {
            path: self.path.clone(),
            reason: reason.to_string(),
        }
    }
}
