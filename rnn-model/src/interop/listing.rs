//! What a file of weights holds, without the numbers.

use burn::tensor::{BoolStore, DType};

use super::format::FileFormat;
use super::forms;

/// What a file of weights holds, without the numbers.
///
/// ```no_run
/// use rnn_model::Listing;
///
/// let listing = Listing::read("checkpoint.pt")?;
/// println!("{}: {} numbers", listing.format, listing.num_elements());
/// for tensor in &listing.tensors {
///     println!("{}: {:?} of {}", tensor.name, tensor.shape, tensor.dtype);
/// }
/// # Ok::<(), rnn_model::StateDictError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing {
    /// The file's format.
    pub format: FileFormat,
    /// The tensors, sorted by their names.
    pub tensors: Vec<TensorInfo>,
}

/// A tensor of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name, as [`StateDict::read`](crate::StateDict::read) gives it.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// The type of its elements, `F32`; by PyTorch's name if it is one that is not read, such as `qint8`.
    pub dtype: String,
    /// What its elements take, in bytes.
    pub bytes: u64,
}

impl TensorInfo {
    /// How many elements it has.
    pub fn num_elements(&self) -> u64 {
        let sizes = self.shape.iter().map(|&size| size as u64);
        sizes.fold(1, u64::saturating_mul)
    }
}

impl Listing {
    pub(super) fn new(format: FileFormat, mut tensors: Vec<TensorInfo>) -> Self {
        tensors.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Self { format, tensors }
    }

    /// Whether there is what [`StateDict::load_into`](crate::StateDict::load_into) takes for a module's parameter
    /// of that name, as [`StateDict::holds`](crate::StateDict::holds) says of entries.
    pub fn holds(&self, parameter: &str) -> bool {
        let is_there = |name: &str| {
            let found = self
                .tensors
                .binary_search_by(|tensor| (*tensor.name).cmp(name));
            found.is_ok()
        };
        forms::is_there(parameter, is_there)
    }

    /// How many elements the tensors have in all.
    pub fn num_elements(&self) -> u64 {
        let each = self.tensors.iter().map(TensorInfo::num_elements);
        each.fold(0, u64::saturating_add)
    }

    /// What the elements take in all, in bytes.
    pub fn num_bytes(&self) -> u64 {
        let each = self.tensors.iter().map(|tensor| tensor.bytes);
        each.fold(0, u64::saturating_add)
    }
}

/// The name of a type of elements.
pub(super) fn name_of(dtype: DType) -> String {
    match dtype {
        DType::Bool(BoolStore::Native) => "BOOL".to_owned(),
        other => format!("{other:?}"),
    }
}
