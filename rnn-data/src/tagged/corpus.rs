use std::fs;
use std::path::{Path, PathBuf};

use super::{Sentence, TaggedError, read_tagged};

/// Tagged sentences to learn from, and others to judge by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaggedCorpus {
    /// What to learn from.
    pub train: Vec<Sentence>,
    /// What to judge by; empty if there is nothing.
    pub dev: Vec<Sentence>,
}

/// What a file's name has in it, by split.
const TRAIN: &[&str] = &["train"];
const DEV: &[&str] = &["dev", "valid"];

/// The endings that are looked for, the preferred first: treebanks come with their raw text beside
/// them, as `.txt`.
const ENDINGS: [&[&str]; 2] = [&[".conllu", ".conllu.gz"], &[".txt", ".txt.gz"]];

impl TaggedCorpus {
    /// Reads a folder, such as one of Universal Dependencies' treebanks: the file with `train` in its
    /// name, and the one with `dev` or `valid` if there is one, ending in `.conllu` (or else `.txt`),
    /// plain or `.gz`. Or a single file, all of which is for training.
    ///
    /// # Errors
    ///
    /// [`TaggedError::MissingFile`] if a folder has no training file, [`TaggedError::Ambiguous`] if it
    /// has two of a kind, [`TaggedError::Io`], and the errors of [`read_tagged`].
    ///
    /// ```
    /// use rnn_data::TaggedCorpus;
    ///
    /// let dir = tempfile::tempdir()?;
    /// std::fs::write(dir.path().join("en-train.txt"), "The/DET dog/NN\nthe/DET book/NN\n")?;
    /// std::fs::write(dir.path().join("en-dev.txt"), "The/DET book/NN\n")?;
    /// let corpus = TaggedCorpus::open(dir.path())?;
    /// assert_eq!((corpus.train.len(), corpus.dev.len()), (2, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>) -> Result<Self, TaggedError> {
        let path = path.as_ref();
        if !path.is_dir() {
            let train = read_tagged(path)?;
            return Ok(Self {
                train,
                dev: Vec::new(),
            });
        }
        let names = names(path)?;
        let train = find(path, &names, TRAIN)?.ok_or_else(|| TaggedError::MissingFile {
            dir: path.to_owned(),
        })?;
        let dev = find(path, &names, DEV)?;
        Ok(Self {
            train: read_tagged(train)?,
            dev: dev.map_or(Ok(Vec::new()), read_tagged)?,
        })
    }

    /// Sets the last `share` of the training sentences, rounded, aside to judge by, if there are no
    /// others. Below 0 counts as 0, above 1 as 1.
    pub fn with_dev_share(mut self, share: f64) -> Self {
        if self.dev.is_empty() {
            // A cast from NaN gives 0.
            let off = (self.train.len() as f64 * share.clamp(0.0, 1.0)).round() as usize;
            self.dev = self.train.split_off(self.train.len() - off);
        }
        self
    }
}

/// The names in a folder, sorted. One that is not text has no ending that is looked for.
fn names(dir: &Path) -> Result<Vec<String>, TaggedError> {
    let read = || -> std::io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(dir)? {
            names.extend(entry?.file_name().into_string().ok());
        }
        names.sort();
        Ok(names)
    };
    read().map_err(|error| TaggedError::Io {
        path: dir.to_owned(),
        error,
    })
}

/// The file of a split, if there is one.
fn find(dir: &Path, names: &[String], split: &[&str]) -> Result<Option<PathBuf>, TaggedError> {
    for endings in ENDINGS {
        let fits = |name: &&String| {
            split.iter().any(|part| name.contains(part))
                && endings.iter().any(|ending| name.ends_with(ending))
        };
        let found: Vec<PathBuf> = names
            .iter()
            .filter(fits)
            .map(|name| dir.join(name))
            .collect();
        match &found[..] {
            [] => {}
            [only] => return Ok(Some(only.clone())),
            [first, second, ..] => {
                return Err(TaggedError::Ambiguous {
                    first: first.clone(),
                    second: second.clone(),
                });
            }
        }
    }
    Ok(None)
}
