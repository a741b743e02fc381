use std::error::Error;

/// What is wrong with what `torch.save` is said to have written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PyTorchError {
    /// The archive is damaged, or none.
    #[error(
        "expected a zip archive, as torch.save writes since PyTorch 1.6, found what can't be read \
         as one"
    )]
    Zip {
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// An entry of the archive is missing or damaged.
    #[error("{name}: can't be read from the archive")]
    Entry {
        /// The entry.
        name: String,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// An entry of the archive is compressed.
    #[error(
        "{name}: expected an entry that is stored as it is, as torch.save writes, found a compressed one"
    )]
    Compressed {
        /// The entry.
        name: String,
    },
    /// An entry of the archive has another size than its header says.
    #[error("{name}: expected {expected} bytes, as its header says, found {found}")]
    Size {
        /// The entry.
        name: String,
        /// The size in the header.
        expected: u64,
        /// The size of what is there.
        found: u64,
    },
    /// Two entries of the archive lie on each other.
    #[error("{second}: expected bytes of its own, found some that belong to {first}")]
    Overlap {
        /// The entry that begins first.
        first: String,
        /// The entry that begins before that one ends.
        second: String,
    },
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
    /// The pickle repeats so much that it would fill the memory.
    #[error(
        "data.pkl, byte {offset}: expected lists, dictionaries, texts and names of tensors of at most \
         {limit} bytes, which is ample for a pickle of its length, found more"
    )]
    Memory {
        /// Where in the pickle; its end, if it is the names that are too long.
        offset: usize,
        /// The limit.
        limit: u64,
    },
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
