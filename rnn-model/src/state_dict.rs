use std::collections::BTreeMap;
use std::fmt;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Tensor, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

/// A module's parameters by name, as PyTorch's `state_dict()`: `rnn.weight_ih_l0`, `fc.bias`.
///
/// It is how weights get to a file and back, on whichever backend:
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
    tensors: BTreeMap<String, TensorData>,
}

/// Why weights do not fit.
#[derive(Debug, thiserror::Error)]
pub enum StateDictError {
    /// The bytes are not a safetensors file.
    #[error("not a safetensors file: {0}")]
    Format(safetensors::SafeTensorError),
    /// A tensor of a type that weights do not have.
    #[error("{name}: the tensor is of type {found}, expected F32 or F64")]
    Type {
        /// The tensor's name.
        name: String,
        /// Its type.
        found: String,
    },
    /// The names or shapes are not those of the module.
    #[error("{0}")]
    Mismatch(Mismatch),
}

impl From<safetensors::SafeTensorError> for StateDictError {
    fn from(error: safetensors::SafeTensorError) -> Self {
        Self::Format(error)
    }
}

/// Every difference between a [`StateDict`] and a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// Names that the module has and the dictionary lacks.
    pub missing: Vec<String>,
    /// Names that the dictionary has and the module lacks.
    pub unexpected: Vec<String>,
    /// Names whose shapes differ: name, expected, found.
    pub shapes: Vec<(String, Vec<usize>, Vec<usize>)>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the weights do not fit the model:")?;
        for name in &self.missing {
            write!(f, "\n  missing: {name}")?;
        }
        for name in &self.unexpected {
            write!(f, "\n  unexpected: {name}")?;
        }
        for (name, expected, found) in &self.shapes {
            write!(
                f,
                "\n  shape of {name}: expected {expected:?}, found {found:?}"
            )?;
        }
        Ok(())
    }
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

    /// The bytes of a `.safetensors` file. The same weights give the same bytes.
    ///
    /// # Errors
    ///
    /// If a parameter is neither f32 nor f64.
    pub fn to_safetensors(&self) -> Result<Vec<u8>, StateDictError> {
        let views = self
            .tensors
            .iter()
            .map(|(name, data)| {
                let dtype = match data.dtype() {
                    DType::F32 => Dtype::F32,
                    DType::F64 => Dtype::F64,
                    other => return Err(unsupported(name, other)),
                };
                let view = TensorView::new(dtype, data.shape().to_vec(), data.as_bytes())?;
                Ok((name, view))
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(safetensors::serialize(views, None)?)
    }

    /// Reads the bytes of a `.safetensors` file.
    ///
    /// # Errors
    ///
    /// If they are not one, or hold a tensor that is neither f32 nor f64.
    pub fn from_safetensors(bytes: &[u8]) -> Result<Self, StateDictError> {
        let file = SafeTensors::deserialize(bytes)?;
        let tensors = file
            .tensors()
            .into_iter()
            .map(|(name, view)| {
                let dtype = match view.dtype() {
                    Dtype::F32 => DType::F32,
                    Dtype::F64 => DType::F64,
                    other => return Err(unsupported(&name, other)),
                };
                let bytes = burn::tensor::Bytes::from_bytes_vec(view.data().to_vec());
                Ok((
                    name,
                    TensorData::from_bytes(bytes, view.shape().to_vec(), dtype),
                ))
            })
            .collect::<Result<_, StateDictError>>()?;
        Ok(Self { tensors })
    }

    /// `module` with its parameters replaced, on the device where it is.
    ///
    /// # Errors
    ///
    /// Unless names and shapes are exactly the module's; the error lists every difference.
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

fn unsupported(name: &str, found: impl fmt::Debug) -> StateDictError {
    StateDictError::Type {
        name: name.to_owned(),
        found: format!("{found:?}"),
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
