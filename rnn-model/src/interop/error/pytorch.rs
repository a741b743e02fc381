use std::error::Error;

/// What is wrong with what `torch.save`, `torch.jit.save` or NumPy is said to have written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PyTorchError {
    /// The archive is damaged, or none.
    #[error(
        "expected a whole zip archive, as torch.save and numpy.savez write it, found what can't be \
         read as one"
    )]
    Zip {
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// An entry of the archive, or a storage of tensors, is missing or damaged.
    #[error("{name}: can't be read")]
    Entry {
        /// The entry.
        name: String,
        /// Why not.
        source: Box<dyn Error + Send + Sync>,
    },
    /// An entry of the archive is compressed.
    #[error(
        "{name}: expected an entry that is stored as it is (or deflated, in what numpy.savez_compressed \
         writes), found one that is packed otherwise"
    )]
    Compressed {
        /// The entry.
        name: String,
    },
    /// An entry of the archive has another size than its header says.
    #[error(
        "{name}: expected {expected} bytes, as its header says, found {found}: the file may be cut"
    )]
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
    /// An entry of the archive has another checksum than the archive says.
    #[error("{name}: its checksum is another than the archive has: it is damaged")]
    Checksum {
        /// The entry.
        name: String,
    },
    /// An archive has more entries than weights need.
    #[error("expected at most {limit} entries in the archive, found {found}")]
    Entries {
        /// How many there are.
        found: u64,
        /// How many are read.
        limit: u64,
    },
    /// An entry would lie outside of the folder to which the archive is unpacked.
    #[error(
        "{name}: expected the name of an entry within the archive, found one that leads outside"
    )]
    Outside {
        /// The entry.
        name: String,
    },
    /// An archive of something else.
    #[error(
        "expected an archive with data.pkl in it, as torch.save and torch.jit.save write, or of .npy \
         files, as numpy.savez writes, found {found}"
    )]
    OtherArchive {
        /// What is in it.
        found: String,
    },
    /// The numbers have their highest byte first.
    #[error("expected little-endian numbers, found big-endian ones")]
    BigEndian,
    /// The pickle asks for a class or function that is no part of a tensor.
    #[error(
        "{pickle}, byte {offset}: asks for {object}; expected tensors, numbers, texts, and lists \
         and dictionaries of these, since nothing is executed; in Python, {advice}"
    )]
    Object {
        /// The pickle.
        pickle: &'static str,
        /// Where in the pickle.
        offset: usize,
        /// The name.
        object: String,
        /// What to save instead.
        advice: &'static str,
    },
    /// The pickle is damaged, or has what no state dict has.
    #[error("{pickle}, byte {offset}: expected {expected}, found {found}")]
    Pickle {
        /// The pickle.
        pickle: &'static str,
        /// Where in the pickle.
        offset: usize,
        /// What should be there.
        expected: String,
        /// What is.
        found: String,
    },
    /// The pickle holds itself, or more than a million values.
    #[error(
        "{pickle}: expected at most 64 dictionaries in each other and a million values, found more"
    )]
    Deep {
        /// The pickle.
        pickle: &'static str,
    },
    /// The pickle repeats so much that it would fill the memory.
    #[error(
        "{pickle}, byte {offset}: expected lists, dictionaries, texts and names of tensors of at most \
         {limit} bytes, which is ample for a pickle of its length, found more"
    )]
    Memory {
        /// The pickle.
        pickle: &'static str,
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
    /// A tensor of numbers that are not read.
    #[error(
        "{name}: found a {kind} tensor, {count} of {total} tensors are such; expected integers, truth values \
         or floating-point numbers of 16 to 64 bits{advice}"
    )]
    Unread {
        /// The tensor.
        name: String,
        /// What it is.
        kind: String,
        /// How many tensors are not read.
        count: usize,
        /// How many there are.
        total: usize,
        /// What to do about it.
        advice: &'static str,
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
