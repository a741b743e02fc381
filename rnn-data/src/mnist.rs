//! The four files of MNIST, and of data sets in the same format (Fashion-MNIST, KMNIST, EMNIST, …).

use std::fs;
use std::path::{Path, PathBuf};

use crate::{DatasetError, Idx, IdxData, ImageSet};

/// Training and test pictures, of ten classes or up to 256.
///
/// ```
/// use rnn_data::{Mnist, Strokes};
///
/// let dir = tempfile::tempdir()?;
/// Strokes::new(1).mnist(20, 10)?.write(dir.path(), true)?;
/// // Four files, as MNIST is handed out: train-images-idx3-ubyte.gz and so on.
/// let mnist = Mnist::open(dir.path())?;
/// assert_eq!((mnist.train.len(), mnist.test.len()), (20, 10));
/// assert_eq!((mnist.train.rows(), mnist.train.cols()), (28, 28));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mnist {
    /// The training set: 60,000 pictures in MNIST.
    pub train: ImageSet,
    /// The test set: 10,000 pictures in MNIST.
    pub test: ImageSet,
}

/// Where in the folder given to [`Mnist::open`] the files may be. The latter ones are torchvision's:
/// its `root` holds `MNIST/raw`.
const FOLDERS: [&str; 4] = ["", "MNIST/raw", "FashionMNIST/raw", "raw"];

/// The names of the files without their endings: split, and kind with the rank of its arrays.
const TRAIN: &str = "train";
const TEST: &str = "t10k";
const IMAGES: &str = "images-idx3-ubyte";
const LABELS: &str = "labels-idx1-ubyte";

impl Mnist {
    /// How many classes there are at least: the digits, or kinds of clothing.
    pub const NUM_CLASSES: usize = 10;

    /// A data set of these two parts.
    ///
    /// # Errors
    ///
    /// [`DatasetError::Size`] if the pictures differ in size.
    pub fn new(train: ImageSet, test: ImageSet) -> Result<Self, DatasetError> {
        let [expected, found] = [&train, &test].map(|set| [set.rows(), set.cols()]);
        if expected != found {
            return Err(DatasetError::Size { expected, found });
        }
        Ok(Self { train, test })
    }

    /// Reads a data set from a folder with the four files `train-images-idx3-ubyte`,
    /// `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`.
    ///
    /// Each may end in `.gz`, and may be spelt with a dot (`train-images.idx3-ubyte`); what is
    /// compressed is told by the content. Of several spellings, the plain one with the dash goes
    /// first. torchvision's root folder will do as well: the files are looked for in `dir`, then
    /// `dir/MNIST/raw`, `dir/FashionMNIST/raw` and `dir/raw`, and the first folder with any of them
    /// is the one that is read.
    ///
    /// There are ten classes ([`Mnist::NUM_CLASSES`]) or, if a label of either part is beyond, one more
    /// than the largest label: 27 in EMNIST's letters, whose labels are 1 to 26.
    ///
    /// # Errors
    ///
    /// [`DatasetError::NoFolder`] and [`DatasetError::MissingFile`] say what was looked for and
    /// where; [`DatasetError::Idx`] and [`DatasetError::Files`] name the files that are wrong.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, DatasetError> {
        let folders = folders(dir.as_ref(), &[TRAIN, TEST])?;
        let train = Files::find(&folders, TRAIN)?;
        let test = Files::find(&folders, TEST)?;
        let (train_arrays, test_arrays) = (train.read()?, test.read()?);
        let num_classes = train_arrays.num_classes().max(test_arrays.num_classes());
        Self::new(
            train.set(train_arrays, num_classes)?,
            test.set(test_arrays, num_classes)?,
        )
        .map_err(in_files(&train.images, &test.images))
    }

    /// Reads the test set alone, from a folder as [`Mnist::open`] takes it, in which the two `t10k` files
    /// are enough.
    ///
    /// The number of classes goes by the labels of the test set; for another number, for instance that
    /// of a network, see [`ImageSet::with_num_classes`].
    ///
    /// ```
    /// use rnn_data::{Mnist, Strokes};
    ///
    /// let dir = tempfile::tempdir()?;
    /// Strokes::new(1).mnist(20, 10)?.write(dir.path(), false)?;
    /// std::fs::remove_file(dir.path().join("train-images-idx3-ubyte"))?;
    /// assert_eq!(Mnist::open_test(dir.path())?.len(), 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`Mnist::open`].
    pub fn open_test(dir: impl AsRef<Path>) -> Result<ImageSet, DatasetError> {
        let test = Files::find(&folders(dir.as_ref(), &[TEST])?, TEST)?;
        let arrays = test.read()?;
        let num_classes = arrays.num_classes();
        test.set(arrays, num_classes)
    }

    /// Writes the four files, with `.gz` at the end of their names if `gzip` is set, into a folder,
    /// which is made if it is not there. Files of the same names are replaced.
    ///
    /// # Errors
    ///
    /// [`DatasetError::CreateFolder`] and [`DatasetError::Idx`] if that fails, and
    /// [`DatasetError::Shadowed`], before anything is written, if [`Mnist::open`] would read an
    /// uncompressed file that is already there rather than the compressed one.
    pub fn write(&self, dir: impl AsRef<Path>, gzip: bool) -> Result<(), DatasetError> {
        let dir = dir.as_ref();
        fs::create_dir_all(dir).map_err(|source| DatasetError::CreateFolder {
            dir: dir.to_owned(),
            source,
        })?;
        if gzip {
            for (split, kind) in all_files() {
                let [plain, dotted, ..] = spellings(split, kind).map(|name| dir.join(name));
                if let Some(path) = [plain, dotted].into_iter().find(|path| path.exists()) {
                    return Err(DatasetError::Shadowed { path });
                }
            }
        }
        for (split, set) in [(TRAIN, &self.train), (TEST, &self.test)] {
            let (images, labels) = set.to_idx()?;
            for (kind, idx) in [(IMAGES, images), (LABELS, labels)] {
                let [plain, _, compressed, _] = spellings(split, kind);
                if gzip {
                    idx.write_gzip(dir.join(compressed))?;
                } else {
                    idx.write(dir.join(plain))?;
                }
            }
        }
        Ok(())
    }
}

