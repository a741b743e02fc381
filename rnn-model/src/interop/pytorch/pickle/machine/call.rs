//! Names, and what the few functions make that may be called.

use std::mem::size_of;
use std::rc::Rc;

use super::{Machine, PLAIN};
use crate::interop::error::PyTorchError;
use crate::interop::pytorch::pickle::{Id, Name, Storage, Value, View};

/// The axes of a tensor; PyTorch has no more.
const MAX_AXES: usize = 64;

impl Machine<'_> {
    /// Where the rest of Python would come in.
    pub(super) fn name(&mut self, module: &str, name: &str) -> Result<(), PyTorchError> {
        match Name::of(module, name) {
            Some(name) => self.push(Value::Name(name)),
            None => Err(PyTorchError::Object {
                offset: self.input.at(),
                object: format!("{module}.{name}"),
            }),
        }
    }

    pub(super) fn text(&self, id: Id) -> Result<Rc<str>, PyTorchError> {
        match &self.values[id] {
            Value::Text(text) => Ok(text.clone()),
            _ => Err(self.fault("a text", "another value")),
        }
    }

    fn list(&self, id: Id) -> Result<&[Id], PyTorchError> {
        match &self.values[id] {
            Value::List(items) => Ok(items),
            _ => Err(self.fault("a list or tuple", "another value")),
        }
    }

    fn sizes(&self, id: Id) -> Result<Vec<usize>, PyTorchError> {
        let items = self.list(id)?;
        if items.len() > MAX_AXES {
            let expected = format!("at most {MAX_AXES} axes");
            return Err(self.fault(&expected, &items.len().to_string()));
        }
        let size = |&id: &Id| match self.values[id] {
            Value::Int(n) if n >= 0 => Ok(n as usize),
            _ => Err(self.fault("a size", "another value")),
        };
        items.iter().map(size).collect()
    }

    /// `("storage", torch.FloatStorage, key, device, elements)`
    pub(super) fn storage(&mut self) -> Result<(), PyTorchError> {
        let id = self.pop()?;
        let &[_, kind, key, _, _] = self.list(id)? else {
            return Err(self.fault("a storage", "another value"));
        };
        let Value::Name(Name::Storage(kind)) = self.values[kind] else {
            return Err(self.fault("a kind of storage", "another value"));
        };
        let key = self.text(key)?;
        self.spend(size_of::<Storage>())?;
        self.push(Value::Storage(Rc::new(Storage { kind, key })))
    }

    pub(super) fn call(&mut self) -> Result<(), PyTorchError> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let arguments = self.list(arguments)?;
        let first = arguments.first().copied();
        let first_four = arguments.first_chunk::<4>().copied();
        let Value::Name(name) = self.values[function] else {
            return Err(self.fault("a function", "another value"));
        };
        match (name, first) {
            (Name::OrderedDict, None) => self.push(Value::Dict(Vec::new())),
            (Name::OrderedDict, Some(pairs)) => self.ordered_dict(pairs),
            // Both are what they are made of.
            (Name::RebuildParameter, Some(data)) => {
                self.stack.push(data);
                Ok(())
            }
            (Name::Size, Some(sizes)) => {
                self.list(sizes)?;
                self.stack.push(sizes);
                Ok(())
            }
            (Name::Plain, _) => {
                self.stack.push(PLAIN);
                Ok(())
            }
            (Name::RebuildTensor, _) => match first_four {
                Some([storage, offset, shape, stride]) => {
                    self.tensor(storage, offset, shape, stride)
                }
                None => Err(self.fault("arguments that fit", "others")),
            },
            _ => Err(self.fault("arguments that fit", "others")),
        }
    }

    fn ordered_dict(&mut self, pairs: Id) -> Result<(), PyTorchError> {
        let count = self.list(pairs)?.len();
        self.spend(count * size_of::<(Id, Id)>())?;
        let pair = |&pair: &Id| match *self.list(pair)? {
            [key, value] => Ok((key, value)),
            _ => Err(self.fault("a key and a value", "another value")),
        };
        let pairs = self.list(pairs)?.iter().map(pair);
        let pairs = pairs.collect::<Result<_, PyTorchError>>()?;
        self.push(Value::Dict(pairs))
    }

    fn tensor(
        &mut self,
        storage: Id,
        offset: Id,
        shape: Id,
        stride: Id,
    ) -> Result<(), PyTorchError> {
        let Value::Storage(storage) = &self.values[storage] else {
            return Err(self.fault("a storage", "another value"));
        };
        let Value::Int(offset @ 0..) = self.values[offset] else {
            return Err(self.fault("an offset", "another value"));
        };
        let view = View {
            storage: storage.clone(),
            offset: offset as usize,
            shape: self.sizes(shape)?,
            stride: self.sizes(stride)?,
        };
        let axes = view.shape.len() + view.stride.len();
        self.spend(size_of::<View>() + axes * size_of::<usize>())?;
        self.push(Value::Tensor(Rc::new(view)))
    }
}
