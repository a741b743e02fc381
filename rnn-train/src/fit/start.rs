//! Where a training starts: anew, or from a checkpoint.

use std::path::{Path, PathBuf};

use burn::optim::ModuleOptimizer;
use burn::tensor::Device;

use crate::checkpoint::{About, Checkpoint, Checkpoints, Position};
use crate::config::FitConfig;
use crate::error::TrainError;
use crate::objective::Objective;

/// A checkpoint to start from.
pub(super) struct Resume {
    pub checkpoint: Checkpoint,
    /// Whether to extend its training.
    pub extend: bool,
}

/// Where a training starts.
pub(super) struct Start<M: Objective> {
    pub model: M,
    pub optimizer: ModuleOptimizer,
    pub position: Position,
    pub state: Option<M::State>,
    /// The model of the best report so far, if it may be wanted.
    pub best: Option<M>,
    /// The file from which it resumes.
    pub checkpoint: Option<PathBuf>,
}

impl<M: Objective> Start<M> {
    pub fn new(model: M, config: &FitConfig) -> Self {
        Self {
            model,
            optimizer: config.optimizer.init(),
            position: Position::start(),
            state: None,
            best: None,
            checkpoint: None,
        }
    }
}

/// Checks that an extension goes on past what is done.
fn check_length(config: &FitConfig, position: &Position) -> Result<(), TrainError> {
    let (done, epochs) = (position.epochs_done(), config.epochs);
    match config.max_steps {
        None if epochs <= done => Err(TrainError::EpochsDone { done, epochs }),
        // The report of the last step may be missing: the training was interrupted in its validation.
        Some(max_steps)
            if max_steps < position.steps_done || max_steps <= position.steps_reported() =>
        {
            let done = position.steps_done;
            Err(TrainError::StepsDone { done, max_steps })
        }
        _ => Ok(()),
    }
}

impl Resume {
    pub fn path(&self) -> &Path {
        self.checkpoint.path()
    }

    /// The start of the training that `about` is about, to which the checkpoint must belong;
    /// `earlier` are the training's identities before it was extended.
    pub fn start<M: Objective>(
        &self,
        about: &About,
        earlier: &[String],
        model: M,
        device: &Device,
    ) -> Result<Start<M>, TrainError> {
        let (config, checkpoint) = (&about.config, &self.checkpoint);
        let mut position = checkpoint.position().clone();
        if self.extend {
            checkpoint.check_before(about, earlier)?;
            check_length(config, &position)?;
            position = position.extend();
        } else {
            checkpoint.check(about)?;
        }
        let mut best = None;
        let best_step = position.best.map(|best| best.step);
        if let Some(step) = best_step.filter(|_| config.keeps_best()) {
            let folder = checkpoint.path().parent().unwrap_or(Path::new(""));
            let checkpoint = Checkpoints::new(folder).best_of(step)?;
            // The best report may lie before an extension.
            checkpoint.check_before(about, earlier)?;
            best = Some(checkpoint.load_into(model.clone())?);
        }
        let optimizer = config.optimizer.init();
        Ok(Start {
            model: checkpoint.load_into(model)?,
            optimizer: optimizer.load_record(checkpoint.optimizer()?),
            position,
            state: checkpoint.state(device)?,
            best,
            checkpoint: Some(checkpoint.path().to_owned()),
        })
    }
}
