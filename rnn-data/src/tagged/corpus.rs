use std::fs;
use std::path::{Path, PathBuf};

use super::{Sentence, TaggedError, read_tagged};

/// Tagged sentences: a training set and a development set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaggedCorpus {
    /// The training set.
    pub train: Vec<Sentence>,
    /// The development set, for evaluation; empty if there is none.
    pub dev: Vec<Sentence>,
}

/// One of a corpus's files.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Split {
    Train,
    Dev,
}

/// The endings that are looked for, the preferred first: treebanks come with their raw text beside
/// them, as `.txt`.
const ENDINGS: [[&str; 2]; 2] = [[".conllu", ".conllu.gz"], [".txt", ".txt.gz"]];

impl Split {
    const BOTH: [Self; 2] = [Self::Train, Self::Dev];

    /// What a file's name has in it, as a word of its own.
    const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Train => &["train"],
            Self::Dev => &["dev", "valid", "validation"],
        }
    }

    fn is_in(self, name: &str) -> bool {
        name.split(|c: char| !c.is_alphanumeric())
            .any(|word| self.words().contains(&word))
    }

    /// The one split that a file belongs to.
    fn of(name: &str) -> Option<Self> {
        match Self::BOTH.map(|split| split.is_in(name)) {
            [true, false] => Some(Self::Train),
            [false, true] => Some(Self::Dev),
            _ => None,
        }
    }
}

impl TaggedCorpus {
    /// Reads a folder, such as one of Universal Dependencies' treebanks: the file with the word `train`
    /// in its name, and the one with `dev`, `valid` or `validation` if there is one, ending in
    /// `.conllu` (or else `.txt`), plain or `.gz`. Or a single file, all of which is for training.
    ///
    /// # Errors
    ///
    /// [`TaggedError::MissingFile`] if a folder has no training file, [`TaggedError::Ambiguous`] if it
    /// has two of a kind, [`TaggedError::Folder`], and the errors of [`read_tagged`].
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
        let train = Self::read_train(path)?;
        let dev = match path.is_dir() {
            true => find(path, Split::Dev)?,
            false => None,
        };
        let dev = dev.map_or(Ok(Vec::new()), read_tagged)?;
        Ok(Self { train, dev })
    }

    /// Reads the sentences to learn from alone.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    pub fn read_train(path: impl AsRef<Path>) -> Result<Vec<Sentence>, TaggedError> {
        read_split(path.as_ref(), Split::Train)
    }

    /// Reads the development set alone: a folder's, or all of a file.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open), and [`TaggedError::MissingFile`] if a folder has no such file.
    pub fn read_dev(path: impl AsRef<Path>) -> Result<Vec<Sentence>, TaggedError> {
        read_split(path.as_ref(), Split::Dev)
    }

    /// Sets the last `share` of the training sentences, rounded, aside as the development set, if
    /// there is none. Below 0 counts as 0, above 1 as 1.
    pub fn with_dev_share(mut self, share: f64) -> Self {
        if self.dev.is_empty() {
            // A cast from NaN gives 0.
            let off = (self.train.len() as f64 * share.clamp(0.0, 1.0)).round() as usize;
            self.dev = self.train.split_off(self.train.len() - off);
        }
        self
    }
}

fn read_split(path: &Path, split: Split) -> Result<Vec<Sentence>, TaggedError> {
    if !path.is_dir() {
        return read_tagged(path);
    }
    let file = find(path, split)?.ok_or_else(|| TaggedError::MissingFile {
        dir: path.to_owned(),
        words: split.words(),
    })?;
    read_tagged(file)
}

/// The file of a split, if there is one.
fn find(dir: &Path, split: Split) -> Result<Option<PathBuf>, TaggedError> {
    let names = names(dir)?;
    for endings in ENDINGS {
        let of_kind = || {
            let fits = |name: &&String| endings.iter().any(|ending| name.ends_with(ending));
            names.iter().filter(fits)
        };
        let found: Vec<PathBuf> = of_kind()
            .filter(|name| Split::of(name) == Some(split))
            .map(|name| dir.join(name))
            .collect();
        if let [first, second, ..] = &found[..] {
            return Err(TaggedError::Ambiguous {
                first: first.clone(),
                second: second.clone(),
            });
        }
        // Where one split has this ending, so has the other: the next may be raw text.
        if of_kind().any(|name| Split::of(name).is_some()) {
            return Ok(found.into_iter().next());
        }
    }
    Ok(None)
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
    read().map_err(|source| TaggedError::Folder {
        dir: dir.to_owned(),
        source,
    })
}
