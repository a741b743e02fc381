use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use super::error::StateDictError;
use super::state_dict::StateDict;

impl StateDict {
    /// Reads a file of weights: `.safetensors`, or (with the feature `pytorch`) what `torch.save` wrote
    /// (`.pt`, `.pth`). The content tells which, not the name.
    ///
    /// What `torch.save` wrote is a state dict, or a checkpoint with one in it: what lies in a dictionary
    /// in a dictionary has a dot in its name. `{"model": {"fc.bias": …}}` gives `model.fc.bias`, and
    /// [`strip_prefix`](Self::strip_prefix) cuts out what is wanted. Beside tensors there may be numbers,
    /// texts, and lists and dictionaries of them, which are left out. Nothing is executed, and a pickle
    /// that so much as names another object is refused by that name.
    ///
    /// # Errors
    ///
    /// If the file can't be read, is neither, is damaged, gives two tensors one name, or its pickle names
    /// an object. All errors name the file.
    ///
    /// ```no_run
    /// use rnn_model::{LstmConfig, StateDict};
    /// # let device = Default::default();
    /// let weights = StateDict::read("checkpoint.pt")?;
    /// let weights = weights.strip_prefix("model.encoder.lstm.");
    /// let lstm = weights.load_into(LstmConfig::new(28, 128).init(&device))?;
    /// # Ok::<(), rnn_model::StateDictError>(())
    /// ```
    pub fn read(path: impl AsRef<Path>) -> Result<Self, StateDictError> {
        let path = path.as_ref();
        let io_error = |source: io::Error| StateDictError::Io {
            path: path.to_owned(),
            source,
        };
        let mut file = File::open(path).map_err(io_error)?;
        let mut start = Vec::new();
        file.by_ref()
            .take(4)
            .read_to_end(&mut start)
            .map_err(io_error)?;
        file.rewind().map_err(io_error)?;
        let read = if start.starts_with(b"PK") {
            let length = file.metadata().map_err(io_error)?.len();
            Self::from_zip(file, length)
        } else {
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).map_err(io_error)?;
            Self::from_safetensors(&bytes)
        };
        read.map_err(|error| StateDictError::File {
            path: path.to_owned(),
            source: Box::new(error),
        })
    }

    #[cfg(feature = "pytorch")]
    fn from_zip(file: File, length: u64) -> Result<Self, StateDictError> {
        Self::from_pytorch(io::BufReader::new(file), length)
    }

    #[cfg(not(feature = "pytorch"))]
    fn from_zip(_: File, _: u64) -> Result<Self, StateDictError> {
        Err(StateDictError::NoPyTorch)
    }
}
