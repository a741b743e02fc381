//! The lock that lets one program at a time write to a run.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::time::{Duration, Instant};

use rnn_data::fs::remove_unfinished;

use super::dir::{BEGUN, CHECKPOINTS, CONFIG, LOCK, RunDir};
use super::error::RunError;

/// How long a program waits for others that only look whether the run is in use, which takes them
/// microseconds.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often it tries meanwhile.
const RETRY_EVERY: Duration = Duration::from_millis(2);

/// Keeps other programs from writing to a run as long as it lives.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
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
        let mut options = OpenOptions::new();
        // Opened for writing, though nothing is written: some file systems lock nothing else.
        let options = options.read(true).write(true).create(true).truncate(false);
        let file = options.open(&path).map_err(RunError::io(&path))?;
        match try_lock(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(RunError::InUse(self.path().to_owned()));
            }
            // A file system without locks.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(source)) => return Err(RunError::Io { path, source }),
        }
        remove_unfinished(self.path()).map_err(RunError::io(self.path()))?;
        let checkpoints = self.file(CHECKPOINTS);
        if checkpoints.is_dir() {
            remove_unfinished(&checkpoints).map_err(RunError::io(&checkpoints))?;
        }
        if self.file(CONFIG).is_file() {
            self.end_beginning()?;
        }
        Ok(RunLock { _file: file })
    }

    /// [Locks](Self::lock) the folder of a new run, and removes what a program has left there that was
    /// killed before it wrote its settings.
    ///
    /// # Errors
    ///
    /// Those of [`lock`](Self::lock), and [`RunError::NotEmpty`] if another program has made a run of the
    /// folder since it was [created](Self::create).
    pub fn lock_new(&self) -> Result<RunLock, RunError> {
        let lock = self.lock()?;
        let left_behind = self.left_behind()?;
        let begun = self.file(BEGUN);
        File::create(&begun).map_err(RunError::io(&begun))?;
        for file in left_behind {
            fs::remove_file(&file).map_err(RunError::io(&file))?;
        }
        Ok(lock)
    }

    /// Says that the run has its settings.
    pub(super) fn end_beginning(&self) -> Result<(), RunError> {
        let begun = self.file(BEGUN);
        match fs::remove_file(&begun) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(RunError::io(&begun)(error))
            }
            _ => Ok(()),
        }
    }

    /// Whether a program is writing to it. The check takes only a shared lock for a moment, for which a
    /// program that locks the run at the same time waits.
    pub fn is_in_use(&self) -> bool {
        let file = File::open(self.file(LOCK));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

/// Takes the exclusive lock of a program that writes. Waits while others hold the shared lock of
/// [`RunDir::is_in_use`]; if another one writes, the error is [`TryLockError::WouldBlock`].
fn try_lock(file: &File) -> Result<(), TryLockError> {
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {}
            result => return result,
        }
        // It can be shared only if nobody holds the exclusive one.
        file.try_lock_shared()?;
        file.unlock().map_err(TryLockError::Error)?;
        if start.elapsed() > PATIENCE {
            return Err(TryLockError::WouldBlock);
        }
        std::thread::sleep(RETRY_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn shared(run: &RunDir) -> File {
        let file = File::open(run.file(LOCK)).expect("the lock's file");
        file.try_lock_shared().expect("a shared lock");
        file
    }

    #[test]
    fn a_look_at_the_moment_of_locking_is_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let run = RunDir::create(folder.path()).expect("a folder");
        drop(run.lock().expect("a lock"));
        let look = shared(&run);
        assert!(!run.is_in_use(), "a look is not a use");
        std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(50));
                drop(look);
            });
            let lock = run.lock().expect("nobody writes");
            assert!(run.is_in_use());
            let error = run.lock().expect_err("locked");
            assert!(matches!(error, RunError::InUse(_)), "{error}");
            drop(lock);
        });
        assert!(!run.is_in_use());
    }

    #[test]
    fn looks_without_end_do_not_keep_a_program_from_writing() {
        let folder = tempfile::tempdir().expect("a folder");
        let run = RunDir::create(folder.path()).expect("a folder");
        drop(run.lock().expect("a lock"));
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        run.is_in_use();
                    }
                });
            }
            let results: Vec<_> = (0..50).map(|_| run.lock().map(drop)).collect();
            stop.store(true, Ordering::Relaxed);
            for result in results {
                result.expect("nobody else writes");
            }
        });
    }

    #[test]
    fn a_new_run_takes_the_place_of_one_that_was_only_begun() {
        let folder = tempfile::tempdir().expect("a folder");
        let run = RunDir::create(folder.path()).expect("an empty folder");
        let begun = run.lock_new().expect("nobody else writes");
        fs::write(run.file("vocab.json"), "of the other run").expect("written");
        drop(begun); // killed

        let again = RunDir::create(folder.path()).expect("only a beginning");
        let another = RunDir::create(folder.path()).expect("only a beginning");
        let lock = again.lock_new().expect("nobody else writes");
        assert!(!run.file("vocab.json").exists());
        again.write_config(&1).expect("written");
        assert!(!run.file(BEGUN).exists());
        drop(lock);
        let error = another.lock_new().expect_err("a run by now");
        assert!(matches!(error, RunError::NotEmpty(_)), "{error}");
    }

    #[test]
    fn files_that_were_not_left_by_a_beginning_are_kept() {
        for there in [
            &["vocab.json"][..],
            &[LOCK, "model.safetensors"],
            &[BEGUN, "mine"],
        ] {
            let folder = tempfile::tempdir().expect("a folder");
            for name in there {
                fs::write(folder.path().join(name), "precious").expect("written");
            }
            let error = RunDir::create(folder.path()).expect_err("not empty");
            assert!(matches!(error, RunError::NotEmpty(_)), "{error}");
            for name in there {
                assert!(folder.path().join(name).exists(), "{name}");
            }
        }
    }
}
