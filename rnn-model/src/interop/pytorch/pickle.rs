//! The part of Python's pickle that `torch.save` writes, and nothing that could run.
//!
//! A pickle is a program for a machine with a stack. This machine knows how to make plain values and
//! containers, and of classes and functions only those of a short list that describe tensors; a
//! pickle that names any other is refused where it does, whatever it would have done with it.

mod budget;
mod input;
mod machine;
mod tensors;

use std::rc::Rc;

use crate::interop::error::PyTorchError;
use budget::Budget;
use machine::Machine;

/// Where a value is in [`Pickle::values`]: containers may be shared, even hold themselves.
pub(super) type Id = usize;

/// What a pickle makes. What may be long is shared, not copied.
#[derive(Debug)]
pub(super) enum Value {
    /// A number, text, `None`, type or device, of which nothing is needed but what keys say.
    Plain,
    Int(i64),
    Text(Rc<str>),
    List(Vec<Id>),
    /// Keys and values.
    Dict(Vec<(Id, Id)>),
    Tensor(Rc<View>),
    Storage(Rc<Storage>),
    /// One of the names that are allowed.
    Name(Name),
}

/// A tensor as a view of a storage.
#[derive(Debug)]
pub(super) struct View {
    pub storage: Rc<Storage>,
    /// In elements.
    pub offset: usize,
    pub shape: Vec<usize>,
    /// In elements.
    pub stride: Vec<usize>,
}

/// A piece of memory with a file of its own in the archive.
#[derive(Debug)]
pub(super) struct Storage {
    /// `FloatStorage`, …
    pub kind: &'static str,
    pub key: Rc<str>,
}

/// The classes and functions that may be named.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Name {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(&'static str),
    /// `torch.Size`: a tuple.
    Size,
    /// What makes a plain value: `torch.device`, a type such as `torch.float32`, a counter.
    Plain,
}

const STORAGES: [&str; 10] = [
    "DoubleStorage",
    "FloatStorage",
    "HalfStorage",
    "BFloat16Storage",
    "LongStorage",
    "IntStorage",
    "ShortStorage",
    "CharStorage",
    "ByteStorage",
    "BoolStorage",
];

const TYPES: [&str; 10] = [
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool",
];

impl Name {
    fn of(module: &str, name: &str) -> Option<Self> {
        let storage = STORAGES.into_iter().find(|storage| *storage == name);
        if let ("torch", Some(storage)) = (module, storage) {
            return Some(Self::Storage(storage));
        }
        Some(match (module, name) {
            ("collections", "OrderedDict") => Self::OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2") => Self::RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Self::RebuildParameter,
            ("torch", "Size") => Self::Size,
            ("torch", name) if name == "device" || TYPES.contains(&name) => Self::Plain,
            // What optimisers and schedulers keep, as PyTorch's own `weights_only` lets through.
            ("collections", "Counter") | ("_codecs", "encode") => Self::Plain,
            ("builtins" | "__builtin__", "complex" | "set" | "bytearray") => Self::Plain,
            _ => return None,
        })
    }
}

/// A pickle that has been read.
pub(super) struct Pickle {
    values: Vec<Value>,
    root: Id,
    /// Of what the names of tensors may take.
    budget: Budget,
    /// The length of the pickle, in bytes.
    length: usize,
}

impl Pickle {
    pub fn parse(bytes: &[u8]) -> Result<Self, PyTorchError> {
        Machine::new(bytes).run()
    }
}
