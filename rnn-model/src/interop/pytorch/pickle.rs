//! The part of Python's pickle that `torch.save` writes, and nothing that could run.
//!
//! A pickle is a program for a machine with a stack. This machine knows how to make plain values and
//! containers, and of classes and functions only those of a short list that describe tensors; a
//! pickle that names any other is refused where it does, whatever it would have done with it.

mod budget;
mod input;
mod machine;
mod names;
mod tensors;
mod values;

use std::rc::Rc;

use super::elements::Elements;
use crate::interop::error::PyTorchError;
use budget::Budget;
use input::Input;
use machine::Machine;
use names::Name;
use values::Values;

/// Where a value is in [`Pickle::values`]: containers may be shared, even hold themselves.
pub(super) type Id = u32;

/// What a pickle makes. What may be long is shared, not copied.
#[derive(Debug)]
pub(super) enum Value {
    /// A number, text, `None`, type, device or object of which nothing is needed.
    Plain,
    Bool(bool),
    Int(i64),
    Text(Rc<str>),
    List(Vec<Id>),
    /// Keys and values.
    Dict(Vec<(Id, Id)>),
    /// The attributes of a module of TorchScript, or of an object that PyTorch packs weights into.
    Object(Vec<(Id, Id)>),
    Tensor(Rc<View>),
    Storage(Rc<Storage>),
    /// One of the names that are allowed.
    Name(Name),
}

impl Value {
    /// Whether it is a tensor, or something that may hold some.
    fn may_hold_tensors(&self) -> bool {
        matches!(
            self,
            Self::List(_) | Self::Dict(_) | Self::Object(_) | Self::Tensor(_)
        )
    }
}

/// A tensor as a view of a storage.
#[derive(Debug)]
pub(super) struct View {
    pub elements: Elements,
    pub storage: Rc<Storage>,
    /// In elements.
    pub offset: usize,
    pub shape: Vec<usize>,
    /// In elements.
    pub stride: Vec<usize>,
}

/// A piece of memory, which lies in the file on its own.
#[derive(Debug)]
pub(super) struct Storage {
    /// What it was made for; the views of one without a type have types of their own.
    pub elements: Elements,
    /// Of an archive, the folder in which it lies.
    pub folder: &'static str,
    /// The key under which it lies in the file.
    pub key: Rc<str>,
    /// Where the storage begins in that, in elements: before PyTorch 0.4 storages could be parts of others.
    pub base: usize,
}

/// What a pickle is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// What the pickle is called in errors.
    pub pickle: &'static str,
    /// Of an archive, the folder in which its storages lie.
    pub folder: &'static str,
    /// Whether it may name the classes of a TorchScript archive, of which the attributes are read.
    pub script: bool,
}

/// A pickle that has been read.
pub(super) struct Pickle {
    dialect: Dialect,
    values: Values,
    root: Id,
    /// Of what the names of tensors may take.
    budget: Budget,
    /// The length of the pickle, in bytes.
    length: usize,
}

impl Pickle {
    /// Reads the pickle that `bytes` begin with.
    pub fn parse(bytes: &[u8], dialect: Dialect) -> Result<Self, PyTorchError> {
        Machine::new(Input::new(bytes, dialect.pickle), dialect).run()
    }

    /// The length of the pickle, in bytes.
    pub fn length(&self) -> usize {
        self.length
    }

    /// What it holds, whole.
    pub fn root(&self) -> &Value {
        &self.values[self.root]
    }

    /// A value that a container holds.
    pub fn value(&self, id: Id) -> &Value {
        &self.values[id]
    }

    /// All storages, of the tensors and of what was left out.
    pub fn storages(&self) -> impl Iterator<Item = &Rc<Storage>> {
        self.values.iter().filter_map(|value| match value {
            Value::Storage(storage) => Some(storage),
            _ => None,
        })
    }

    /// What it holds, in words, if it holds no tensors.
    pub fn describe(&self) -> String {
        let entries = |what: &str, length: usize| match length {
            0 => format!("an empty {what}"),
            1 => format!("a {what} of one value, which is no tensor"),
            _ => format!("a {what} of {length} values, none of them a tensor of PyTorch's"),
        };
        match self.root() {
            Value::Dict(items) | Value::Object(items) => entries("dictionary", items.len()),
            Value::List(items) => entries("list", items.len()),
            Value::Text(_) => "a text".to_owned(),
            Value::Int(_) => "a number".to_owned(),
            _ => "a value that is no tensor".to_owned(),
        }
    }
}
