use std::fmt;
#[cfg(feature = "pytorch")]
use std::path::PathBuf;

/// Why weights can't be read or do not fit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StateDictError {
    /// The bytes are not a safetensors file.
    #[error("not a safetensors file: {0}")]
    Format(safetensors::SafeTensorError),
    /// A tensor of a type that is not read or written.
    #[error("{name}: the tensor is of type {found}, which is not supported")]
    Type {
        /// The tensor's name.
        name: String,
        /// Its type.
        found: String,
    },
    /// Renaming gives two tensors one name.
    #[error("two tensors would be called {0}")]
    Twice(String),
    /// The names, shapes or types are not those of the module.
    #[error("{0}")]
    Mismatch(Mismatch),
    /// A file can't be read.
    #[cfg(feature = "pytorch")]
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        error: std::io::Error,
    },
    /// A file is not what `torch.save` writes, or damaged.
    #[cfg(feature = "pytorch")]
    #[error("{}: {error}", path.display())]
    PyTorch {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: pytorch_reader::PytorchError,
    },
    /// A pickle asks for an object that is no tensor.
    #[cfg(feature = "pytorch")]
    #[error(
        "{}: {place} asks for {object}; expected tensors, numbers, texts, and lists and \
         dictionaries of these, of which nothing is executed",
        path.display()
    )]
    Object {
        /// The file.
        path: PathBuf,
        /// Where in the pickle: keys with dots between them.
        place: String,
        /// The class or function that it names.
        object: String,
    },
    /// A file could be read, and what it holds is wrong.
    #[cfg(feature = "pytorch")]
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: Box<StateDictError>,
    },
}

impl From<safetensors::SafeTensorError> for StateDictError {
    fn from(error: safetensors::SafeTensorError) -> Self {
        Self::Format(error)
    }
}

/// Every difference between a [`StateDict`](crate::StateDict) and a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// Names that the module has and the dictionary lacks.
    pub missing: Vec<String>,
    /// Names that the dictionary has and the module lacks.
    pub unexpected: Vec<String>,
    /// Names whose shapes differ: name, expected, found.
    pub shapes: Vec<(String, Vec<usize>, Vec<usize>)>,
    /// Names whose numbers are not floating-point: name, found.
    pub types: Vec<(String, String)>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the weights do not fit the model:")?;
        for name in &self.missing {
            write!(f, "\n  missing: {name}")?;
        }
        for name in &self.unexpected {
            write!(f, "\n  unexpected: {name}")?;
        }
        for (name, expected, found) in &self.shapes {
            write!(
                f,
                "\n  shape of {name}: expected {expected:?}, found {found:?}"
            )?;
        }
        for (name, found) in &self.types {
            write!(
                f,
                "\n  type of {name}: expected floating-point numbers, found {found}"
            )?;
        }
        Ok(())
    }
}
