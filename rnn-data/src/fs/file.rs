//! Reading a file up to a limit, writing it whole or not at all, and the position of bytes that are
//! not UTF-8.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// The file's bytes, or its length if that is more than `limit`.
pub(crate) fn read_bounded(path: &Path, limit: u64) -> io::Result<Result<Vec<u8>, u64>> {
    read_open(File::open(path)?, limit)
}

/// The bytes of an open file from where it stands, or its length if that is more than `limit`.
pub(crate) fn read_open(file: File, limit: u64) -> io::Result<Result<Vec<u8>, u64>> {
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
    let bytes = bytes()?;
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let folder = parent.unwrap_or(Path::new("."));
    // An error removes the temporary file, by dropping it.
    let mut temporary = temporary(folder)?;
    temporary.as_file_mut().write_all(bytes.as_ref())?;
    // Without this, a power cut after the rename could leave the name with no content.
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    // Without this, a power cut could undo the rename. Not all systems can open a folder to sync it.
    if let Ok(folder) = File::open(folder) {
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
    let is_ours = |name: &str| name.starts_with(PREFIX) && name.ends_with(UNFINISHED);
    name.to_str().is_some_and(is_ours)
}

/// The beginning of a temporary file's name.
const PREFIX: &str = ".";
/// Its end.
const UNFINISHED: &str = ".rnn-tmp";

/// Creates a temporary file in `folder`, since renaming works only within a file system.
///
/// Its name is random: process ids repeat, in containers from the first one on, and a name that a
/// killed process has left would be in the way of every later one.
fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    // Opened here, so that it gets the permissions that any new file gets: those of a temporary file
    // would let nobody but its owner read it.
    let open = |path: &Path| OpenOptions::new().write(true).create_new(true).open(path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(UNFINISHED);
    builder.make_in(folder, open)
}

/// The first byte that is not part of UTF-8 text: its offset, and its line and its column in
/// characters, both from 1.
pub(crate) struct NotUtf8 {
    pub(crate) offset: usize,
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) found: u8,
}

/// Whether bytes begin as UTF-16 does: with its byte order mark, or with a character below 256.
pub fn is_utf16(bytes: &[u8]) -> bool {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => true,
        [first, second, ..] => (*first == 0) != (*second == 0),
        _ => false,
    }
}

/// Bytes as text.
pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, NotUtf8> {
    str::from_utf8(bytes).map_err(|error| {
        let (good, rest) = bytes.split_at(error.valid_up_to());
        // Valid UTF-8, so no character is replaced here.
        let good = String::from_utf8_lossy(good);
        let last_line = good.rsplit('\n').next().unwrap_or_default();
        NotUtf8 {
            offset: error.valid_up_to(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn temporary_names_differ_and_are_recognised() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let mut names = std::collections::HashSet::new();
        for _ in 0..100 {
            // Kept, as by a process that was killed.
            let (_, path) = temporary(folder.path())?.keep()?;
            let name = path.file_name().unwrap_or_default().to_owned();
            assert!(is_unfinished(&name), "{}", name.display());
            names.insert(name);
        }
        assert_eq!(names.len(), 100);
        remove_unfinished(folder.path())?;
        assert_eq!(fs::read_dir(folder.path())?.count(), 0);
        Ok(())
    }

    #[test]
    fn files_of_a_killed_process_are_not_in_the_way() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("weights");
        // The names that were given by process and number, with the id of this very process.
        for count in 0..100 {
            let name = format!(".weights.{}-{count}{UNFINISHED}", std::process::id());
            assert!(is_unfinished(OsStr::new(&name)));
            fs::write(folder.path().join(name), "left")?;
        }
        write_file(&path, b"whole")?;
        assert_eq!(fs::read(&path)?, b"whole");
        // A name may be as long as the file system allows.
        let longest = folder.path().join("w".repeat(255));
        write_file(&longest, b"whole")?;
        assert_eq!(fs::read(&longest)?, b"whole");
        Ok(())
    }

    #[test]
    #[cfg(unix)]
    fn a_file_has_the_permissions_of_any_new_one() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (plain, whole) = (folder.path().join("plain"), folder.path().join("whole"));
        fs::write(&plain, "")?;
        write_file(&whole, b"")?;
        let permissions = |path: &Path| fs::metadata(path).map(|file| file.permissions());
        assert_eq!(permissions(&whole)?, permissions(&plain)?);
        Ok(())
    }
}
