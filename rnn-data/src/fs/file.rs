//! Reading a file up to a limit, writing it whole or not at all, and the position of bytes that are
//! not UTF-8.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The file's bytes, or its length if that is more than `limit`.
pub(crate) fn read_bounded(path: &Path, limit: u64) -> io::Result<Result<Vec<u8>, u64>> {
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    let mut bytes = Vec::new();
    if len <= limit {
        // Nothing is allocated in advance: a sparse file may claim any length.
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    }
    let found = len.max(bytes.len() as u64);
    Ok(if found > limit { Err(found) } else { Ok(bytes) })
}

/// Writes to a temporary file in the same folder, which then takes the name: a reader finds the old
/// file or the new one, never a part.
pub(crate) fn write_whole<B: AsRef<[u8]>>(
    path: &Path,
    bytes: impl FnOnce() -> io::Result<B>,
) -> io::Result<()> {
    let temporary = sibling(path);
    let bytes = bytes()?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&temporary)?;
    let written = file
        .write_all(bytes.as_ref())
        // Without this, a power cut after the rename could leave the name with no content.
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
        return written;
    }
    // Without this, a power cut could undo the rename. Not all systems can open a folder to sync it.
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    if let Ok(folder) = File::open(parent.unwrap_or(Path::new("."))) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Writes a file whole or not at all: the bytes go to a temporary file in the same folder, are synced,
/// and take the name, so that a reader finds the old file or the new one, never a part.
///
/// # Errors
///
/// If the system refuses; nothing is left then but what was there before.
///
/// ```
/// let dir = tempfile::tempdir()?;
/// rnn_data::fs::write_file(dir.path().join("notes.txt"), b"whole")?;
/// assert_eq!(std::fs::read(dir.path().join("notes.txt"))?, b"whole");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_file(path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
    write_whole(path.as_ref(), || Ok(bytes))
}

/// Removes the temporary files that [`write_file`] leaves in `folder` when the process is killed while
/// it writes. Call it only while no other process writes to the folder; a file that can't be removed
/// stays.
///
/// # Errors
///
/// If the folder can't be read.
pub fn remove_unfinished(folder: impl AsRef<Path>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if is_unfinished(&entry.file_name()) {
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}

/// Whether a file's name is one that [`write_file`] gives to its temporary files.
pub fn is_unfinished(name: &OsStr) -> bool {
    let is_ours = |name: &str| name.starts_with('.') && name.ends_with(UNFINISHED);
    name.to_str().is_some_and(is_ours)
}

/// The end of a temporary file's name.
const UNFINISHED: &str = ".rnn-tmp";

/// A temporary file's name that no other writer uses, in the same folder, since renaming works only
/// within a file system.
fn sibling(path: &Path) -> PathBuf {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}-{count}{UNFINISHED}", std::process::id()));
    path.with_file_name(name)
}

/// The first byte that is not part of UTF-8 text, with its line and its column in characters, both
/// from 1.
pub(crate) struct NotUtf8 {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) found: u8,
}

/// Whether bytes begin with the byte order mark of UTF-16.
pub fn is_utf16(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])
}

/// Bytes as text.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, NotUtf8> {
    str::from_utf8(bytes).map_err(|error| {
        let (good, rest) = bytes.split_at(error.valid_up_to());
        // Valid UTF-8, so no character is replaced here.
        let good = String::from_utf8_lossy(good);
        let last_line = good.rsplit('\n').next().unwrap_or_default();
        NotUtf8 {
            line: good.matches('\n').count() + 1,
            column: last_line.chars().count() + 1,
            found: rest.first().copied().unwrap_or_default(),
        }
    })
}

/// At most the first 40 characters of a text, for an error message: a line may be as long as its file.
pub(crate) fn excerpt(text: &str) -> String {
    const CHARS: usize = 40;
    match text.char_indices().nth(CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
