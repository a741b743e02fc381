//! A module's parameters, read and replaced by name.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Bool, BoolStore, DType, Int, Tensor, TensorData};

use super::error::StateDictError;
use super::forms;
use super::mismatch::Mismatch;

/// The parameters of `module`, in the form in which they are saved: a linear layer's weight as
/// `[out, in]`, integers of 64 bits, truth values as bytes.
pub(super) fn read<M: Module>(module: &M) -> BTreeMap<String, TensorData> {
    let mut reader = Reader::default();
    module.visit(&mut reader);
    reader.tensors
}

/// `module` with its parameters replaced by `tensors`.
///
/// # Errors
///
/// Every difference, if there are any.
pub(super) fn write<M: Module>(
    module: M,
    tensors: BTreeMap<String, TensorData>,
) -> Result<M, StateDictError> {
    let no_entries = tensors.is_empty();
    let mut writer = Writer {
        tensors,
        path: Path::default(),
        mismatch: Mismatch::default(),
    };
    let module = module.map(&mut writer);
    let mut mismatch = writer.mismatch;
    mismatch.unexpected = writer.tensors.into_keys().collect();
    if mismatch.is_none() {
        Ok(module)
    } else if no_entries {
        Err(StateDictError::NoEntries {
            missing: mismatch.missing,
        })
    } else {
        Err(StateDictError::Mismatch(Box::new(mismatch)))
    }
}

/// Where a visitor or a mapper is in a module.
#[derive(Default)]
struct Path {
    names: Vec<String>,
    /// Of each name, the type that has a field of that name.
    containers: Vec<String>,
}

impl Path {
    fn enter(&mut self, name: &str, container: &str) {
        self.names.push(name.to_owned());
        self.containers.push(container.to_owned());
    }

    fn exit(&mut self) {
        self.names.pop();
        self.containers.pop();
    }

    fn name(&self) -> String {
        self.names.join(".")
    }

    /// Whether a parameter is saved as `[in, out]`: the weight of Burn's `Linear`, unless its layout is
    /// `LinearLayout::Col`. Then the parameter itself transposes what it loads.
    fn is_in_by_out<const D: usize>(&self, param: &Param<Tensor<D>>) -> bool {
        let is_named = |names: &[String], name: &str| names.last().is_some_and(|last| last == name);
        if D != 2
            || !is_named(&self.containers, "Struct:Linear")
            || !is_named(&self.names, "weight")
        {
            return false;
        }
        let mut shape = [1; D];
        shape[D - 1] = 2;
        let (_, tensor, mapper) = param.clone().consume();
        let probe = Tensor::<D>::zeros(shape, &tensor.device());
        mapper.on_load(probe).dims() == shape
    }
}

#[derive(Default)]
struct Reader {
    path: Path,
    tensors: BTreeMap<String, TensorData>,
}

impl Reader {
    fn insert(&mut self, data: TensorData) {
        self.tensors.insert(self.path.name(), data);
    }
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let saved = param.transform_for_save().val();
        let saved = match self.path.is_in_by_out(param) {
            true => saved.transpose(),
            false => saved,
        };
        self.insert(saved.into_data());
    }

    fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
        let data = param.transform_for_save().val().into_data();
        // PyTorch's integers, whatever the device has; of unsigned ones it may not hold all.
        self.insert(match data.dtype() {
            DType::U64 => data,
            _ => data.convert_dtype(DType::I64),
        });
    }

    fn visit_bool<const D: usize>(&mut self, param: &Param<Tensor<D, Bool>>) {
        let data = param.transform_for_save().val().into_data();
        self.insert(data.convert_dtype(DType::Bool(BoolStore::Native)));
    }
}

struct Writer {
    path: Path,
    tensors: BTreeMap<String, TensorData>,
    mismatch: Mismatch,
}

impl Writer {
    /// The values for the parameter at hand as `dtype`; none, with an entry in the mismatch, if there
    /// are none or they do not fit.
    fn take(&mut self, shape: &[usize], dtype: DType) -> Option<TensorData> {
        let name = self.path.name();
        let Some(data) = forms::take(&mut self.tensors, &name) else {
            self.mismatch.missing.push(name);
            return None;
        };
        self.mismatch.shared += 1;
        if let Some(expected) = expected_instead(&data, dtype) {
            let found = format!("{:?}", data.dtype());
            self.mismatch.types.push((name, expected, found));
            return None;
        }
        if data.shape()[..] != *shape {
            let (expected, found) = (shape.to_vec(), data.shape().to_vec());
            self.mismatch.shapes.push((name, expected, found));
            return None;
        }
        Some(data.convert_dtype(dtype))
    }
}

impl ModuleMapper for Writer {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let saved = param.transform_for_save().val();
        let is_in_by_out = self.path.is_in_by_out(&param);
        let mut shape = saved.dims();
        if is_in_by_out {
            shape.reverse();
        }
        let Some(data) = self.take(&shape, saved.dtype()) else {
            return param;
        };
        // Not of the device's default type.
        let options = (&saved.device(), saved.dtype());
        let tensor = Tensor::from_data(data, options);
        let tensor = match is_in_by_out {
            // Laid out as a new one is: with other strides, products may sum in another order.
            true => Tensor::from_data(tensor.transpose().into_data(), options),
            false => tensor,
        };
        let id = param.id;
        param.transform_for_load(tensor, id)
    }

    fn map_int<const D: usize>(&mut self, param: Param<Tensor<D, Int>>) -> Param<Tensor<D, Int>> {
        let saved = param.transform_for_save().val();
        let Some(data) = self.take(&saved.dims(), saved.dtype()) else {
            return param;
        };
        let (device, id) = ((&saved.device(), saved.dtype()), param.id);
        param.transform_for_load(Tensor::from_data(data, device), id)
    }

    fn map_bool<const D: usize>(
        &mut self,
        param: Param<Tensor<D, Bool>>,
    ) -> Param<Tensor<D, Bool>> {
        let saved = param.transform_for_save().val();
        let Some(data) = self.take(&saved.dims(), saved.dtype()) else {
            return param;
        };
        let id = param.id;
        param.transform_for_load(Tensor::from_data(data, &saved.device()), id)
    }
}

/// What a parameter of type `dtype` takes, if it does not take `data`. Floating-point numbers of any
/// width fit each other, integers if no value is out of range.
fn expected_instead(data: &TensorData, dtype: DType) -> Option<String> {
    let found = data.dtype();
    let (fits, expected) = if dtype.is_float() {
        (found.is_float(), "floating-point numbers")
    } else if dtype.is_bool() {
        (found.is_bool(), "truth values")
    } else {
        (found.is_int() || found.is_uint(), "integers")
    };
    if !fits {
        return Some(expected.to_owned());
    }
    let (min, max) = match dtype {
        DType::I64 => (i64::MIN.into(), i64::MAX.into()),
        DType::I32 => (i32::MIN.into(), i32::MAX.into()),
        DType::I16 => (i16::MIN.into(), i16::MAX.into()),
        DType::I8 => (i8::MIN.into(), i8::MAX.into()),
        DType::U64 => (0, u64::MAX.into()),
        DType::U32 => (0, u32::MAX.into()),
        DType::U16 => (0, u16::MAX.into()),
        DType::U8 => (0, u8::MAX.into()),
        _ => return None,
    };
    let in_range = |n: i128| (min..=max).contains(&n);
    let all = match found {
        DType::U64 => data.iter::<u64>().map(i128::from).all(in_range),
        _ => data.iter::<i64>().map(i128::from).all(in_range),
    };
    (!all).then(|| format!("integers from {min} to {max}"))
}
