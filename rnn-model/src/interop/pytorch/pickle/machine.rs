mod call;

use std::mem::size_of;

use super::budget::Budget;
use super::input::Input;
use super::values::Values;
use super::{Dialect, Id, Pickle, PyTorchError, Value};

/// Where the values are that are all alike.
const PLAIN: Id = 0;
const TRUE: Id = 1;
const FALSE: Id = 2;

/// The longest name, in bytes, of a class, a function, or a tensor in another encoding than UTF-8.
const MAX_NAME: usize = 256;

/// What the memo has at a place without a value.
const ABSENT: Id = Id::MAX;

/// The most values on the stack, and the most marks: an instruction of one byte lays one there.
const MAX_STACK: usize = 1 << 19;

/// The machine, and how far it is.
pub(super) struct Machine<'a> {
    input: Input<'a>,
    dialect: Dialect,
    /// Whether a tensor has been made, so that the pickle is no whole model, which begins with its class.
    has_tensors: bool,
    /// What `values` and `memo` may take. The stack needs none: an instruction lays one reference on it.
    budget: Budget,
    values: Values,
    stack: Vec<Id>,
    /// Heights of the stack.
    marks: Vec<usize>,
    /// By their places, which are counted from 0; what is not there is [`ABSENT`].
    memo: Vec<Id>,
}

impl<'a> Machine<'a> {
    pub fn new(input: Input<'a>, dialect: Dialect) -> Self {
        Self {
            budget: Budget::of(input.length()),
            input,
            dialect,
            has_tensors: false,
            values: Values::new([Value::Plain, Value::Bool(true), Value::Bool(false)]),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: Vec::new(),
        }
    }

    /// All instructions.
    pub fn run(mut self) -> Result<Pickle, PyTorchError> {
        while !self.step()? {}
        let root = self.pop()?;
        Ok(Pickle {
            dialect: self.dialect,
            values: self.values,
            root,
            budget: self.budget,
            length: self.input.at(),
        })
    }

