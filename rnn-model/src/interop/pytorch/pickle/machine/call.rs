//! Names, and what the few functions and classes make that may be named.

use std::mem::size_of;
use std::rc::Rc;

use super::{MAX_NAME, Machine, PLAIN};
use crate::interop::error::PyTorchError;
use crate::interop::pytorch::elements::{Elements, META, SPARSE};
use crate::interop::pytorch::pickle::names::Name;
use crate::interop::pytorch::pickle::{Id, Storage, Value, View};
use crate::interop::strided::MAX_AXES;

/// The parts of a sparse tensor: its indices, values, shape, and what is known of it.
const MAX_PARTS: usize = 16;

impl Machine<'_> {
    /// Where the rest of Python would come in.
    pub(super) fn name(&mut self, module: &str, name: &str) -> Result<(), PyTorchError> {
        // A name may be as long as the pickle.
        let is_short = module.len() + name.len() <= MAX_NAME;
        match is_short
            .then(|| Name::of(module, name, self.dialect.script))
            .flatten()
        {
            Some(name) => self.push(Value::Name(name)),
            None => Err(PyTorchError::Object {
                pickle: self.input.name(),
                offset: self.input.at(),
                object: [module, ".", name]
                    .iter()
                    .flat_map(|part| part.chars())
                    .take(MAX_NAME)
                    .collect(),
                advice: match self.has_tensors {
                    false => "save the weights alone: torch.save(model.state_dict(), …)",
                    true => "save the tensors alone, without what lies beside them",
                },
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

    fn size(&self, id: Id) -> Result<usize, PyTorchError> {
        match self.values[id] {
            Value::Int(n) if n >= 0 => Ok(n as usize),
            _ => Err(self.fault("a size", "another value")),
        }
    }

    fn sizes(&self, id: Id) -> Result<Vec<usize>, PyTorchError> {
        let items = self.list(id)?;
        if items.len() > MAX_AXES {
            let expected = format!("at most {MAX_AXES} axes");
            return Err(self.fault(&expected, &items.len().to_string()));
        }
        items.iter().map(|&id| self.size(id)).collect()
    }

    /// `("storage", torch.FloatStorage, key, device, elements)`; before PyTorch 1.6 with `None` after it, or
    /// `(key of the view, offset, elements)` if the storage is a part of another.
    pub(super) fn storage(&mut self) -> Result<(), PyTorchError> {
        let id = self.pop()?;
        let (kind, key, view) = match *self.list(id)? {
            [_, kind, key, _, _] => (kind, key, PLAIN),
            [_, kind, key, _, _, view] => (kind, key, view),
            _ => return Err(self.fault("a storage", "another value")),
        };
        let Value::Name(Name::Storage(elements)) = self.values[kind] else {
            return Err(self.fault("a kind of storage", "another value"));
        };
        let base = match &self.values[view] {
            Value::List(view) => match **view {
                [_, offset, _] => self.size(offset)?,
                _ => return Err(self.fault("a view of a storage", "another value")),
            },
            _ => 0,
        };
        let key = self.text(key)?;
        self.spend(size_of::<Storage>())?;
        self.push(Value::Storage(Rc::new(Storage {
            elements,
            folder: self.dialect.folder,
            key,
            base,
        })))
    }

    /// A function that is called with arguments.
    pub(super) fn call(&mut self) -> Result<(), PyTorchError> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let Value::Name(name) = self.values[function] else {
            return Err(self.fault("a function", "another value"));
        };
        self.made_by(name, arguments)
    }

    /// An instance of a class.
    pub(super) fn make(&mut self) -> Result<(), PyTorchError> {
        let (arguments, class) = (self.pop()?, self.pop()?);
        match self.values[class] {
            Value::Name(Name::Object) => self.push(Value::Object(Vec::new())),
            Value::Name(name @ (Name::Dict | Name::List | Name::First | Name::Plain)) => {
                self.made_by(name, arguments)
            }
            _ => Err(self.fault("a class of data", "another value")),
        }
    }

    /// The attributes of an object.
    pub(super) fn set_attributes(&mut self) -> Result<(), PyTorchError> {
        let (state, object) = (self.pop()?, self.pop()?);
        let of_object = match (&self.values[object], &self.values[state]) {
            (Value::Object(_), Value::Dict(attributes)) => Some(attributes.clone()),
            // What its class has of it.
            (Value::Object(_), _) => None,
            // PyTorch keeps versions of modules in attributes of its dictionaries.
            (Value::Dict(_) | Value::List(_) | Value::Tensor(_) | Value::Plain, _) => {
                Some(Vec::new())
            }
            _ => return Err(self.fault("an object to set attributes of", "another value")),
        };
        let of_object = match of_object {
            Some(attributes) => attributes,
            None => {
                self.push(Value::Text("state".into()))?;
                vec![(self.pop()?, state)]
            }
        };
        self.spend(2 * size_of_val(&of_object[..]))?;
        if let Value::Object(attributes) = &mut self.values[object] {
            attributes.extend(of_object);
        }
        self.stack.push(object);
        Ok(())
    }

    fn made_by(&mut self, name: Name, arguments: Id) -> Result<(), PyTorchError> {
        let arguments = self.list(arguments)?;
        let first = arguments.first().copied();
        match (name, first) {
            (Name::Dict | Name::DefaultDict, None) | (Name::DefaultDict, Some(_)) => {
                self.push(Value::Dict(Vec::new()))
            }
            (Name::Dict, Some(pairs)) => self.dictionary(pairs),
            (Name::List, None) => self.push(Value::List(Vec::new())),
            // They are what they are made of.
            (Name::First | Name::List, Some(first)) => {
                self.stack.push(first);
                Ok(())
            }
            (Name::Delegate, _) => match *arguments {
                [function, _, arguments, _] => match self.values[function] {
                    Value::Name(name) if name != Name::Delegate => self.made_by(name, arguments),
                    _ => Err(self.fault("a function", "another value")),
                },
                _ => Err(self.fault("arguments that fit", "others")),
            },
            (Name::Plain, _) => {
                self.stack.push(PLAIN);
                Ok(())
            }
            (Name::Tensor | Name::QuantizedTensor, _) => match arguments.first_chunk().copied() {
                Some([storage, offset, shape, stride]) => {
                    if let Some(&metadata) = arguments.get(6) {
                        self.check_is_plain(metadata)?;
                    }
                    let elements = self.elements(storage)?;
                    self.tensor(elements, storage, offset, shape, stride)
                }
                None => Err(self.fault("arguments that fit", "others")),
            },
            (Name::TypedTensor, _) => match arguments.first_chunk().copied() {
                Some([storage, offset, shape, stride, _, _, elements]) => {
                    let Value::Name(Name::Type(elements)) = self.values[elements] else {
                        return Err(self.fault("the type of elements", "another value"));
                    };
                    self.tensor(elements, storage, offset, shape, stride)
                }
                None => Err(self.fault("arguments that fit", "others")),
            },
            (Name::MetaTensor, _) => match arguments.get(1).copied() {
                Some(shape) => {
                    let shape = self.sizes(shape)?;
                    self.push_empty(META, shape)
                }
                None => Err(self.fault("arguments that fit", "others")),
            },
            (Name::SparseTensor, _) => match arguments.get(1).copied() {
                Some(parts) => self.sparse(parts),
                None => Err(self.fault("arguments that fit", "others")),
            },
            _ => Err(self.fault("arguments that fit", "others")),
        }
    }

    fn dictionary(&mut self, pairs: Id) -> Result<(), PyTorchError> {
        if let Value::Dict(pairs) = &self.values[pairs] {
            let copy = pairs.clone();
            self.spend(size_of_val(&copy[..]))?;
            return self.push(Value::Dict(copy));
        }
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

    /// Refuses a tensor that is another than its storage holds: what `{"conj": True, "neg": True}` say.
    fn check_is_plain(&self, metadata: Id) -> Result<(), PyTorchError> {
        let Value::Dict(items) = &self.values[metadata] else {
            return Ok(());
        };
        let mut values = items.iter().map(|&(_, value)| &self.values[value]);
        match values.any(|value| matches!(value, Value::Bool(true))) {
            true => Err(self.fault(
                "a tensor with the numbers that it holds",
                "one that is conjugated or negated when it is read: in Python, save it as \
                 .resolve_conj().resolve_neg()",
            )),
            false => Ok(()),
        }
    }

    fn elements(&self, storage: Id) -> Result<Elements, PyTorchError> {
        match &self.values[storage] {
            Value::Storage(storage) => Ok(storage.elements),
            _ => Err(self.fault("a storage", "another value")),
        }
    }

    fn tensor(
        &mut self,
        elements: Elements,
        storage: Id,
        offset: Id,
        shape: Id,
        stride: Id,
    ) -> Result<(), PyTorchError> {
        let Value::Storage(storage) = &self.values[storage] else {
            return Err(self.fault("a storage", "another value"));
        };
        let storage = storage.clone();
        let view = View {
            elements,
            offset: self.size(offset)?.saturating_add(storage.base),
            storage,
            shape: self.sizes(shape)?,
            stride: self.sizes(stride)?,
        };
        self.push_tensor(view)
    }

    /// Of `(indices, values, shape, …)`; there may be more than one tensor of indices.
    fn sparse(&mut self, parts: Id) -> Result<(), PyTorchError> {
        let parts = self.list(parts)?;
        let shape = parts
            .iter()
            .take(MAX_PARTS)
            .find(|&&part| self.is_shape(part));
        let shape = match shape {
            Some(&shape) => self.sizes(shape)?,
            None => return Err(self.fault("a sparse tensor's shape", "none")),
        };
        self.push_empty(SPARSE, shape)
    }

    /// A tensor whose numbers lie in no storage.
    fn push_empty(&mut self, elements: Elements, shape: Vec<usize>) -> Result<(), PyTorchError> {
        self.push_tensor(View {
            elements,
            storage: Rc::new(Storage {
                elements,
                folder: "",
                key: "".into(),
                base: 0,
            }),
            offset: 0,
            stride: vec![0; shape.len()],
            shape,
        })
    }

    fn is_shape(&self, id: Id) -> bool {
        let is_size = |&id: &Id| matches!(self.values[id], Value::Int(0..));
        matches!(&self.values[id], Value::List(items)
            if items.len() <= MAX_AXES && items.iter().all(is_size))
    }

    fn push_tensor(&mut self, view: View) -> Result<(), PyTorchError> {
        let axes = view.shape.len() + view.stride.len();
        self.spend(size_of::<View>() + axes * size_of::<usize>())?;
        self.has_tensors = true;
        self.push(Value::Tensor(Rc::new(view)))
    }
}
