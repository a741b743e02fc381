use std::mem::size_of;
use std::rc::Rc;

use burn::tensor::TensorData;

use super::budget::Budget;
use super::values::Values;
use super::{Dialect, Id, Pickle, PyTorchError, Value, View};

/// Dictionaries in dictionaries, and values in all: a pickle can hold itself, or double at each level.
const MAX_DEPTH: usize = 64;
const MAX_VALUES: usize = 1 << 20;

/// What a tensor takes beside its elements and its name: an entry in the list, and one in the result.
const PER_TENSOR: usize = size_of::<(String, Rc<View>)>() + size_of::<(String, TensorData)>();

impl Pickle {
    /// The tensors with their names, in the pickle's order.
    ///
    /// # Errors
    ///
    /// If containers hold themselves or more than a million values, or the names take too much memory.
    pub fn into_tensors(self) -> Result<Vec<(String, Rc<View>)>, PyTorchError> {
        let mut found = Found {
            dialect: self.dialect,
            name: String::new(),
            tensors: Vec::new(),
            values: 0,
            budget: self.budget,
            offset: self.length,
        };
        found.collect(&self.values, self.root, 0)?;
        Ok(found.tensors)
    }
}

/// The tensors so far, and where the walk through the containers is.
struct Found {
    dialect: Dialect,
    /// The keys down to the value at hand, joined by dots.
    name: String,
    tensors: Vec<(String, Rc<View>)>,
    /// How many have been visited.
    values: usize,
    budget: Budget,
    /// The end of the pickle, for errors.
    offset: usize,
}

impl Found {
    fn collect(&mut self, values: &Values, id: Id, depth: usize) -> Result<(), PyTorchError> {
        self.values += 1;
        if depth > MAX_DEPTH || self.values > MAX_VALUES {
            return Err(PyTorchError::Deep {
                pickle: self.dialect.pickle,
            });
        }
        match &values[id] {
            Value::Tensor(view) => {
                self.spend(PER_TENSOR + self.name.len())?;
                self.tensors.push((self.name.clone(), view.clone()));
            }
            Value::List(items) => {
                for (index, &item) in items.iter().enumerate() {
                    self.collect_under(&index.to_string(), values, item, depth)?;
                }
            }
            Value::Dict(items) | Value::Object(items) => {
                for &(key, item) in items {
                    // A module of TorchScript has its parameters in lists besides; what its class packs
                    // them into is called the state.
                    let is_state = matches!(&values[key], Value::Text(text) if **text == *"state");
                    if self.dialect.script && matches!(values[item], Value::List(_)) && !is_state {
                        continue;
                    }
                    match &values[key] {
                        Value::Text(text) => self.collect_under(text, values, item, depth)?,
                        Value::Int(n) => {
                            self.collect_under(&n.to_string(), values, item, depth)?;
                        }
                        // Nothing that PyTorch writes has tensors under other keys.
                        _ => {}
                    }
                }
            }
            Value::Plain
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Text(_)
            | Value::Storage(_)
            | Value::Name(_) => {}
        }
        Ok(())
    }

    /// The tensors of the item that its container holds under `key`.
    fn collect_under(
        &mut self,
        key: &str,
        values: &Values,
        item: Id,
        depth: usize,
    ) -> Result<(), PyTorchError> {
        // Long keys cost time, too, however often they are cut off again.
        self.spend(key.len())?;
        let outer = self.name.len();
        if outer > 0 {
            self.name.push('.');
        }
        self.name.push_str(key);
        self.collect(values, item, depth + 1)?;
        self.name.truncate(outer);
        Ok(())
    }

    fn spend(&mut self, bytes: usize) -> Result<(), PyTorchError> {
        let offset = self.offset;
        let spent = self.budget.spend(bytes);
        spent.map_err(|limit| PyTorchError::Memory {
            pickle: self.dialect.pickle,
            offset,
            limit,
        })
    }
}
