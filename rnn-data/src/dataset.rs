//! Datasets by name: found where systems and other programs keep them, or downloaded.
//!
//! [`Dataset::find`] looks into folders and never asks the network. [`Dataset::find_or_fetch`] also
//! downloads what is found nowhere, if the crate has its feature `download`: into the user's cache, from
//! the first mirror that has it, checked by SHA-256.
//!
//! ```no_run
//! use rnn_data::Mnist;
//! use rnn_data::dataset::{Dataset, Options};
//!
//! let folder = Dataset::mnist().find_or_fetch(&Options::default(), &mut |_| {})?;
//! let mnist = Mnist::open(folder)?;
//! assert_eq!(mnist.train.len(), 60_000);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A dataset is looked for, in this order:
//!
//! - by its name, or another spelling of it, in the folder `$RNN_DATA`, in `data` in the working
//!   directory, and in `/usr/share/datasets`, where Debian's packages put datasets;
//! - where torchvision puts it (`MNIST/raw`, `FashionMNIST/raw`), in the same three folders;
//! - in the cache: by its name in `$RNN_CACHE`, or else in `rnn` in the platform's folder for caches
//!   (`~/.cache` on Linux, `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows).
//!
//! A folder counts if it holds all files of the dataset.

mod catalogue;
mod error;
mod options;
mod places;

#[cfg(feature = "download")]
mod check;
#[cfg(feature = "download")]
mod fetch;
#[cfg(feature = "download")]
mod http;
#[cfg(feature = "download")]
mod mirrors;

use std::path::PathBuf;

pub use error::{FetchError, MirrorError, Missing, Place};
pub use options::{Options, Progress};

/// A dataset: its files, the folders in which it may be, and where it is downloaded from.
///
/// Those that are known are made by [`Dataset::named`], or by functions such as [`Dataset::mnist`]. Yours
/// has the same fields:
///
/// ```
/// use rnn_data::dataset::{Compression, Dataset, Options, RemoteFile};
///
/// let words = Dataset {
///     name: "words".to_owned(),
///     folders: vec!["dict/words".to_owned()],
///     files: vec![RemoteFile {
///         name: "words.txt".to_owned(),
///         other_names: vec![],
///         compression: Compression::None,
///         sha256: "9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0".to_owned(),
///         max_bytes: 1_000_000,
///     }],
///     mirrors: vec!["https://data.example.org/words/".to_owned()],
/// };
///
/// let data = tempfile::tempdir()?;
/// let options = Options {
///     roots: vec![data.path().to_owned()],
///     cache: Some(data.path().join("cache")),
///     ..Options::default()
/// };
/// let message = words.find(&options).unwrap_err().to_string();
/// assert!(message.contains("words.txt from https://data.example.org/words/"));
///
/// std::fs::create_dir_all(data.path().join("dict/words"))?;
/// std::fs::write(data.path().join("dict/words/words.txt"), "aaa")?;
/// assert_eq!(words.find(&options)?, data.path().join("dict/words"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Its name, which is that of its folder too.
    pub name: String,
    /// Other folders in which it may be, relative to those of [`Options::roots`].
    pub folders: Vec<String>,
    /// Its files.
    pub files: Vec<RemoteFile>,
    /// Where it is downloaded from, the first that works: URLs to which a file's name is appended.
    pub mirrors: Vec<String>,
}

/// A file of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its name at the mirrors and in the cache.
    pub name: String,
    /// Names under which it will do as well where it is found.
    pub other_names: Vec<String>,
    /// Whether mirrors have it compressed. It is kept as it comes.
    pub compression: Compression,
    /// SHA-256 of the decompressed content, as hexadecimal digits.
    pub sha256: String,
    /// No more bytes than these are downloaded, nor decompressed to check the content.
    pub max_bytes: u64,
}

/// How mirrors have a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// As it is.
    None,
    /// In gzip.
    Gzip,
}

impl Dataset {
    /// The folder that holds the dataset, of those that the [module](self) names. What is in the files is
    /// not looked at.
    ///
    /// # Errors
    ///
    /// [`FetchError::NotFound`], which says where it was looked for, and which files to put where.
    pub fn find(&self, options: &Options) -> Result<PathBuf, FetchError> {
        places::find(self, options)
    }

    /// The folder that holds the dataset, which is downloaded if it is found nowhere.
    ///
    /// Without the feature `download` it is not, and this is [`Dataset::find`]. For `progress`, see
    /// [`Progress`]; `&mut |_| {}` ignores it.
    ///
    /// # Errors
    ///
    /// Those of [`Dataset::find`] without the feature `download`, and of `Dataset::fetch` with it.
    pub fn find_or_fetch(
        &self,
        options: &Options,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<PathBuf, FetchError> {
        #[cfg(feature = "download")]
        match self.find(options) {
            Err(FetchError::NotFound(_)) => self.fetch(options, progress),
            found => found,
        }
        #[cfg(not(feature = "download"))]
        {
            let _ = progress;
            self.find(options)
        }
    }

    /// Downloads into the cache what is missing there, and gives the dataset's folder in it.
    ///
    /// A file comes from the first mirror that has it. What has arrived is kept in a file whose name ends
    /// in `.part`, from which a download that was cut goes on: after a pause, from the next mirror, or
    /// when the program is run again. A file gets its name when its content has the right sum, so that
    /// there is never a part under it. Of several processes, one downloads; the others wait for it.
    ///
    /// A proxy is taken from the environment: the first that is set of `ALL_PROXY`, `HTTPS_PROXY` and
    /// `HTTP_PROXY`, but for the hosts in `NO_PROXY` and this machine itself (`localhost`, `127.0.0.1`,
    /// `[::1]`).
    ///
    /// # Errors
    ///
    /// [`FetchError::Download`] with what each mirror answered, [`FetchError::Offline`] if something is
    /// missing and [`Options::offline`] is set, [`FetchError::NoCache`], [`FetchError::Name`], and
    /// [`FetchError::Io`] if the cache cannot be written.
    #[cfg(feature = "download")]
    pub fn fetch(
        &self,
        options: &Options,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<PathBuf, FetchError> {
        fetch::fetch(self, options, progress)
    }
}

/// The folder that holds the dataset called `name`: [`Dataset::named`], then [`Dataset::find`] with the
/// default options.
///
/// # Errors
///
/// [`FetchError::Unknown`] and [`FetchError::NotFound`].
pub fn find_dataset(name: &str) -> Result<PathBuf, FetchError> {
    Dataset::named(name)?.find(&Options::default())
}
