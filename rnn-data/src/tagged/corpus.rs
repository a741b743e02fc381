mod files;

use std::path::Path;

use super::{Label, Sentence, TaggedError, read_tagged};
use files::{Part, files};

/// Tagged sentences: a training set, a development set and a test set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaggedCorpus {
    /// The training set.
    pub train: Vec<Sentence>,
    /// The development set, for choices during training; empty if there is none.
    pub dev: Vec<Sentence>,
    /// The test set, for the last evaluation; empty if there is none.
    pub test: Vec<Sentence>,
}

impl TaggedCorpus {
    /// Reads a folder, such as one of Universal Dependencies' treebanks. Or a single file, all of which
    /// is for training.
    ///
    /// A file belongs to a part that its name has as a word of its own: `train`; `dev`, `valid`,
    /// `validation` or `testa`; `test` or `testb`. A name with words of two parts belongs to none. All
    /// files of a part are read, in the order of their names, each in its own format:
    ///
    /// - Those that end in `.conllu`. If there are none in the folder, those that end in `.conll`,
    ///   `.tsv`, `.bio`, `.iob`, `.iob2`, `.txt`, or in the part's word alone (`eng.train`).
    /// - Plain or `.gz` after that. Of files that differ in this or in the ending alone, one is read: the
    ///   plain one, the first ending in this list.
    ///
    /// # Errors
    ///
    /// [`TaggedError::MissingFile`] if a folder has no training file, [`TaggedError::Folder`], and the
    /// errors of [`read_tagged`].
    ///
    /// ```
    /// use rnn_data::{Label, TaggedCorpus};
    ///
    /// let dir = tempfile::tempdir()?;
    /// std::fs::write(dir.path().join("en-train-a.txt"), "The/DET dog/NN\nthe/DET book/NN\n")?;
    /// std::fs::write(dir.path().join("en-train-b.txt"), "read\tV\nit\tPRP\n")?;
    /// std::fs::write(dir.path().join("en-dev.txt"), "The/DET book/NN\n")?;
    /// let corpus = TaggedCorpus::open(dir.path(), Label::Auto)?;
    /// assert_eq!((corpus.train.len(), corpus.dev.len(), corpus.test.len()), (3, 1, 0));
    /// assert_eq!(corpus.train[2].words, ["read", "it"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(path: impl AsRef<Path>, label: Label) -> Result<Self, TaggedError> {
        let path = path.as_ref();
        let train = Self::read_train(path, label)?;
        let optional = |part| match path.is_dir() {
            true => read_all(&files(path, part)?, label),
            false => Ok(Vec::new()),
        };
        Ok(Self {
            train,
            dev: optional(Part::Dev)?,
            test: optional(Part::Test)?,
        })
    }

    /// Reads the sentences to learn from alone.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open).
    ///
    /// ```
    /// use rnn_data::{Label, TaggedCorpus};
    ///
    /// let dir = tempfile::tempdir()?;
    /// std::fs::write(dir.path().join("eng.train"), "Eva NNP B-PER\nsat VBD O\n")?;
    /// let train = TaggedCorpus::read_train(dir.path(), Label::Auto)?;
    /// assert_eq!(train[0].tags, ["B-PER", "O"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_train(path: impl AsRef<Path>, label: Label) -> Result<Vec<Sentence>, TaggedError> {
        read_part(path.as_ref(), Part::Train, label)
    }

    /// Reads the development set alone: a folder's, or all of a file.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open), and [`TaggedError::MissingFile`] if a folder has no such file.
    ///
    /// ```
    /// use rnn_data::{Label, TaggedCorpus};
    ///
    /// let dir = tempfile::tempdir()?;
    /// std::fs::write(dir.path().join("eng.testa"), "Go VB O\n")?;
    /// let dev = TaggedCorpus::read_dev(dir.path(), "2".parse()?)?;
    /// assert_eq!(dev[0].tags, ["VB"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_dev(path: impl AsRef<Path>, label: Label) -> Result<Vec<Sentence>, TaggedError> {
        read_part(path.as_ref(), Part::Dev, label)
    }

    /// Reads the test set alone: a folder's, or all of a file.
    ///
    /// # Errors
    ///
    /// Those of [`open`](Self::open), and [`TaggedError::MissingFile`] if a folder has no such file.
    ///
    /// ```
    /// use rnn_data::{Label, TaggedCorpus};
    ///
    /// let dir = tempfile::tempdir()?;
    /// std::fs::write(dir.path().join("eng.testb"), "Go VB O\n")?;
    /// let test = TaggedCorpus::read_test(dir.path(), "2".parse()?)?;
    /// assert_eq!(test[0].tags, ["VB"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_test(path: impl AsRef<Path>, label: Label) -> Result<Vec<Sentence>, TaggedError> {
        read_part(path.as_ref(), Part::Test, label)
    }

    /// Sets the last `share` of the training sentences aside as the development set, if there is none:
    /// rounded, and of two sentences or more at least one unless it is 0. Below 0 counts as 0, above 1 as 1.
    ///
    /// ```
    /// use rnn_data::{Label, TaggedCorpus, parse_tagged};
    ///
    /// let train = parse_tagged("a/X\nb/X\nc/X\nd/X", Label::Auto)?;
    /// let corpus = TaggedCorpus { train, ..TaggedCorpus::default() }.with_dev_share(0.25);
    /// assert_eq!((corpus.train.len(), corpus.dev[0].words.join(" ")), (3, "d".to_owned()));
    /// # Ok::<(), rnn_data::TaggedError>(())
    /// ```
    pub fn with_dev_share(mut self, share: f64) -> Self {
        if self.dev.is_empty() {
            // A cast from NaN gives 0.
            let off = (self.train.len() as f64 * share.clamp(0.0, 1.0)).round() as usize;
            let least = usize::from(share > 0.0 && self.train.len() > 1);
            let off = off.max(least);
            self.dev = self.train.split_off(self.train.len() - off);
        }
        self
    }
}

fn read_part(path: &Path, part: Part, label: Label) -> Result<Vec<Sentence>, TaggedError> {
    if !path.is_dir() {
        return read_tagged(path, label);
    }
    let files = files(path, part)?;
    if files.is_empty() {
        return Err(TaggedError::MissingFile {
            dir: path.to_owned(),
            words: part.words(),
        });
    }
    read_all(&files, label)
}

fn read_all(files: &[impl AsRef<Path>], label: Label) -> Result<Vec<Sentence>, TaggedError> {
    let mut sentences = Vec::new();
    for file in files {
        sentences.extend(read_tagged(file, label)?);
    }
    Ok(sentences)
}
