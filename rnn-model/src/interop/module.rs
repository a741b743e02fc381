//! A module's parameters, read and replaced by name.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Bool, BoolStore, DType, Int, Tensor, TensorData};

use super::error::{Mismatch, StateDictError};

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
    let mut writer = Writer {
        tensors,
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

#[derive(Default)]
struct Reader {
    path: Vec<String>,
    tensors: BTreeMap<String, TensorData>,
}

impl Reader {
    fn insert(&mut self, data: TensorData) {
        self.tensors.insert(self.path.join("."), data);
    }
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.insert(param.transform_for_save().val().into_data());
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
    path: Vec<String>,
    tensors: BTreeMap<String, TensorData>,
    mismatch: Mismatch,
}

impl Writer {
    /// The values for the parameter at hand as `dtype`; none, with an entry in the mismatch, if there
    /// are none or they do not fit.
    fn take(&mut self, shape: &[usize], dtype: DType) -> Option<TensorData> {
        let name = self.path.join(".");
        let Some(data) = self.tensors.remove(&name) else {
            self.mismatch.missing.push(name);
            return None;
        };
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
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let saved = param.transform_for_save().val();
        let Some(data) = self.take(&saved.dims(), saved.dtype()) else {
            return param;
        };
        let id = param.id;
        param.transform_for_load(Tensor::from_data(data, &saved.device()), id)
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
