//! A dataset's files into the cache, by one process at a time.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::mirrors::Download;
use super::{Dataset, FetchError, Options, Progress, RemoteFile, places};

pub(super) fn fetch(
    dataset: &Dataset,
    options: &Options,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<PathBuf, FetchError> {
    let names = dataset.files.iter().map(|file| &file.name);
    for name in names.chain([&dataset.name]) {
        if !is_name(name) {
            return Err(FetchError::Name {
                found: name.clone(),
            });
        }
    }
    let Some(cache) = &options.cache else {
        return Err(FetchError::NoCache {
            name: dataset.name.clone(),
        });
    };
    let folder = cache.join(&dataset.name);
    let is_complete = || places::missing_files(dataset, &folder).next().is_none();
    if is_complete() {
        return Ok(folder);
    }
    if options.offline {
        return Err(FetchError::Offline(Box::new(places::missing(
            dataset, options,
        ))));
    }
    fs::create_dir_all(&folder).map_err(in_file(&folder))?;
    // Unlocked when it is closed, at the end of this function or of the process. It is never removed:
    // a process that waits has it open.
    let _locked = lock(&cache.join(format!("{}.lock", dataset.name)), progress)?;
    let missing: Vec<&RemoteFile> = places::missing_files(dataset, &folder).collect();
    for file in missing {
        Download::new(dataset, file, &folder, options, progress).run()?;
        progress(Progress::Finished { file: &file.name });
    }
    Ok(folder)
}

/// Locks a file, which is made if need be. Some network file systems have no locks: without one, two
/// processes may disturb each other's download, which the sum then shows.
fn lock(path: &Path, progress: &mut dyn FnMut(Progress<'_>)) -> Result<File, FetchError> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    let file = options.open(path).map_err(in_file(path))?;
    if let Err(fs::TryLockError::WouldBlock) = file.try_lock() {
        progress(Progress::Waiting { lock: path });
        file.lock().map_err(in_file(path))?;
    }
    Ok(file)
}

/// Whether a name is that of one file or folder, not a path.
fn is_name(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    matches!(parts.next(), Some(std::path::Component::Normal(part)) if part == name)
}

/// The error that a file or folder of the cache is the cause of.
pub(super) fn in_file(path: &Path) -> impl FnOnce(io::Error) -> FetchError {
    move |source| FetchError::Io {
        path: path.to_owned(),
        source,
    }
}
