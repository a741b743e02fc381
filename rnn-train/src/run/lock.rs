//! One program at a time writes to a run.

use std::{fs, io};

use rnn_data::fs::remove_unfinished;

use super::{CHECKPOINTS, LOCK, RunDir, RunError, io_error};

/// Keeps other programs from writing to a run as long as it lives.
#[derive(Debug)]
pub struct RunLock {
    _file: fs::File,
}

impl RunDir {
    /// Makes this program the only one that writes to the run, and clears away what one that was
    /// killed has left unfinished.
    ///
    /// # Errors
    ///
    /// If another one does, or the folder can't be read.
    pub fn lock(&self) -> Result<RunLock, RunError> {
        let path = self.path.join(LOCK);
        let mut options = fs::OpenOptions::new();
        // To be written, though it never is: some file systems lock nothing else.
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(io_error(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(RunError::InUse(self.path.clone())),
            Err(fs::TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(fs::TryLockError::Error(error)) => return Err(RunError::Io { path, error }),
        }
        remove_unfinished(&self.path).map_err(io_error(&self.path))?;
        let checkpoints = self.path.join(CHECKPOINTS);
        if checkpoints.is_dir() {
            remove_unfinished(&checkpoints).map_err(io_error(&checkpoints))?;
        }
        Ok(RunLock { _file: file })
    }

    /// Whether a program is writing to it.
    pub fn is_in_use(&self) -> bool {
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.path.join(LOCK));
        file.is_ok_and(|file| matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock)))
    }
}
