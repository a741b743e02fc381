//! The part of Python's pickle that `torch.save` writes, and nothing that could run.
//!
//! A pickle is a program for a machine with a stack. This machine knows how to make plain values and
//! containers, and of classes and functions only those of a short list that describe tensors; a
//! pickle that names any other is refused where it does, whatever it would have done with it.

use std::collections::HashMap;

use super::PyTorchError;

/// Where a value is in [`Pickle::values`]: containers may be shared, even hold themselves.
pub(super) type Id = usize;

/// What a pickle makes.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// A number, text, `None`, type or device, of which nothing is needed but what keys say.
    Plain,
    Int(i64),
    Text(String),
    List(Vec<Id>),
    /// Keys and values.
    Dict(Vec<(Id, Id)>),
    Tensor(View),
    Storage(Storage),
    /// One of the names that are allowed.
    Name(Name),
}

/// A tensor as a view of a storage.
#[derive(Clone, Debug)]
pub(super) struct View {
    pub storage: Storage,
    /// In elements.
    pub offset: usize,
    pub shape: Vec<usize>,
    /// In elements.
    pub stride: Vec<usize>,
}

/// A piece of memory with a file of its own in the archive.
#[derive(Clone, Debug)]
pub(super) struct Storage {
    /// `FloatStorage`, …
    pub kind: String,
    pub key: String,
}

