//! One file from the first mirror that has it: tries, pauses, and the check at the end.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;

use super::check::{self, Verdict};
use super::fetch::in_file;
use super::http::{Client, End};
use super::{Dataset, FetchError, MirrorError, Options, Progress, RemoteFile, places};

/// A download has come further if so many bytes are new.
const NEW_BYTES: u64 = 64 * 1024;

/// A file to be downloaded.
pub(super) struct Download<'a> {
    dataset: &'a Dataset,
    file: &'a RemoteFile,
    folder: &'a Path,
    /// What has arrived.
    part: PathBuf,
    options: &'a Options,
    client: Client,
    progress: &'a mut dyn FnMut(Progress<'_>),
}

/// What a mirror's error means for the download.
enum Next {
    /// It goes on where it ended, after a pause.
    Resume,
    /// It begins anew, since the mirror's answer does not fit the part that is there.
    Restart,
    /// This mirror does not have the file.
    Mirror,
}

type Failure = (MirrorError, Next);

impl<'a> Download<'a> {
    pub(super) fn new(
        dataset: &'a Dataset,
        file: &'a RemoteFile,
        folder: &'a Path,
        options: &'a Options,
        progress: &'a mut dyn FnMut(Progress<'_>),
    ) -> Self {
        Self {
            dataset,
            file,
            folder,
            part: folder.join(format!("{}.part", file.name)),
            options,
            client: Client::new(options),
            progress,
        }
    }

    /// Downloads the file and gives it its name.
    pub(super) fn run(mut self) -> Result<(), FetchError> {
        // A process may have been stopped when all had arrived.
        if self.part_len() > 0 && matches!(self.check()?, Verdict::Good) {
            return self.finish();
        }
        let own = &self.dataset.mirrors;
        let mirrors = self
            .options
            .mirror
            .as_ref()
            .map_or(&own[..], std::slice::from_ref);
        let mut failed = Vec::new();
        for mirror in mirrors {
            let url = format!("{}/{}", mirror.trim_end_matches('/'), self.file.name);
            match self.try_mirror(&url)? {
                None => return self.finish(),
                Some(error) => failed.push((url, error)),
            }
        }
        Err(FetchError::Download {
            file: self.file.name.clone(),
            missing: places::names(places::missing_files(self.dataset, self.folder)),
            folder: self.folder.to_owned(),
            mirrors: failed,
        })
    }

    /// Downloads from one mirror, which is asked again as long as that may help.
    fn try_mirror(&mut self, url: &str) -> Result<Option<MirrorError>, FetchError> {
        let mut furthest = self.part_len();
        let mut retries = self.options.retries;
        let mut pause = self.options.retry_pause;
        loop {
            let Some((error, next)) = self.attempt(url)? else {
                return Ok(None);
            };
            (self.progress)(Progress::Failed {
                file: &self.file.name,
                url,
                error: &error,
            });
            match next {
                Next::Mirror => return Ok(Some(error)),
                // What follows begins with nothing, so this comes once, or after another failure.
                Next::Restart => {
                    self.remove_part()?;
                    continue;
                }
                Next::Resume => {}
            }
            let len = self.part_len();
            // Only what is new counts: a mirror that always begins anew and is always cut ends, too.
            if len >= furthest.saturating_add(NEW_BYTES) {
                furthest = len;
                retries = self.options.retries;
                pause = self.options.retry_pause;
            } else if retries == 0 {
                // All of it came, and is damaged: no other mirror could go on from there.
                if matches!(error, MirrorError::Gzip { .. }) {
                    self.remove_part()?;
                }
                return Ok(Some(error));
            } else {
                retries -= 1;
            }
            thread::sleep(pause);
            pause = pause.saturating_mul(2);
        }
    }

    /// Asks a mirror once, for what is not there yet.
    fn attempt(&mut self, url: &str) -> Result<Option<Failure>, FetchError> {
        let file = &self.file.name;
        (self.progress)(Progress::Connecting { file, url });
        if self.part_len() > self.file.max_bytes {
            self.remove_part()?;
        }
        let have = self.part_len();
        let answer = match self.client.get(url, have, self.file.max_bytes) {
            Ok(answer) => answer,
            Err(error) => {
                let next = match &error {
                    MirrorError::Status { status, .. } if is_passing(*status) => Next::Resume,
                    MirrorError::Stalled { .. }
                    | MirrorError::Slow { .. }
                    | MirrorError::Cut { .. } => Next::Resume,
                    MirrorError::Range { expected: 1.., .. } => Next::Restart,
                    _ => Next::Mirror,
                };
                return Ok(Some((error, next)));
            }
        };
        let resumed = answer.start > 0;
        let total = answer.total;
        let mut tell = |bytes| (self.progress)(Progress::Received { file, bytes, total });
        let limit = self.file.max_bytes;
        let end = self
            .client
            .save(answer, &self.part, limit, &mut tell)
            .map_err(in_file(&self.part))?;
        if let End::TooLarge(error) = end {
            self.remove_part()?;
            return Ok(Some((error, Next::Mirror)));
        }
        // Also after a cut: the mirror may have announced more than there is.
        let wrong = match self.check()? {
            Verdict::Good => return Ok(None),
            wrong => wrong,
        };
        Ok(Some(match (end, wrong) {
            (End::Cut(error), _) | (End::Whole, Verdict::Incomplete(error)) => {
                (error, Next::Resume)
            }
            // The part that was there may have been another file's.
            (_, Verdict::Bad(error)) if resumed => (error, Next::Restart),
            (_, Verdict::Bad(error)) => {
                self.remove_part()?;
                (error, Next::Mirror)
            }
            (End::Whole | End::TooLarge(_), _) => return Ok(None),
        }))
    }

    fn part_len(&self) -> u64 {
        self.part.metadata().map_or(0, |metadata| metadata.len())
    }

    fn check(&self) -> Result<Verdict, FetchError> {
        check::check(self.file, &self.part).map_err(in_file(&self.part))
    }

    fn remove_part(&self) -> Result<(), FetchError> {
        match fs::remove_file(&self.part) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(in_file(&self.part)(error))
            }
            _ => Ok(()),
        }
    }

    /// Gives the file its name, once its content is on the disk.
    fn finish(self) -> Result<(), FetchError> {
        let synced = File::options()
            .write(true)
            .open(&self.part)
            .and_then(|part| part.sync_all());
        synced.map_err(in_file(&self.part))?;
        let path = self.folder.join(&self.file.name);
        fs::rename(&self.part, &path).map_err(in_file(&path))
    }
}

/// Whether a server's error may be over soon.
fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..)
}
