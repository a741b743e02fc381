use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, Write};
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
        Read::by_ref(&mut file)
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
            match Self::from_safetensors(&bytes) {
                // After its length, in 8 bytes, the header of a safetensors file is an object of JSON.
                Err(StateDictError::Format(_)) if bytes.get(8) != Some(&b'{') => {
                    Err(StateDictError::UnknownFormat)
                }
                read => read,
            }
        };
        read.map_err(|error| StateDictError::File {
            path: path.to_owned(),
            source: Box::new(error),
        })
    }

    /// Writes a `.safetensors` file, whole or not at all: the bytes go to a temporary file in the same
    /// folder, are synced, and take the name, so that a reader finds the old file or the new one, never a
    /// part.
    ///
    /// # Errors
    ///
    /// As [`to_safetensors`](Self::to_safetensors), or if the system refuses; nothing is left then but
    /// what was there before. All errors name the file.
    ///
    /// ```
    /// use rnn_model::{LstmConfig, StateDict};
    /// # let device = Default::default();
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("lstm.safetensors");
    /// let lstm = LstmConfig::new(28, 128).init(&device);
    /// StateDict::of(&lstm).write(&path)?;
    /// let lstm = StateDict::read(&path)?.load_into(lstm)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn write(&self, path: impl AsRef<Path>) -> Result<(), StateDictError> {
        let path = path.as_ref();
        let bytes = self
            .to_safetensors()
            .map_err(|error| StateDictError::File {
                path: path.to_owned(),
                source: Box::new(error),
            })?;
        write_whole(path, &bytes).map_err(|source| StateDictError::Io {
            path: path.to_owned(),
            source,
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

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let folder = parent.unwrap_or(Path::new("."));
    // Opened here, so that it gets the permissions that any new file gets: those of a temporary file
    // would let nobody but its owner read it.
    let open = |path: &Path| OpenOptions::new().write(true).create_new(true).open(path);
    // An error removes the temporary file, by dropping it.
    let mut temporary = tempfile::Builder::new()
        .prefix(".")
        .suffix(".rnn-tmp")
        .make_in(folder, open)?;
    temporary.as_file_mut().write_all(bytes)?;
    // Without this, a power cut after the rename could leave the name with no content.
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|error| error.error)?;
    // Without this, a power cut could undo the rename. Not all systems can open a folder to sync it.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}