/// The classes and functions that may be named.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Name {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(String),
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
        Some(match (module, name) {
            ("collections", "OrderedDict") => Self::OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2") => Self::RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Self::RebuildParameter,
            ("torch", storage) if STORAGES.contains(&storage) => Self::Storage(storage.to_owned()),
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
    pub values: Vec<Value>,
    pub root: Id,
}

impl Pickle {
    pub fn parse(bytes: &[u8]) -> Result<Self, PyTorchError> {
        let mut machine = Machine {
            bytes,
            at: 0,
            values: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        };
        while !machine.step()? {}
        let root = machine.pop()?;
        Ok(Self {
            values: machine.values,
            root,
        })
    }
}

struct Machine<'a> {
    bytes: &'a [u8],
    at: usize,
    values: Vec<Value>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a> {
    /// One instruction; true after the last. The codes are those of Python's `pickletools`.
    fn step(&mut self) -> Result<bool, PyTorchError> {
        let [code] = self.array()?;
        match code {
            b'.' => return Ok(true),
            0x80 => drop(self.array::<1>()?),              // PROTO
            0x95 => drop(self.array::<8>()?),              // FRAME
            b'N' | 0x88 | 0x89 => self.push(Value::Plain), // None, True, False
            b'K' => {
                let [n] = self.array()?;
                self.push(Value::Int(n.into()));
            }
            b'M' => {
                let n = u16::from_le_bytes(self.array()?);
                self.push(Value::Int(n.into()));
            }
            b'J' => {
                let n = i32::from_le_bytes(self.array()?);
                self.push(Value::Int(n.into()));
            }
            0x8a => self.long()?,
            b'G' => {
                self.array::<8>()?;
                self.push(Value::Plain);
            }
            0x8c | b'U' => {
                let [length] = self.array()?;
                self.text(length.into())?;
            }
            b'X' | b'T' => {
                let length = u32::from_le_bytes(self.array()?);
                self.text(length as usize)?;
            }
            b'C' => {
                let [length] = self.array()?;
                self.take(length.into())?;
                self.push(Value::Plain);
            }
            b'B' => {
                let length = u32::from_le_bytes(self.array()?);
                self.take(length as usize)?;
                self.push(Value::Plain);
            }
            b']' | b')' | 0x8f => self.push(Value::List(Vec::new())), // list, tuple, set
            b'}' => self.push(Value::Dict(Vec::new())),
            b'(' => self.marks.push(self.stack.len()),
            0x85..=0x87 => {
                let length = usize::from(code - 0x84);
                let start = self.stack.len().checked_sub(length);
                let start = start.filter(|start| *start >= self.floor());
                let start = start.ok_or_else(|| self.fault("a value for a tuple", "none"))?;
                let items = self.stack.split_off(start);
                self.push(Value::List(items));
            }
            b't' | b'l' | 0x91 => {
                let items = self.pop_to_mark()?;
                self.push(Value::List(items));
            }
            b'a' => {
                let item = self.pop()?;
                self.extend_list(vec![item])?;
            }
            b'e' | 0x90 => {
                let items = self.pop_to_mark()?;
                self.extend_list(items)?;
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                self.extend_dict(&[key, value])?;
            }
            b'u' => {
                let items = self.pop_to_mark()?;
                self.extend_dict(&items)?;
            }
            b'd' => {
                let items = self.pop_to_mark()?;
                self.push(Value::Dict(Vec::new()));
                self.extend_dict(&items)?;
            }
            b'q' => {
                let [slot] = self.array()?;
                self.remember(slot.into())?;
            }
            b'r' => {
                let slot = u32::from_le_bytes(self.array()?);
                self.remember(slot)?;
            }
            0x94 => self.remember(self.memo.len() as u32)?,
            b'h' => {
                let [slot] = self.array()?;
                self.recall(slot.into())?;
            }
            b'j' => {
                let slot = u32::from_le_bytes(self.array()?);
                self.recall(slot)?;
            }
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_to_mark()?),
            b'2' => {
                let top = self.pop()?;
                self.stack.extend([top, top]);
            }
            b'c' => {
                let (module, name) = (self.line()?, self.line()?);
                self.name(module, name)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (module, name) = (self.as_text(module)?, self.as_text(name)?);
                self.name(module, name)?;
            }
            b'Q' => self.storage()?,
            b'R' => self.call()?,
            // The attributes of a dictionary; PyTorch keeps versions of modules there.
            b'b' => {
                self.pop()?;
                let object = self.pop()?;
                if !matches!(self.values[object], Value::Dict(_)) {
                    return Err(self.fault("a dictionary to set attributes of", "another value"));
                }
                self.stack.push(object);
            }
            other => {
                return Err(self.fault("an instruction that makes data", &format!("{other:#04x}")));
            }
        }
        Ok(false)
    }

    fn fault(&self, expected: &str, found: &str) -> PyTorchError {
        PyTorchError::Pickle {
            offset: self.at,
            expected: expected.to_owned(),
            found: found.to_owned(),
        }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], PyTorchError> {
        let rest = &self.bytes[self.at..];
        if length > rest.len() {
            return Err(self.fault(&format!("{length} more bytes"), &rest.len().to_string()));
        }
        self.at += length;
        Ok(&rest[..length])
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PyTorchError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// Text up to the end of the line.
    fn line(&mut self) -> Result<String, PyTorchError> {
        let rest = &self.bytes[self.at..];
        let Some(length) = rest.iter().position(|&byte| byte == b'\n') else {
            return Err(self.fault("the end of a line", "the end of the file"));
        };
        let line = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.at += 1;
        Ok(line)
    }

    fn text(&mut self, length: usize) -> Result<(), PyTorchError> {
        let text = String::from_utf8_lossy(self.take(length)?).into_owned();
        self.push(Value::Text(text));
        Ok(())
    }

    /// An integer of any length. What is beyond 64 bits is a seed or the like.
    fn long(&mut self) -> Result<(), PyTorchError> {
        let [length] = self.array()?;
        let bytes = self.take(length.into())?;
        self.push(match bytes.len() {
            0 => Value::Int(0),
            n @ 1..=8 => {
                let fill = if bytes[n - 1] >= 0x80 { 0xff } else { 0 };
                let mut whole = [fill; 8];
                whole[..n].copy_from_slice(bytes);
                Value::Int(i64::from_le_bytes(whole))
            }
            _ => Value::Plain,
        });
        Ok(())
    }

    fn push(&mut self, value: Value) {
        self.stack.push(self.values.len());
        self.values.push(value);
    }

    /// The height of the stack at the last mark.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Id, PyTorchError> {
        if self.stack.len() <= self.floor() {
            return Err(self.fault("a value on the stack", "none"));
        }
        self.stack
            .pop()
            .ok_or_else(|| self.fault("a value on the stack", "none"))
    }

    fn pop_to_mark(&mut self) -> Result<Vec<Id>, PyTorchError> {
        match self.marks.pop() {
            Some(mark) => Ok(self.stack.split_off(mark)),
            None => Err(self.fault("a mark on the stack", "none")),
        }
    }

    fn top(&self) -> Result<Id, PyTorchError> {
        match self.stack.last() {
            Some(&top) if self.stack.len() > self.floor() => Ok(top),
            _ => Err(self.fault("a value on the stack", "none")),
        }
    }

    fn extend_list(&mut self, items: Vec<Id>) -> Result<(), PyTorchError> {
        let top = self.top()?;
        match &mut self.values[top] {
            Value::List(list) => list.extend(items),
            _ => return Err(self.fault("a list to append to", "another value")),
        }
        Ok(())
    }

    fn extend_dict(&mut self, items: &[Id]) -> Result<(), PyTorchError> {
        let top = self.top()?;
        if !items.len().is_multiple_of(2) {
            return Err(self.fault("a value for each key", "a key alone"));
        }
        match &mut self.values[top] {
            Value::Dict(dict) => dict.extend(items.chunks(2).map(|pair| (pair[0], pair[1]))),
            _ => return Err(self.fault("a dictionary to add to", "another value")),
        }
        Ok(())
    }

    fn remember(&mut self, slot: u32) -> Result<(), PyTorchError> {
        let top = self.top()?;
        self.memo.insert(slot, top);
        Ok(())
    }

    fn recall(&mut self, slot: u32) -> Result<(), PyTorchError> {
        match self.memo.get(&slot) {
            Some(&id) => self.stack.push(id),
            None => return Err(self.fault("a value in the memo", "none")),
        }
        Ok(())
    }

    /// Where the rest of Python would come in.
    fn name(&mut self, module: String, name: String) -> Result<(), PyTorchError> {
        match Name::of(&module, &name) {
            Some(name) => {
                self.push(Value::Name(name));
                Ok(())
            }
            None => Err(PyTorchError::Object {
                offset: self.at,
                object: format!("{module}.{name}"),
            }),
        }
    }

    fn as_text(&self, id: Id) -> Result<String, PyTorchError> {
        match &self.values[id] {
            Value::Text(text) => Ok(text.clone()),
            _ => Err(self.fault("a text", "another value")),
        }
    }

    fn items(&self, id: Id) -> Result<Vec<Id>, PyTorchError> {
        match &self.values[id] {
            Value::List(items) => Ok(items.clone()),
            _ => Err(self.fault("a list or tuple", "another value")),
        }
    }

    fn sizes(&self, id: Id) -> Result<Vec<usize>, PyTorchError> {
        let size = |id: Id| match self.values[id] {
            Value::Int(n) if n >= 0 => Ok(n as usize),
            _ => Err(self.fault("a size", "another value")),
        };
        self.items(id)?.into_iter().map(size).collect()
    }

    /// `("storage", torch.FloatStorage, key, device, elements)`
    fn storage(&mut self) -> Result<(), PyTorchError> {
        let id = self.pop()?;
        let items = self.items(id)?;
        let [_, kind, key, _, _] = items[..] else {
            return Err(self.fault("a storage", "another value"));
        };
        let Value::Name(Name::Storage(kind)) = &self.values[kind] else {
            return Err(self.fault("a kind of storage", "another value"));
        };
        let storage = Storage {
            kind: kind.clone(),
            key: self.as_text(key)?,
        };
        self.push(Value::Storage(storage));
        Ok(())
    }

    fn call(&mut self) -> Result<(), PyTorchError> {
        let (arguments, function) = (self.pop()?, self.pop()?);
        let arguments = self.items(arguments)?;
        let Value::Name(name) = self.values[function].clone() else {
            return Err(self.fault("a function", "another value"));
        };
        let first = arguments.first().copied();
        let value = match (name, first) {
            (Name::OrderedDict, None) => Value::Dict(Vec::new()),
            (Name::OrderedDict, Some(pairs)) => {
                let pairs = self.items(pairs)?.into_iter().map(|pair| {
                    let pair = self.items(pair)?;
                    match pair[..] {
                        [key, value] => Ok((key, value)),
                        _ => Err(self.fault("a key and a value", "another value")),
                    }
                });
                Value::Dict(pairs.collect::<Result<_, _>>()?)
            }
            (Name::RebuildParameter, Some(data)) => self.values[data].clone(),
            (Name::Size, Some(sizes)) => Value::List(self.items(sizes)?),
            (Name::Plain, _) => Value::Plain,
            (Name::RebuildTensor, Some(_)) if arguments.len() >= 4 => {
                let Value::Storage(storage) = self.values[arguments[0]].clone() else {
                    return Err(self.fault("a storage", "another value"));
                };
                let Value::Int(offset @ 0..) = self.values[arguments[1]] else {
                    return Err(self.fault("an offset", "another value"));
                };
                Value::Tensor(View {
                    storage,
                    offset: offset as usize,
                    shape: self.sizes(arguments[2])?,
                    stride: self.sizes(arguments[3])?,
                })
            }
            _ => return Err(self.fault("arguments that fit", "others")),
        };
        self.push(value);
        Ok(())
    }
}
