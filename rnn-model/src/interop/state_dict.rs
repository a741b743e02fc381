use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

use super::error::{Mismatch, StateDictError};

/// A module's parameters by name, as PyTorch's `state_dict()`: `rnn.weight_ih_l0`, `fc.bias`.
///
/// It is how weights get to a file and back, on whichever backend, and how they come from PyTorch and
/// go there. Files hold any type of number; those for a module must be floating-point, of any width.
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
        let mut reader = Reader::default();
        module.visit(&mut reader);
        Self {
            tensors: reader.tensors,
        }
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The values under `name`.
    pub fn get(&self, name: &str) -> Option<&TensorData> {
        self.tensors.get(name)
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
    /// # Errors
    ///
    /// Unless names and shapes are exactly the module's, and all numbers floating-point; the error
    /// lists every difference.
    pub fn load_into<M: Module>(self, module: M) -> Result<M, StateDictError> {
        let mut writer = Writer {
            tensors: self.tensors,
            path: Vec::new(),
            mismatch: Mismatch::default(),
        };
        let module = module.map(&mut writer);
        let mut mismatch = writer.mismatch;
        mismatch.unexpected = writer.tensors.into_keys().collect();
        if mismatch == Mismatch::default() {
            Ok(module)
        } else {
            Err(StateDictError::Mismatch(mismatch))
        }
    }
}

#[derive(Default)]
struct Reader {
    path: Vec<String>,
    tensors: BTreeMap<String, TensorData>,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // In the form in which it is saved: a linear layer's weight as [out, in].
        let data = param.transform_for_save().val().into_data();
        self.tensors.insert(self.path.join("."), data);
    }
}

struct Writer {
    path: Vec<String>,
    tensors: BTreeMap<String, TensorData>,
    mismatch: Mismatch,
}

impl ModuleMapper for Writer {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.join(".");
        let Some(data) = self.tensors.remove(&name) else {
            self.mismatch.missing.push(name);
            return param;
        };
        let saved = param.transform_for_save().val();
        if !data.dtype().is_float() {
            self.mismatch
                .types
                .push((name, format!("{:?}", data.dtype())));
            return param;
        }
        let (expected, found) = (saved.dims().to_vec(), data.shape().to_vec());
        if expected != found {
            self.mismatch.shapes.push((name, expected, found));
            return param;
        }
        let device = saved.device();
        let tensor = Tensor::from_data(data.convert_dtype(saved.dtype()), &device);
        let id = param.id;
        param.transform_for_load(tensor, id)
    }
}
