//! The lock that lets one program at a time write to a run.

use std::{fs, io};

use rnn_data::fs::remove_unfinished;

use super::dir::{CHECKPOINTS, LOCK, RunDir};
use super::error::RunError;

/// Keeps other programs from writing to a run as long as it lives.
#[derive(Debug)]
pub struct RunLock {
    _file: fs::File,
}

impl RunDir {
    /// Makes this program the only one that writes to the run, and removes files that a killed one has
    /// left unfinished.
    ///
    /// # Errors
    ///
    /// If another program is writing to it, or the folder can't be read.
    pub fn lock(&self) -> Result<RunLock, RunError> {
        let path = self.file(LOCK);
        let mut options = fs::OpenOptions::new();
        // Opened for writing, though nothing is written: some file systems lock nothing else.
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(RunError::io(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                return Err(RunError::InUse(self.path().to_owned()));
            }
            Err(fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(fs::TryLockError::Error(source)) => return Err(RunError::Io { path, source }),
        }
        remove_unfinished(self.path()).map_err(RunError::io(self.path()))?;
        let checkpoints = self.file(CHECKPOINTS);
        if checkpoints.is_dir() {
            remove_unfinished(&checkpoints).map_err(RunError::io(&checkpoints))?;
        }
        Ok(RunLock { _file: file })
    }

    /// Whether a program is writing to it.
    pub fn is_in_use(&self) -> bool {
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.file(LOCK));
        file.is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)))
    }
}
