use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::TensorData;

use super::error::StateDictError;
use super::forms;
use super::module;

/// A module's parameters by name, as PyTorch's `state_dict()`: `rnn.weight_ih_l0`, `fc.bias`.
///
/// The weight of a linear layer is `[out, in]`, as PyTorch's, also that of Burn's own
/// [`Linear`](burn::nn::Linear), which keeps `[in, out]` in memory.
///
/// It is how weights get to a file and back, on whichever backend, and how they come from PyTorch and
/// go there. A module's floating-point parameters keep their width; its integers are of 64 bits here, and
/// its truth values bytes, as in PyTorch. Files hold any type of number; a module's parameter takes
/// those of its own kind, of any width.
///
/// The weight of a linear layer is `[out, in]` here, whatever the layout of Burn's `Linear` is. That layer is
/// known by the name of its type, so call a module of your own with another layout something else.
///
/// ```
/// use rnn_model::{CharRnnConfig, StateDict};
/// # let device = Default::default();
/// let model = CharRnnConfig::new(5, 3, 5).init(&device);
/// let bytes = StateDict::of(&model).to_safetensors()?;
///
/// let blank = CharRnnConfig::new(5, 3, 5).init(&device);
/// let model = StateDict::from_safetensors(&bytes)?.load_into(blank)?;
/// # Ok::<(), rnn_model::StateDictError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct StateDict {
    pub(super) tensors: BTreeMap<String, TensorData>,
}

