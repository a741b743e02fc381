mod array;
#[cfg(feature = "pytorch")]
mod pytorch;

use std::path::PathBuf;

pub use array::ArrayError;
#[cfg(feature = "pytorch")]
pub use pytorch::PyTorchError;

use super::mismatch::{Mismatch, missing_lines};
use super::shown::line;

/// Why weights can't be read or do not fit.
///
/// Its text says what it knows itself, which for [`Io`](Self::Io) and [`File`](Self::File) is the path
/// of the file; the cause is its [`source`](std::error::Error::source). Print the whole chain, as
/// `anyhow` does by `{error:#}`:
///
/// ```
/// use std::error::Error;
///
/// use rnn_model::StateDict;
///
/// let error = StateDict::read("nowhere.safetensors").expect_err("no such file");
/// let chain = std::iter::successors(Some(&error as &dyn Error), |&error| error.source());
/// let text = chain.map(ToString::to_string).collect::<Vec<_>>().join(": ");
/// assert!(text.starts_with("nowhere.safetensors: "));
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateDictError {
    /// The bytes are not a safetensors file. The reason is in the text and no source, since it repeats
    /// its own.
    #[error("not a safetensors file: {0}")]
    Format(safetensors::SafeTensorError),
    /// A file ends before its tensors do.
    #[error(
        "expected {expected} bytes, as the header says, found {found}: the file is cut, perhaps by a \
         download that broke off"
    )]
    Cut {
        /// The length that its header says.
        expected: u64,
        /// The length.
        found: u64,
    },
    /// A tensor of a type that is not read or written.
    #[error(
        "{name}: expected integers, truth values or floating-point numbers of 16 to 64 bits, found {found}"
    )]
    Type {
        /// The tensor's name.
        name: String,
        /// Its type.
        found: String,
    },
    /// Two tensors have one name.
    #[error("two tensors would be called {0}")]
    Twice(String),
    /// Two entries that should be the same are not.
    #[error("expected {copy} to be the same as {name}, with which it is tied; found other numbers")]
    NotTied {
        /// The one that stays.
        name: String,
        /// The one that should be a copy of it.
        copy: String,
    },
    /// There is nothing to rename.
    #[error("no name begins with {prefix:?}; there are {}", line(names, prefix))]
    NoSuchPrefix {
        /// What names were to begin with.
        prefix: String,
        /// The names.
        names: Vec<String>,
    },
    /// There is no such entry.
    #[error("there is no {name}; there are {}", line(names, name))]
    NoSuchName {
        /// The name.
        name: String,
        /// The names that there are.
        names: Vec<String>,
    },
    /// An entry has not the axes that are asked for.
    #[error("{name}: expected {expected}, found the shape {shape:?}")]
    Axes {
        /// The entry.
        name: String,
        /// What is expected of its shape.
        expected: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// A file is of no format that is read.
    #[error(
        "expected weights (.safetensors, what torch.save or torch.jit.save wrote, .npz or .npy), found \
         {found}"
    )]
    NotWeights {
        /// What it is.
        found: String,
    },
    /// A file holds no tensors.
    #[error("expected tensors with names, found {found}")]
    NoTensors {
        /// What it holds.
        found: String,
    },
    /// A file holds a tensor alone.
    #[error(
        "expected tensors with names, found one without a name, of shape {shape:?}: in Python, give it \
         the one that the model has: torch.save({{\"fc.bias\": tensor}}, …)"
    )]
    NoName {
        /// Its shape.
        shape: Vec<usize>,
    },
    /// There are no entries at all, as after a prefix that no name begins with.
    #[error(
        "the weights do not fit the model: they have no entries; if strip_prefix or keep left none, \
         names() lists those that there were before{}",
        missing_lines(missing)
    )]
    NoEntries {
        /// Names that the module has.
        missing: Vec<String>,
    },
    /// The names, shapes or types are not those of the module.
    #[error("{0}")]
    Mismatch(Box<Mismatch>),
    /// A file is not what `torch.save` writes, damaged, or asks for more than tensors.
    #[cfg(feature = "pytorch")]
    #[error(transparent)]
    PyTorch(#[from] PyTorchError),
    /// The build can't read what `torch.save` and `numpy.savez` write.
    #[cfg(not(feature = "pytorch"))]
    #[error(
        "expected a .safetensors or .npy file, found one of PyTorch or an archive: to read what \
         torch.save, torch.jit.save and numpy.savez write, add the feature pytorch"
    )]
    NoPyTorch,
    /// An array of NumPy is damaged, or not of numbers that are read.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// A file can't be read or written.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A file could be read, and what it holds is wrong; or what is to be written has no place in a file.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<StateDictError>,
    },
}

impl From<safetensors::SafeTensorError> for StateDictError {
    fn from(error: safetensors::SafeTensorError) -> Self {
        Self::Format(error)
    }
}
