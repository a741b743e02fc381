//! What a file of weights holds, without the numbers.

use std::collections::BTreeSet;

use burn::tensor::{BoolStore, DType};

use super::bookkeeping::belongs_to_no_model;
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
        forms::is_there(parameter, |name| self.find(name).is_some())
    }

    /// The prefixes without which all `parameters`, each with its shape, are there; where some of them fit by
    /// their shapes too, only those.
    ///
    /// ```no_run
    /// use rnn_model::{Listing, LstmConfig, StateDict};
    /// # let device = Default::default();
    /// let lstm = StateDict::of(&LstmConfig::new(28, 128).init(&device));
    /// let wanted: Vec<_> = lstm.iter().map(|(name, data)| (name, data.shape().to_vec())).collect();
    /// println!("{:?}", Listing::read("checkpoint.pt")?.prefixes(&wanted)); // ["model.encoder.lstm."]
    /// # Ok::<(), rnn_model::StateDictError>(())
    /// ```
    pub fn prefixes(&self, parameters: &[(impl AsRef<str>, Vec<usize>)]) -> Vec<String> {
        let names = parameters.iter().map(|(name, _)| name.as_ref());
        // The longest name has the fewest that end like it.
        let Some(longest) = names.max_by_key(|name| name.len()) else {
            return Vec::new();
        };
        let ends = forms::endings(longest);
        let before = self.tensors.iter().flat_map(|tensor| {
            let prefixes = ends
                .iter()
                .map(|end| tensor.name.strip_suffix(end.as_str()));
            prefixes.flatten()
        });
        let candidates: BTreeSet<&str> = before
            .filter(|prefix| prefix.is_empty() || prefix.ends_with(['.', '_', '/']))
            .filter(|prefix| !belongs_to_no_model(&format!("{prefix}{longest}")))
            .collect();
        let all = |prefix: &str, test: &dyn Fn(&str, &[usize]) -> bool| {
            let mut wanted = parameters.iter();
            wanted.all(|(name, shape)| test(&format!("{prefix}{}", name.as_ref()), shape))
        };
        let by_name = candidates
            .into_iter()
            .filter(|prefix| all(prefix, &|name, _| self.holds(name)));
        let by_name: Vec<&str> = by_name.collect();
        let fits = |name: &str, shape: &[usize]| {
            let found = self.find(name);
            found.is_none_or(|tensor| tensor.shape == shape)
        };
        let by_shape: Vec<&str> = by_name
            .iter()
            .copied()
            .filter(|prefix| all(prefix, &fits))
            .collect();
        let fitting = if by_shape.is_empty() {
            by_name
        } else {
            by_shape
        };
        fitting.into_iter().map(str::to_owned).collect()
    }

    /// The tensor of that name.
    fn find(&self, name: &str) -> Option<&TensorInfo> {
        let found = self
            .tensors
            .binary_search_by(|tensor| (*tensor.name).cmp(name));
        found.ok().map(|index| &self.tensors[index])
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

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(tensors: &[(&str, &[usize])]) -> Listing {
        let tensors = tensors.iter().map(|&(name, shape)| TensorInfo {
            name: name.to_owned(),
            shape: shape.to_vec(),
            dtype: "F32".to_owned(),
            bytes: 0,
        });
        Listing::new(FileFormat::Safetensors, tensors.collect())
    }

    #[test]
    fn the_prefixes_that_fit_are_those_of_names_and_shapes() {
        let wanted = [("weight_hh_l0", vec![3, 3]), ("bias_hh_l0", vec![3])];
        for (tensors, expected) in [
            (
                &[("weight_hh_l0", &[3, 3][..]), ("bias_hh_l0", &[3])][..],
                &[""][..],
            ),
            // A cell, and a weight as length and direction.
            (
                &[("net.weight_hh", &[3, 3]), ("net.bias_hh", &[3])],
                &["net."],
            ),
            (
                &[
                    ("net.weight_hh_l0_g", &[3, 1]),
                    ("net.weight_hh_l0_v", &[3, 3]),
                    ("net.bias_hh_l0", &[3]),
                ],
                &["net."],
            ),
            // Of two the one with the shapes; none of an optimiser's.
            (
                &[
                    ("a.weight_hh_l0", &[4, 4]),
                    ("a.bias_hh_l0", &[4]),
                    ("b.weight_hh_l0", &[3, 3]),
                    ("b.bias_hh_l0", &[3]),
                    ("exp_avg.b.weight_hh_l0", &[3, 3]),
                    ("exp_avg.b.bias_hh_l0", &[3]),
                ],
                &["b."],
            ),
            (&[("a.weight_hh_l0", &[3, 3])], &[]),
        ] {
            assert_eq!(listing(tensors).prefixes(&wanted), expected, "{tensors:?}");
        }
    }
}
