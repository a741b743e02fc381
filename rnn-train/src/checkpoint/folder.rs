use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rnn_data::fs::{is_unfinished, write_file};

use super::file::Checkpoint;
use super::format::{Snapshot, encode};
use crate::config::SaveInterval;
use crate::error::CheckpointError;

const LAST: &str = "step-";
const BEST: &str = "best-";
const EXTENSION: &str = "safetensors";
/// How many of each kind are kept: the newest one and the one before it.
const KEPT: usize = 2;
/// The lock of a run whose folder is that of its checkpoints too.
const LOCK: &str = ".lock";

/// A folder of checkpoints: the last two, `step-N` after N steps, and those of the best epoch (or
/// validation, where they come by steps) and of the one that was the best before, `best-N`.
#[derive(Clone, Debug)]
pub struct Checkpoints {
    folder: PathBuf,
    every: SaveInterval,
    identity: String,
    earlier: Vec<String>,
}

impl Checkpoints {
    /// The checkpoints in `folder`, which is created when the first one is written.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            every: SaveInterval::Epoch,
            identity: String::new(),
            earlier: Vec::new(),
        }
    }

    /// Writes checkpoints more often than after each epoch and each validation.
    pub fn every(mut self, every: SaveInterval) -> Self {
        self.every = every;
        self
    }

    /// Tells this training from others by a text of your own, such as a hash of all settings, the
    /// model's included, and of the data: a checkpoint with another identity is refused.
    pub fn with_identity(mut self, identity: impl Into<String>) -> Self {
        self.identity = identity.into();
        self
    }

    /// The identities that this training had before it was extended, if they differ: checkpoints of
    /// then are not another training's.
    pub fn with_earlier_identities(
        mut self,
        earlier: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.earlier = earlier.into_iter().map(Into::into).collect();
        self
    }

    /// The names of the checkpoints there are: the last ones, the newest first, then the best ones.
    ///
    /// # Errors
    ///
    /// If the folder is there and can't be read.
    pub fn names(&self) -> Result<Vec<String>, CheckpointError> {
        let mut names = Vec::new();
        for kind in [LAST, BEST] {
            let steps = self.steps(kind)?.into_iter().rev();
            names.extend(steps.map(|step| name_of(kind, step)));
        }
        Ok(names)
    }

    /// The last checkpoint; none if there is none yet.
    ///
    /// # Errors
    ///
    /// If it can't be read or is damaged.
    pub fn latest(&self) -> Result<Option<Checkpoint>, CheckpointError> {
        // The best one is written before the last one of the same step: there is none but it if the
        // program was killed in between.
        for kind in [LAST, BEST] {
            if let Some(step) = self.steps(kind)?.pop() {
                return Checkpoint::read(self.path(&name_of(kind, step))).map(Some);
            }
        }
        Ok(None)
    }

    /// The checkpoint of a name of [`names`](Self::names).
    ///
    /// # Errors
    ///
    /// If there is none, it can't be read, or is damaged.
    pub fn named(&self, name: &str) -> Result<Checkpoint, CheckpointError> {
        let there = self.names()?;
        if there.iter().any(|found| found == name) {
            return Checkpoint::read(self.path(name));
        }
        Err(CheckpointError::Missing {
            folder: self.folder.clone(),
            name: name.to_owned(),
            there,
        })
    }

    /// The checkpoint of the best epoch or validation so far, by the [monitored metric](crate::FitConfig::monitor);
    /// none if there was no validation.
    ///
    /// # Errors
    ///
    /// If it can't be read or is damaged.
    pub fn best(&self) -> Result<Option<Checkpoint>, CheckpointError> {
        match self.steps(BEST)?.pop() {
            Some(step) => self.best_of(step).map(Some),
            None => Ok(None),
        }
    }

    /// The checkpoint of the best report, which was made after `step` steps.
    pub(crate) fn best_of(&self, step: usize) -> Result<Checkpoint, CheckpointError> {
        self.named(&name_of(BEST, step))
    }

    pub(crate) fn interval(&self) -> SaveInterval {
        self.every
    }

    /// The identity of the training, as given to [`with_identity`](Self::with_identity).
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Checks that a checkpoint is one of this training, or of the same one before it was extended.
    ///
    /// # Errors
    ///
    /// If it has another identity.
    pub fn check_identity(&self, checkpoint: &Checkpoint) -> Result<(), CheckpointError> {
        let found = checkpoint.identity();
        if found == self.identity || self.earlier.iter().any(|earlier| earlier == found) {
            return Ok(());
        }
        Err(CheckpointError::Foreign {
            path: checkpoint.path().to_owned(),
            what: "identity".to_owned(),
            expected: self.identity.clone(),
            found: found.to_owned(),
        })
    }

    pub(crate) fn earlier_identities(&self) -> &[String] {
        &self.earlier
    }

    /// Checks that a training that resumes from `resumed`, or starts anew, may write here: it would remove
    /// another one's checkpoints.
    pub(crate) fn check_free(&self, resumed: Option<&Path>) -> Result<(), CheckpointError> {
        let from = resumed.map(|file| file.parent().unwrap_or(Path::new("")));
        if from.is_some_and(|from| is_same_folder(from, &self.folder)) {
            return Ok(());
        }
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(CheckpointError::io(&self.folder))?,
        };
        let mut there = Vec::new();
        for entry in entries {
            let name = entry
                .map_err(CheckpointError::io(&self.folder))?
                .file_name();
            if name != LOCK && !is_unfinished(&name) {
                there.push(name.to_string_lossy().into_owned());
            }
        }
        if there.is_empty() {
            return Ok(());
        }
        there.sort();
        Err(CheckpointError::NotEmpty {
            folder: self.folder.clone(),
            there,
        })
    }

    /// Writes a checkpoint, as the best one too if it is that. Removes the oldest ones, and those of
    /// later steps: the training was resumed from an earlier one.
    pub(crate) fn save(&self, snapshot: Snapshot) -> Result<PathBuf, CheckpointError> {
        let position = snapshot.position;
        let step = position.steps_done;
        let last = self.path(&name_of(LAST, step));
        let is_best = position.best.is_some_and(|best| best.step == step);
        let bytes = encode(snapshot)
            .map_err(io::Error::other)
            .map_err(CheckpointError::io(&last))?;
        fs::create_dir_all(&self.folder).map_err(CheckpointError::io(&self.folder))?;
        // The best one first, since the last one refers to it.
        if is_best {
            let best = self.path(&name_of(BEST, step));
            write_file(&best, &bytes).map_err(CheckpointError::io(&best))?;
        }
        write_file(&last, &bytes).map_err(CheckpointError::io(&last))?;
        for kind in [LAST, BEST] {
            let steps = self.steps(kind)?;
            let (behind, ahead): (Vec<_>, Vec<_>) = steps.into_iter().partition(|&s| s <= step);
            let old = &behind[..behind.len().saturating_sub(KEPT)];
            for &step in old.iter().chain(&ahead) {
                // One checkpoint too many does no harm.
                let _ = fs::remove_file(self.path(&name_of(kind, step)));
            }
        }
        Ok(last)
    }

    /// The steps of the checkpoints of a kind, in order.
    fn steps(&self, kind: &str) -> Result<Vec<usize>, CheckpointError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(CheckpointError::io(&self.folder))?,
        };
        let mut steps = Vec::new();
        for entry in entries {
            let path = entry.map_err(CheckpointError::io(&self.folder))?.path();
            let step = path.file_stem().and_then(|name| {
                let step: usize = name.to_str()?.strip_prefix(kind)?.parse().ok()?;
                (self.path(&name_of(kind, step)) == path).then_some(step)
            });
            steps.extend(step);
        }
        steps.sort_unstable();
        Ok(steps)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.{EXTENSION}"))
    }
}

/// Eight digits keep the names in order in a listing.
fn name_of(kind: &str, step: usize) -> String {
    format!("{kind}{step:08}")
}

/// Whether both paths lead to one folder, each in its own way.
fn is_same_folder(a: &Path, b: &Path) -> bool {
    let real = |folder: &Path| match folder.as_os_str().is_empty() {
        true => fs::canonicalize("."),
        false => fs::canonicalize(folder),
    };
    matches!((real(a), real(b)), (Ok(a), Ok(b)) if a == b)
}