pub(crate) fn all_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    [TRAIN, TEST]
        .into_iter()
        .flat_map(|split| [IMAGES, LABELS].map(|kind| (split, kind)))
}

/// The names a file may have, the preferred one first.
pub(crate) fn spellings(split: &str, kind: &str) -> [String; 4] {
    let dash = format!("{split}-{kind}");
    let dot = format!("{split}-{}", kind.replacen('-', ".", 1));
    let [dash_gz, dot_gz] = [&dash, &dot].map(|name| format!("{name}.gz"));
    [dash, dot, dash_gz, dot_gz]
}

/// The folders to look into for the files of these parts, which is one if any of them has one: files of
/// two data sets are never mixed.
fn folders(dir: &Path, splits: &[&str]) -> Result<Vec<PathBuf>, DatasetError> {
    if !dir.is_dir() {
        return Err(DatasetError::NoFolder {
            dir: dir.to_owned(),
        });
    }
    let has_any = |folder: &PathBuf| {
        let files = all_files().filter(|(split, _)| splits.contains(split));
        files
            .flat_map(|(split, kind)| spellings(split, kind))
            .any(|name| folder.join(name).is_file())
    };
    let mut folders = FOLDERS.map(|folder| dir.join(folder)).to_vec();
    if let Some(first) = folders.iter().position(has_any) {
        folders = vec![folders.swap_remove(first)];
    }
    Ok(folders)
}

fn find(folders: &[PathBuf], split: &str, kind: &str) -> Result<PathBuf, DatasetError> {
    let names = spellings(split, kind);
    folders
        .iter()
        .flat_map(|folder| names.iter().map(|name| folder.join(name)))
        .find(|path| path.is_file())
        .ok_or_else(|| DatasetError::MissingFile {
            dirs: folders.to_vec(),
            names: names.to_vec(),
        })
}

/// The two files of a part.
struct Files {
    images: PathBuf,
    labels: PathBuf,
}

/// What is in them.
struct Arrays {
    images: Idx,
    labels: Idx,
}

impl Files {
    fn find(folders: &[PathBuf], split: &str) -> Result<Self, DatasetError> {
        Ok(Self {
            images: find(folders, split, IMAGES)?,
            labels: find(folders, split, LABELS)?,
        })
    }

    fn read(&self) -> Result<Arrays, DatasetError> {
        Ok(Arrays {
            images: Idx::read(&self.images)?,
            labels: Idx::read(&self.labels)?,
        })
    }

    fn set(&self, arrays: Arrays, num_classes: usize) -> Result<ImageSet, DatasetError> {
        ImageSet::from_idx(arrays.images, arrays.labels, num_classes)
            .map_err(in_files(&self.images, &self.labels))
    }
}

impl Arrays {
    /// How many classes the labels need, at least ten.
    fn num_classes(&self) -> usize {
        let largest = match self.labels.data() {
            IdxData::U8(labels) => labels.iter().max(),
            _ => None,
        };
        largest
            .map_or(0, |&label| usize::from(label) + 1)
            .max(Mnist::NUM_CLASSES)
    }
}

fn in_files(first: &Path, second: &Path) -> impl FnOnce(DatasetError) -> DatasetError {
    move |error| DatasetError::Files {
        first: first.to_owned(),
        second: second.to_owned(),
        source: Box::new(error),
    }
}
