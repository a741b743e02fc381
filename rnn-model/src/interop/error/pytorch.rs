/// What is wrong with what `torch.save` is said to have written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PyTorchError {
    /// The archive is damaged, or none.
    #[error(
        "expected a zip archive, as torch.save writes since PyTorch 1.6, found what can't be read \
         as one: {0}"
    )]
    Zip(zip::result::ZipError),
    /// An archive of something else.
    #[error("expected an archive with data.pkl in it, as torch.save writes, found none")]
    NoPickle,
    /// The numbers have their highest byte first.
    #[error("expected little-endian numbers, found big-endian ones")]
    BigEndian,
    /// The pickle asks for a class or function that is no part of a tensor.
    #[error(
        "data.pkl, byte {offset}: asks for {object}; expected tensors, numbers, texts, and lists \
         and dictionaries of these, since nothing is executed; in Python, save the weights alone: \
         torch.save(model.state_dict(), …)"
    )]
    Object {
        /// Where in the pickle.
        offset: usize,
        /// The name.
        object: String,
    },
    /// The pickle is damaged, or has what no state dict has.
    #[error("data.pkl, byte {offset}: expected {expected}, found {found}")]
    Pickle {
        /// Where in the pickle.
        offset: usize,
        /// What should be there.
        expected: String,
        /// What is.
        found: String,
    },
    /// The pickle holds itself, or more than a million values.
    #[error(
        "data.pkl: expected at most 64 dictionaries in each other and a million values, found more"
    )]
    Deep,
    /// A tensor is not within its storage.
    #[error("{name}: expected elements for the shape {shape:?}, found a storage of {elements}")]
    Bounds {
        /// The tensor.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
        /// How many there are.
        elements: usize,
    },
    /// The tensors are far larger than the file.
    #[error("{name}: expected at most {limit} bytes in all, found more")]
    TooLarge {
        /// Where the limit is passed.
        name: String,
        /// The limit.
        limit: u64,
    },
}
