use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rnn_data::fs::{is_unfinished, write_file};

use super::error::RunError;
use super::files::{CHARACTERS, MODEL_CONFIG, TAGS, VOCAB};
use super::weights::{INITIAL, MODEL};

pub(super) const CONFIG: &str = "config.json";
/// An empty file, which is locked by the program that writes to the run.
pub(super) const LOCK: &str = ".lock";
pub(super) const CHECKPOINTS: &str = "checkpoints";
/// An empty file in the folder of a new run until its settings are written.
pub(super) const BEGUN: &str = ".begun";
/// What may be written before the settings, which make a folder a run.
const BEFORE_CONFIG: [&str; 6] = [VOCAB, TAGS, CHARACTERS, MODEL_CONFIG, MODEL, INITIAL];

/// A run's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunDir {
    path: PathBuf,
}

impl RunDir {
    /// Creates the folder of a new run. What a program has left that was killed before it wrote its
    /// settings is no obstacle, and is removed by [`lock_new`](Self::lock_new).
    ///
    /// # Errors
    ///
    /// If it can't be made, or exists and is not empty.
    pub fn create(path: impl Into<PathBuf>) -> Result<Self, RunError> {
        let path = path.into();
        fs::create_dir_all(&path).map_err(RunError::io(&path))?;
        let run = Self { path };
        run.left_behind()?;
        Ok(run)
    }

    /// Creates the folder `<parent>/<command>-<n>` with the first free n, from 1.
    ///
    /// # Errors
    ///
    /// If it can't be made.
    pub fn create_next(parent: impl AsRef<Path>, command: &str) -> Result<Self, RunError> {
        let parent = parent.as_ref();
        fs::create_dir_all(parent).map_err(RunError::io(parent))?;
        for n in 1u32.. {
            let path = parent.join(format!("{command}-{n}"));
            // Not `create_dir_all`: of two programs that try the same number, one must fail.
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Self { path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(RunError::Io { path, source }),
            }
        }
        unreachable!("four billion runs")
    }

    /// Opens the folder of an earlier run: one with settings, with weights, or with both.
    ///
    /// # Errors
    ///
    /// If it holds none.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RunError> {
        let run = Self { path: path.into() };
        let has = |name: &str| run.file(name).is_file();
        // A program that writes settings writes them last: without them its run is a beginning.
        match has(CONFIG) || (has(MODEL) && !has(BEGUN)) {
            true => Ok(run),
            false => Err(RunError::NotARun(run.path)),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The files that a program has left that was killed before it wrote its settings.
    ///
    /// # Errors
    ///
    /// If there is anything else, or the folder can't be read.
    pub(super) fn left_behind(&self) -> Result<Vec<PathBuf>, RunError> {
        // Without it no run was begun here, and files of such names are the user's.
        let was_begun = self.file(BEGUN).is_file();
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(RunError::io(&self.path))? {
            let name = entry.map_err(RunError::io(&self.path))?.file_name();
            if was_begun && BEFORE_CONFIG.iter().any(|&early| name == early) {
                files.push(self.path.join(name));
            } else if name != LOCK && name != BEGUN && !is_unfinished(&name) {
                return Err(RunError::NotEmpty(self.path.clone()));
            }
        }
        Ok(files)
    }

    /// The path of a file.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file, all or nothing: an old one stays until the new one is complete and on the disk.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), RunError> {
        let path = self.file(name);
        write_file(&path, bytes).map_err(RunError::io(&path))
    }
}
