use std::fs;
use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::OptimizerRecord;
use burn::tensor::Device;
use rnn_model::StateDict;

use super::about::{About, differences};
use super::format::{Cause, Contents, decode};
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
            Err(source) => Err(CheckpointError::Damaged { path, source }),
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
        theirs.config.max_steps = ours.config.max_steps;
        if earlier.contains(&theirs.identity) {
            theirs.identity.clone_from(&ours.identity);
        }
        self.compare(ours, &theirs)
    }

    fn compare(&self, ours: &About, theirs: &About) -> Result<(), CheckpointError> {
        match differences(ours, theirs) {
            Some((what, [expected, found])) => Err(CheckpointError::Foreign {
                path: self.path.clone(),
                what: what.to_owned(),
                expected,
                found,
            }),
            None => Ok(()),
        }
    }

    /// The weights by name, for any use: `weights().clone().load_into(model)`, or a file of their own.
    pub fn weights(&self) -> &StateDict {
        &self.contents.model
    }

    /// `model` with the checkpoint's weights, on the device where it is. To go on with the training there
    /// is [`Trainer::resume`](crate::Trainer::resume).
    ///
    /// ```
    /// use rnn_data::Strokes;
    /// use rnn_model::{ClassifierConfig, GruConfig};
    /// use rnn_train::checkpoint::Checkpoints;
    /// use rnn_train::{FitConfig, ImageLoader, Trainer, evaluate};
    ///
    /// let device = rnn_train::select("auto")?.device;
    /// let digits = ImageLoader::images(&Strokes::new(1).generate(100)?, 10);
    /// let config = ClassifierConfig::new(GruConfig::new(28, 8), 10);
    /// let folder = tempfile::tempdir()?;
    /// let checkpoints = Checkpoints::new(folder.path());
    /// let fitted = Trainer::new(FitConfig::new(1))
    ///     .with_checkpoints(checkpoints.clone())
    ///     .fit(config.init(&device), digits.clone())?;
    ///
    /// let best = checkpoints.best()?.ok_or("no epoch was finished")?;
    /// let model = best.load_model(config.init(&device))?;
    /// assert_eq!(evaluate(&model, &digits)?, evaluate(&fitted.model, &digits)?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the weights are those of another model.
    pub fn load_model<M: Module>(&self, model: M) -> Result<M, CheckpointError> {
        let model = self.contents.model.clone().load_into(model);
        model.map_err(|source| CheckpointError::Model {
            path: self.path.clone(),
            source,
        })
    }

    /// The identity of its training, as given to
    /// [`Checkpoints::with_identity`](super::Checkpoints::with_identity).
    pub fn identity(&self) -> &str {
        &self.contents.about.identity
    }

    /// `model` with its weights, and with the ids by which the optimiser's state refers to them.
    pub(crate) fn load_into<M: Module>(&self, model: M) -> Result<M, CheckpointError> {
        let model = self.load_model(model)?;
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

    fn damaged(&self, source: impl Into<Cause>) -> CheckpointError {
        CheckpointError::Damaged {
            path: self.path.clone(),
            source: source.into(),
        }
    }
}
