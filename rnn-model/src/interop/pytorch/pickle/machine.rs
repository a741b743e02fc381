use std::collections::HashMap;

use super::input::Input;
use super::{Id, Name, Pickle, PyTorchError, Storage, Value, View};

/// The machine, and how far it is.
pub(super) struct Machine<'a> {
    input: Input<'a>,
    values: Vec<Value>,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    memo: HashMap<u32, Id>,
}

impl<'a> Machine<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self {
            input: Input::new(bytes),
            values: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: HashMap::new(),
        }
    }

    /// All instructions.
    pub fn run(mut self) -> Result<Pickle, PyTorchError> {
        while !self.step()? {}
        let root = self.pop()?;
        Ok(Pickle {
            values: self.values,
            root,
        })
    }

    /// One instruction; true after the last. The codes are those of Python's `pickletools`.
    fn step(&mut self) -> Result<bool, PyTorchError> {
        let [code] = self.input.array()?;
        match code {
            b'.' => return Ok(true),
            0x80 => drop(self.input.array::<1>()?), // PROTO
            0x95 => drop(self.input.array::<8>()?), // FRAME
            b'N' | 0x88 | 0x89 => self.push(Value::Plain), // None, True, False
            b'K' => {
                let [n] = self.input.array()?;
                self.push(Value::Int(n.into()));
            }
            b'M' => {
                let n = u16::from_le_bytes(self.input.array()?);
                self.push(Value::Int(n.into()));
            }
            b'J' => {
                let n = i32::from_le_bytes(self.input.array()?);
                self.push(Value::Int(n.into()));
            }
            0x8a => self.long()?,
            b'G' => {
                self.input.array::<8>()?;
                self.push(Value::Plain);
            }
            0x8c | b'U' => {
                let [length] = self.input.array()?;
                self.text(length.into())?;
            }
            b'X' | b'T' => {
                let length = u32::from_le_bytes(self.input.array()?);
                self.text(length as usize)?;
            }
            b'C' => {
                let [length] = self.input.array()?;
                self.input.take(length.into())?;
                self.push(Value::Plain);
            }
            b'B' => {
                let length = u32::from_le_bytes(self.input.array()?);
                self.input.take(length as usize)?;
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
                let [slot] = self.input.array()?;
                self.remember(slot.into())?;
            }
            b'r' => {
                let slot = u32::from_le_bytes(self.input.array()?);
                self.remember(slot)?;
            }
            0x94 => self.remember(self.memo.len() as u32)?,
            b'h' => {
                let [slot] = self.input.array()?;
                self.recall(slot.into())?;
            }
            b'j' => {
                let slot = u32::from_le_bytes(self.input.array()?);
                self.recall(slot)?;
            }
            b'0' => drop(self.pop()?),
            b'1' => drop(self.pop_to_mark()?),
            b'2' => {
                let top = self.pop()?;
                self.stack.extend([top, top]);
            }
            b'c' => {
                let (module, name) = (self.input.line()?, self.input.line()?);
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
        self.input.fault(expected, found)
    }

    fn text(&mut self, length: usize) -> Result<(), PyTorchError> {
        let text = String::from_utf8_lossy(self.input.take(length)?).into_owned();
        self.push(Value::Text(text));
        Ok(())
    }

    /// An integer of any length. What is beyond 64 bits is a seed or the like.
    fn long(&mut self) -> Result<(), PyTorchError> {
        let [length] = self.input.array()?;
        let bytes = self.input.take(length.into())?;
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
                offset: self.input.at(),
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
