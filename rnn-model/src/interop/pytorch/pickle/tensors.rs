use std::collections::HashSet;
use std::mem::size_of;
use std::rc::Rc;

use burn::tensor::TensorData;

use super::budget::Budget;
use super::values::Values;
use super::{Dialect, Id, Pickle, PyTorchError, Value, View};

/// Dictionaries in dictionaries, and values in all: a pickle can hold itself, or double at each level.
const MAX_DEPTH: usize = 64;
const MAX_VALUES: usize = 1 << 20;

/// The items of all lists, each as often as it is visited.
const MAX_PASSED: usize = 1 << 25;

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
            in_lists: Vec::new(),
            lists: 0,
            values: 0,
            passed: 0,
            budget: self.budget,
            offset: self.length,
        };
        found.collect(&self.values, self.root, 0)?;
        Ok(found.into_tensors())
    }
}

/// The tensors so far, and where the walk through the containers is.
struct Found {
    dialect: Dialect,
    /// The keys down to the value at hand, joined by dots.
    name: String,
    tensors: Vec<(String, Rc<View>)>,
    /// Of each tensor, whether it is in a list.
    in_lists: Vec<bool>,
    /// In how many lists the walk is.
    lists: usize,
    /// How many have been visited.
    values: usize,
    /// How many items lists had.
    passed: usize,
    budget: Budget,
    /// The end of the pickle, for errors.
    offset: usize,
}

impl Found {
    fn collect(&mut self, values: &Values, id: Id, depth: usize) -> Result<(), PyTorchError> {
        self.values += 1;
        if depth > MAX_DEPTH || self.values > MAX_VALUES {
            return Err(self.deep());
        }
        match &values[id] {
            Value::Tensor(view) => {
                self.spend(PER_TENSOR + self.name.len())?;
                self.tensors.push((self.name.clone(), view.clone()));
                self.in_lists.push(self.lists > 0);
            }
            Value::List(items) => {
                // A curve may have millions of values, which cost nothing but the look.
                self.passed += items.len();
                if self.passed > MAX_PASSED {
                    return Err(self.deep());
                }
                self.lists += 1;
                let items = items.iter().enumerate();
                for (index, &item) in items.filter(|&(_, &item)| values[item].may_hold_tensors()) {
                    self.collect_under(&index.to_string(), values, item, depth)?;
                }
                self.lists -= 1;
            }
            Value::Dict(items) | Value::Object(items) => {
                for &(key, item) in items {
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

    fn deep(&self) -> PyTorchError {
        PyTorchError::Deep {
            pickle: self.dialect.pickle,
        }
    }

    /// The tensors, of a TorchScript archive without those in lists that have names besides: its recurrent
    /// modules have their parameters in lists, too.
    fn into_tensors(self) -> Vec<(String, Rc<View>)> {
        if !self.dialect.script {
            return self.tensors;
        }
        let place = |view: &View| {
            let storage = &view.storage;
            (storage.folder, storage.key.clone(), view.offset)
        };
        let pairs = || self.tensors.iter().zip(&self.in_lists);
        let named: HashSet<_> = pairs()
            .filter(|&(_, &in_list)| !in_list)
            .map(|((_, view), _)| place(view))
            .collect();
        let kept =
            pairs().filter(|&((_, view), &in_list)| !in_list || !named.contains(&place(view)));
        kept.map(|(tensor, _)| tensor.clone()).collect()
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