    /// One instruction; true after the last. The codes are those of Python's `pickletools`.
    fn step(&mut self) -> Result<bool, PyTorchError> {
        let [code] = self.input.array()?;
        if self.stack.len() > MAX_STACK || self.marks.len() > MAX_STACK {
            return Err(self.fault("at most half a million values on the stack", "more"));
        }
        match code {
            b'.' => return Ok(true),
            0x80 => drop(self.input.array::<1>()?), // PROTO
            0x95 => drop(self.input.array::<8>()?), // FRAME
            b'N' => self.stack.push(PLAIN),
            0x88 => self.stack.push(TRUE),
            0x89 => self.stack.push(FALSE),
            b'K' => {
                let [n] = self.input.array()?;
                self.push(Value::Int(n.into()))?;
            }
            b'M' => {
                let n = u16::from_le_bytes(self.input.array()?);
                self.push(Value::Int(n.into()))?;
            }
            b'J' => {
                let n = i32::from_le_bytes(self.input.array()?);
                self.push(Value::Int(n.into()))?;
            }
            0x8a => {
                let [length] = self.input.array()?;
                self.long(length.into())?;
            }
            0x8b => {
                let length = u32::from_le_bytes(self.input.array()?);
                self.long(length as usize)?;
            }
            b'G' => {
                self.input.array::<8>()?;
                self.stack.push(PLAIN);
            }
            0x8c | b'U' => {
                let [length] = self.input.array()?;
                self.read_text(length.into())?;
            }
            b'X' | b'T' => {
                let length = u32::from_le_bytes(self.input.array()?);
                self.read_text(length as usize)?;
            }
            0x8d => {
                let length = u64::from_le_bytes(self.input.array()?);
                self.read_text(length.try_into().unwrap_or(usize::MAX))?;
            }
            b'C' => {
                let [length] = self.input.array()?;
                self.pass_over(length.into())?;
            }
            b'B' => {
                let length = u32::from_le_bytes(self.input.array()?);
                self.pass_over(length.into())?;
            }
            0x8e | 0x96 => {
                let length = u64::from_le_bytes(self.input.array()?);
                self.pass_over(length)?;
            }
            // Numbers as lines of text.
            b'I' | b'L' | b'F' => {
                self.input.line()?;
                self.stack.push(PLAIN);
            }
            b']' | b')' | 0x8f => self.push(Value::List(Vec::new()))?, // list, tuple, set
            b'}' => self.push(Value::Dict(Vec::new()))?,
            b'(' => self.marks.push(self.stack.len()),
            0x85..=0x87 => {
                let length = usize::from(code - 0x84);
                let start = self.stack.len().checked_sub(length);
                let start = start.filter(|start| *start >= self.floor());
                let start = start.ok_or_else(|| self.fault("a value for a tuple", "none"))?;
                let items = self.stack.split_off(start);
                self.push(Value::List(Vec::new()))?;
                self.extend_list(&items)?;
            }
            b't' | b'l' | 0x91 => {
                let items = self.pop_to_mark()?;
                self.push(Value::List(Vec::new()))?;
                self.extend_list(&items)?;
            }
            b'a' => {
                let item = self.pop()?;
                self.extend_list(&[item])?;
            }
            b'e' | 0x90 => {
                let items = self.pop_to_mark()?;
                self.extend_list(&items)?;
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
                self.push(Value::Dict(Vec::new()))?;
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
                self.name(&module, &name)?;
            }
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let (module, name) = (self.text(module)?, self.text(name)?);
                self.name(&module, &name)?;
            }
            b'Q' => self.storage()?,
            b'R' => self.call()?,
            0x81 => self.make()?,
            0x92 => {
                self.pop()?; // arguments with names
                self.make()?;
            }
            b'b' => self.set_attributes()?,
            other => {
                return Err(self.fault("an instruction that makes data", &format!("{other:#04x}")));
            }
        }
        Ok(false)
    }

    fn fault(&self, expected: &str, found: &str) -> PyTorchError {
        self.input.fault(expected, found)
    }

    fn read_text(&mut self, length: usize) -> Result<(), PyTorchError> {
        let bytes = self.input.take(length)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                self.spend(text.len())?;
                self.push(Value::Text(text.into()))
            }
            // A name of Python 2, which may be in another encoding.
            Err(_) if length <= MAX_NAME => {
                self.spend(3 * length)?;
                self.push(Value::Text(String::from_utf8_lossy(bytes).into()))
            }
            // Bytes as Python 2 had them, of an array for example.
            Err(_) => {
                self.stack.push(PLAIN);
                Ok(())
            }
        }
    }

    /// Bytes, of which nothing is needed.
    fn pass_over(&mut self, length: u64) -> Result<(), PyTorchError> {
        self.input.take(length.try_into().unwrap_or(usize::MAX))?;
        self.stack.push(PLAIN);
        Ok(())
    }

    /// An integer of any length. What is beyond 64 bits is a seed or the like.
    fn long(&mut self, length: usize) -> Result<(), PyTorchError> {
        let bytes = self.input.take(length)?;
        let n = match bytes.len() {
            0 => 0,
            n @ 1..=8 => {
                let fill = if bytes[n - 1] >= 0x80 { 0xff } else { 0 };
                let mut whole = [fill; 8];
                whole[..n].copy_from_slice(bytes);
                i64::from_le_bytes(whole)
            }
            _ => {
                self.stack.push(PLAIN);
                return Ok(());
            }
        };
        self.push(Value::Int(n))
    }

    /// Takes `bytes` from the budget; called before they are allocated.
    fn spend(&mut self, bytes: usize) -> Result<(), PyTorchError> {
        let offset = self.input.at();
        let spent = self.budget.spend(bytes);
        spent.map_err(|limit| PyTorchError::Memory {
            pickle: self.input.name(),
            offset,
            limit,
        })
    }

    /// Lays a new value on the stack. What it holds beyond itself is the caller's to take from the budget.
    fn push(&mut self, value: Value) -> Result<(), PyTorchError> {
        self.spend(size_of::<Value>())?;
        let id = self.values.push(value);
        self.stack.push(id);
        Ok(())
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

    fn extend_list(&mut self, items: &[Id]) -> Result<(), PyTorchError> {
        let top = self.top()?;
        self.spend(2 * size_of_val(items))?;
        match &mut self.values[top] {
            Value::List(list) => list.extend(items),
            Value::Plain => {}
            _ => return Err(self.fault("a list to append to", "another value")),
        }
        Ok(())
    }

    fn extend_dict(&mut self, items: &[Id]) -> Result<(), PyTorchError> {
        let top = self.top()?;
        if !items.len().is_multiple_of(2) {
            return Err(self.fault("a value for each key", "a key alone"));
        }
        self.spend(2 * size_of_val(items))?;
        match &mut self.values[top] {
            Value::Dict(dict) => dict.extend(items.chunks(2).map(|pair| (pair[0], pair[1]))),
            Value::Plain => {}
            _ => return Err(self.fault("a dictionary to add to", "another value")),
        }
        Ok(())
    }

    fn remember(&mut self, slot: u32) -> Result<(), PyTorchError> {
        let top = self.top()?;
        let place = slot as usize;
        if place >= self.memo.len() {
            // Twice, since a vector grows beyond what it holds.
            let more = place + 1 - self.memo.len();
            self.spend(more.saturating_mul(2 * size_of::<Id>()))?;
            self.memo.resize(place + 1, ABSENT);
        }
        self.memo[place] = top;
        Ok(())
    }

    fn recall(&mut self, slot: u32) -> Result<(), PyTorchError> {
        match self.memo.get(slot as usize) {
            Some(&id) if id != ABSENT => self.stack.push(id),
            _ => return Err(self.fault("a value in the memo", "none")),
        }
        Ok(())
    }
}
