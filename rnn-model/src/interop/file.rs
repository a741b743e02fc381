use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::Path;

#[cfg(feature = "pytorch")]
use super::archive::Archive;
use super::error::StateDictError;
use super::format::{Beginning, FileFormat, START};
use super::listing::{Listing, TensorInfo};
use super::state_dict::StateDict;
use super::{numpy, safetensors};

impl StateDict {
    /// Reads a file of weights: `.safetensors`, `.npy`, or (with the feature `pytorch`) what `torch.save`
    /// (before PyTorch 1.6 and since) or `torch.jit.save` wrote (`.pt`, `.pth`, `.jit`), or `.npz`. The content tells which,
    /// not the name.
    ///
    /// What `torch.save` wrote is a state dict, or a checkpoint with one in it: what lies in a dictionary
    /// in a dictionary has a dot in its name. `{"model": {"fc.bias": …}}` gives `model.fc.bias`, and
    /// [`strip_prefix`](Self::strip_prefix) cuts out what is wanted. Beside tensors there may be numbers,
    /// texts, lists and dictionaries of them, NumPy's arrays and numbers, paths, dates, and the flags of
    /// `argparse`, which are left out. Nothing is executed, and a pickle that so much as names another object
    /// is refused by that name.
    ///
    /// Of a TorchScript archive the parameters, buffers and constants are read, and no code. An array in
    /// `.npz` has its own name, one in `.npy` the file's.
    ///
    /// # Errors
    ///
    /// If the file can't be read, is something else, is damaged, holds no tensors or such as are not read
    /// (quantised, sparse, complex), gives two tensors one name, or its pickle names an object. All errors
    /// name the file.
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
        Self::read_where(path, |_| true)
    }

    /// Reads those entries of a file whose names `is_wanted`; the others cost no memory, and may be of types
    /// that are not read. [`Listing::read`] gives the names.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// ```no_run
    /// use rnn_model::StateDict;
    /// let encoder = StateDict::read_where("model.pt", |name| name.starts_with("encoder."))?;
    /// # Ok::<(), rnn_model::StateDictError>(())
    /// ```
    pub fn read_where(
        path: impl AsRef<Path>,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Result<Self, StateDictError> {
        let path = path.as_ref();
        open(path, |found| match found {
            Found::Safetensors(mut file, _) => {
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).map_err(io_error(path))?;
                safetensors::read(&bytes, is_wanted)
            }
            Found::Npy(file, length) => {
                let mut array = numpy::read_array(file, length, path)?;
                array.tensors.retain(|name, _| is_wanted(name));
                Ok(array)
            }
            #[cfg(feature = "pytorch")]
            Found::PyTorchLegacy(file, length) => {
                super::pytorch::read_legacy(file, length, is_wanted)
            }
            #[cfg(feature = "pytorch")]
            Found::PyTorch(archive, root) => super::pytorch::read_zipped(archive, root, is_wanted),
            #[cfg(feature = "pytorch")]
            Found::Npz(archive) => numpy::read_archive(archive, is_wanted),
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
}

impl Listing {
    /// Reads what a file of weights holds, of all that [`StateDict::read`] reads, without the numbers.
    ///
    /// # Errors
    ///
    /// As [`StateDict::read`]; but tensors of numbers that are not read are listed with the others.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, StateDictError> {
        let path = path.as_ref();
        open(path, |found| match found {
            Found::Safetensors(mut file, length) => {
                let found = safetensors::list(&mut file, length).map_err(io_error(path))??;
                let tensors = found
                    .into_iter()
                    .map(|(name, dtype, shape, bytes)| TensorInfo {
                        name,
                        shape,
                        dtype,
                        bytes,
                    });
                Ok(Self::new(FileFormat::Safetensors, tensors.collect()))
            }
            Found::Npy(file, length) => numpy::list_array(file, length, path),
            #[cfg(feature = "pytorch")]
            Found::PyTorchLegacy(file, length) => super::pytorch::list_legacy(file, length),
            #[cfg(feature = "pytorch")]
            Found::PyTorch(archive, root) => super::pytorch::list_zipped(archive, root),
            #[cfg(feature = "pytorch")]
            Found::Npz(archive) => numpy::list_archive(archive),
        })
    }
}

fn io_error(path: &Path) -> impl Fn(io::Error) -> StateDictError {
    let path = path.to_owned();
    move |source| StateDictError::Io {
        path: path.clone(),
        source,
    }
}

/// An open file of weights, most with their length in bytes.
enum Found {
    Safetensors(BufReader<File>, u64),
    Npy(BufReader<File>, u64),
    #[cfg(feature = "pytorch")]
    PyTorchLegacy(BufReader<File>, u64),
    /// With the folder in the archive that it lies in.
    #[cfg(feature = "pytorch")]
    PyTorch(Archive<BufReader<File>>, String),
    #[cfg(feature = "pytorch")]
    Npz(Archive<BufReader<File>>),
}

impl Found {
    /// What a file is that begins so.
    fn of(file: File, length: u64, beginning: Beginning) -> Result<Self, StateDictError> {
        let file = BufReader::new(file);
        match beginning {
            Beginning::Safetensors => Ok(Self::Safetensors(file, length)),
            Beginning::Npy => Ok(Self::Npy(file, length)),
            #[cfg(feature = "pytorch")]
            Beginning::PyTorchLegacy => Ok(Self::PyTorchLegacy(file, length)),
            #[cfg(feature = "pytorch")]
            Beginning::Zip => {
                let archive = Archive::open(file, length)?;
                match super::pytorch::root(&archive) {
                    Some(root) => Ok(Self::PyTorch(archive, root)),
                    None if numpy::is_npz(&archive) => Ok(Self::Npz(archive)),
                    None => Err(other_archive(&archive)),
                }
            }
            #[cfg(not(feature = "pytorch"))]
            Beginning::PyTorchLegacy | Beginning::Zip => Err(StateDictError::NoPyTorch),
        }
    }
}

/// Opens a file, tells what it is, and gives it to `read`. Errors name the file.
fn open<T>(
    path: &Path,
    read: impl FnOnce(Found) -> Result<T, StateDictError>,
) -> Result<T, StateDictError> {
    let io_error = io_error(path);
    if path.is_dir() {
        return Err(StateDictError::File {
            path: path.to_owned(),
            source: Box::new(StateDictError::NotWeights {
                found: folder(path),
            }),
        });
    }
    let mut file = File::open(path).map_err(&io_error)?;
    let mut start = Vec::new();
    Read::by_ref(&mut file)
        .take(START as u64)
        .read_to_end(&mut start)
        .map_err(&io_error)?;
    file.rewind().map_err(&io_error)?;
    let length = file.metadata().map_err(&io_error)?.len();
    let found = Beginning::of(&start);
    let found = found.and_then(|beginning| Found::of(file, length, beginning));
    found.and_then(read).map_err(|error| match error {
        error @ StateDictError::Io { .. } => error,
        error => StateDictError::File {
            path: path.to_owned(),
            source: Box::new(error),
        },
    })
}

/// What a folder is, that was given in place of a file.
fn folder(path: &Path) -> String {
    let has = |name: &str| path.join(name).is_file();
    let weights = ["model.safetensors", "pytorch_model.bin", "model.pt"];
    if let Some(name) = weights.into_iter().find(|name| has(name)) {
        format!("a folder, in which there is {name}")
    } else if has("data.pkl") {
        "the folder of an unpacked file of torch.save: give the file itself".to_owned()
    } else if has(".metadata") {
        "the folder of a distributed checkpoint: in Python, make a file of it by \
         torch.distributed.checkpoint.format_utils.dcp_to_torch_save"
            .to_owned()
    } else {
        "a folder".to_owned()
    }
}

/// What an archive that holds no weights is said to hold.
#[cfg(feature = "pytorch")]
fn other_archive<F: Read + Seek>(archive: &Archive<F>) -> StateDictError {
    const SHOWN: usize = 5;
    let names = archive.names();
    let ends = |end: &str| names.iter().any(|name| name.ends_with(end));
    if ends("model.weights.h5") {
        return StateDictError::NotWeights {
            found: "a Keras model: in Python, save its arrays with numpy.savez".to_owned(),
        };
    }
    if ends("/archive_format") || ends("serialized_exported_program.json") {
        return StateDictError::NotWeights {
            found:
                "a program that torch.export wrote: in Python, save its state_dict with torch.save"
                    .to_owned(),
        };
    }
    let mut found = match names.is_empty() {
        true => "nothing".to_owned(),
        false => names[..names.len().min(SHOWN)].join(", "),
    };
    if names.len() > SHOWN {
        found += &format!(" and {} more", names.len() - SHOWN);
    }
    super::error::PyTorchError::OtherArchive { found }.into()
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