impl StateDict {
    /// The parameters of `module`, read from its device.
    pub fn of<M: Module>(module: &M) -> Self {
        Self {
            tensors: module::read(module),
        }
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The names, sorted, with their values.
    ///
    /// ```
    /// use rnn_model::{StateDict, linear};
    /// # let device = Default::default();
    /// for (name, data) in StateDict::of(&linear(5, 3, &device)).iter() {
    ///     println!("{name}: {:?}", data.shape()); // bias: [3], weight: [3, 5]
    /// }
    /// ```
    pub fn iter(&self) -> impl Iterator<Item = (&str, &TensorData)> {
        self.tensors
            .iter()
            .map(|(name, data)| (name.as_str(), data))
    }

    /// The values under `name`.
    pub fn get(&self, name: &str) -> Option<&TensorData> {
        self.tensors.get(name)
    }

    /// Whether there is what [`load_into`](Self::load_into) takes for a module's parameter of that name: an
    /// entry of that name, a cell's for a layer's, or the two of a normalised weight.
    ///
    /// ```
    /// use burn::tensor::TensorData;
    /// use rnn_model::StateDict;
    /// let mut weights = StateDict::default();
    /// weights.insert("rnn.bias_ih", TensorData::from([0.5f32]));
    /// assert!(weights.holds("rnn.bias_ih_l0"));
    /// ```
    pub fn holds(&self, parameter: &str) -> bool {
        forms::is_there(parameter, |name| self.tensors.contains_key(name))
    }

    /// The first entry, by name, that holds an infinity or NaN.
    pub fn not_finite(&self) -> Option<&str> {
        let is_finite = |data: &TensorData| data.iter::<f64>().all(f64::is_finite);
        let found = self.tensors.iter().find(|(_, data)| !is_finite(data));
        found.map(|(name, _)| name.as_str())
    }

    /// Adds or replaces an entry.
    pub fn insert(&mut self, name: &str, data: TensorData) {
        self.tensors.insert(name.to_owned(), data);
    }

    /// The entries whose names begin with `prefix`, without it: `encoder.` cuts one module out of
    /// a larger model.
    pub fn strip_prefix(&self, prefix: &str) -> Self {
        let tensors = self.tensors.iter().filter_map(|(name, data)| {
            let rest = name.strip_prefix(prefix)?;
            Some((rest.to_owned(), data.clone()))
        });
        Self {
            tensors: tensors.collect(),
        }
    }

    /// The entries whose names begin with one of `prefixes`, as they are: the parts of a checkpoint that
    /// a model is made of.
    pub fn keep(&self, prefixes: &[&str]) -> Self {
        let is_kept = |name: &&String| prefixes.iter().any(|prefix| name.starts_with(prefix));
        let kept = self.tensors.iter().filter(|(name, _)| is_kept(name));
        Self {
            tensors: kept
                .map(|(name, data)| (name.clone(), data.clone()))
                .collect(),
        }
    }

    /// The entries but those whose names end in one of `parts`, after a dot or whole: PyTorch's buffers
    /// that have no counterpart, such as the `num_batches_tracked` of its batch normalisation.
    ///
    /// ```
    /// use burn::tensor::TensorData;
    /// use rnn_model::StateDict;
    /// let mut weights = StateDict::default();
    /// weights.insert("norm.running_mean", TensorData::from([0.5f32]));
    /// weights.insert("norm.num_batches_tracked", TensorData::from([7i64]));
    /// let weights = weights.without(&["num_batches_tracked"]);
    /// assert!(weights.names().eq(["norm.running_mean"]));
    /// ```
    pub fn without(mut self, parts: &[&str]) -> Self {
        let is_named = |name: &str, part: &str| {
            let before = name.strip_suffix(part);
            before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
        };
        (self.tensors).retain(|name, _| !parts.iter().any(|part| is_named(name, part)));
        self
    }

    /// All entries under longer names: `encoder.` makes `encoder.weight_ih_l0` of `weight_ih_l0`.
    pub fn with_prefix(self, prefix: &str) -> Self {
        let tensors = self.tensors.into_iter();
        Self {
            tensors: tensors
                .map(|(name, data)| (format!("{prefix}{name}"), data))
                .collect(),
        }
    }

    /// The entries under other names: what begins with the first of a pair begins with the second
    /// instead, the longest that fits, once; the others stay as they are. So what PyTorch's model called
    /// `lstm.` becomes the `rnn.` of one here.
    ///
    /// # Errors
    ///
    /// If no name begins with the first of a pair, or two entries would have one name.
    ///
    /// ```
    /// use rnn_model::{LstmConfig, StateDict};
    /// # let device = Default::default();
    /// let weights = StateDict::of(&LstmConfig::new(5, 3).init(&device)).with_prefix("lstm.");
    /// let weights = weights.rename([("lstm.", "rnn.")])?;
    /// assert_eq!(weights.names().next(), Some("rnn.bias_hh_l0"));
    /// # Ok::<(), rnn_model::StateDictError>(())
    /// ```
    pub fn rename<'a>(
        self,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, StateDictError> {
        let mut pairs: Vec<(&str, &str)> = pairs.into_iter().collect();
        pairs.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
        for (from, _) in &pairs {
            if !self.tensors.keys().any(|name| name.starts_with(from)) {
                return Err(StateDictError::NoSuchPrefix {
                    prefix: (*from).to_owned(),
                    names: self.tensors.into_keys().collect(),
                });
            }
        }
        let mut tensors = BTreeMap::new();
        for (name, data) in self.tensors {
            let renamed = pairs
                .iter()
                .find_map(|(from, to)| Some(format!("{to}{}", name.strip_prefix(from)?)));
            let name = renamed.unwrap_or(name);
            if tensors.insert(name.clone(), data).is_some() {
                return Err(StateDictError::Twice(name));
            }
        }
        Ok(Self { tensors })
    }

    /// Takes an entry out.
    pub fn remove(&mut self, name: &str) -> Option<TensorData> {
        self.tensors.remove(name)
    }

    /// `module` with its parameters replaced, on the device where it is.
    ///
    /// A cell's parameters (`weight_ih`) fit the first layer of a module (`weight_ih_l0`), and a weight under
    /// PyTorch's weight normalisation, saved as length and direction (`weight_hh_l0_g` and `_v`, or
    /// `parametrizations.weight_hh_l0.original0` and `original1`), fits as the weight that they make.
    ///
    /// # Errors
    ///
    /// Unless names and shapes are exactly the module's, and floating-point numbers, integers and truth
    /// values where it has them, in the range of its own; the error lists every difference.
    pub fn load_into<M: Module>(self, module: M) -> Result<M, StateDictError> {
        module::write(module, self.tensors)
    }
}

/// Makes one of each byte that is not zero: other bytes are no truth values in Rust, and in a file they
/// may be anything.
pub(super) fn as_truth_values(bytes: &mut [u8]) {
    for byte in bytes {
        *byte = u8::from(*byte != 0);
    }
}
