//! The same numbers as PyTorch 2.9 from the same weights: outputs within 1e-5, gradients within
//! 1e-4, relative to the largest element; each element by itself within the same relative to it and a
//! fifth of that relative to the largest. The files are made by golden/generate.py.

mod archives;
mod bombs;
mod cells;
mod checkpoints;
mod forms;
mod formula;
mod language;
mod large;
mod layers;
mod modules;
mod pickles;
mod tagging;
mod training;
mod variants;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use rnn_model::{Cell, GruStep, LstmState, LstmStep, RnnStep, StateDict};
use tests::{elementwise_error, gradients, relative_error};

use self::formula::{formula, picked, sums};

const INPUT: usize = 3;
const HIDDEN: usize = 4;

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("golden")
        .join(file)
}

fn golden(file: &str) -> StateDict {
    let path = path(file);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    StateDict::from_safetensors(&bytes).expect("a golden file")
}

/// The cases of a file, each with its tensors.
fn cases(file: &str) -> Vec<(String, StateDict)> {
    let golden = golden(file);
    let names: BTreeSet<&str> = golden
        .names()
        .filter_map(|name| name.split('/').next())
        .collect();
    names
        .into_iter()
        .map(|case| (case.to_owned(), golden.strip_prefix(&format!("{case}/"))))
        .collect()
}

/// Whether a case has an option: `bidirectional` in `num_layers=2,bidirectional`.
fn is(case: &str, name: &str) -> bool {
    case.split(',').any(|option| option == name)
}

/// The value of a case's option.
fn option<'a>(case: &'a str, name: &str) -> Option<&'a str> {
    case.split(',')
        .find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
}

/// The names of a cell's state in the golden files.
trait Golden: Cell + Default {
    fn state<const D: usize>(of: impl Fn(&str) -> Tensor<D>) -> Self::State<D>;
    fn parts<const D: usize>(state: Self::State<D>) -> Vec<(&'static str, Tensor<D>)>;
}

impl Golden for RnnStep {
    fn state<const D: usize>(of: impl Fn(&str) -> Tensor<D>) -> Tensor<D> {
        of("h")
    }
    fn parts<const D: usize>(state: Tensor<D>) -> Vec<(&'static str, Tensor<D>)> {
        vec![("h", state)]
    }
}

impl Golden for GruStep {
    fn state<const D: usize>(of: impl Fn(&str) -> Tensor<D>) -> Tensor<D> {
        of("h")
    }
    fn parts<const D: usize>(state: Tensor<D>) -> Vec<(&'static str, Tensor<D>)> {
        vec![("h", state)]
    }
}

impl Golden for LstmStep {
    fn state<const D: usize>(of: impl Fn(&str) -> Tensor<D>) -> LstmState<D> {
        LstmState {
            h: of("h"),
            c: of("c"),
        }
    }
    fn parts<const D: usize>(state: LstmState<D>) -> Vec<(&'static str, Tensor<D>)> {
        vec![("h", state.h), ("c", state.c)]
    }
}

/// One case on one device.
struct Case<'a> {
    name: &'a str,
    golden: &'a StateDict,
    device: &'a Device,
    device_name: &'a str,
    /// The shapes of inputs and upstream gradients that follow from their names; others are in the file.
    shapes: BTreeMap<String, Vec<usize>>,
}

impl Case<'_> {
    fn value(&self, name: &str) -> &TensorData {
        let data = self.golden.get(name);
        data.unwrap_or_else(|| panic!("{}: no {name}", self.name))
    }

    fn given<const D: usize>(&self, name: &str) -> Tensor<D> {
        let data = match self.shapes.get(name) {
            Some(shape) => formula(&format!("{}/in/{name}", self.name), shape, 1.0),
            None => self.value(&format!("in/{name}")).clone(),
        };
        Tensor::from_data(data, self.device)
    }

    /// A tensor with respect to which the gradient is computed.
    fn input<const D: usize>(&self, name: &str) -> Tensor<D> {
        self.given(name).require_grad()
    }

    fn state<C: Golden, const D: usize>(&self) -> C::State<D> {
        C::state(|part| self.input(&format!("{part}_0")))
    }

    /// Compares with the whole tensor in the file, or else with some elements and sums.
    fn check(&self, name: &str, found: &TensorData, tolerance: f64) {
        let what = format!("{}, {}: {name}", self.device_name, self.name);
        let expected = self.value(name);
        let found = match self.golden.get(&format!("sum/{name}")) {
            None => found.clone(),
            Some(expected) => {
                let expected: Vec<f64> = expected.iter().collect();
                let found_sums = sums(found);
                for (found, expected_sum) in found_sums.into_iter().zip(&expected) {
                    let off = (found - expected_sum).abs();
                    assert!(
                        off <= tolerance * expected[1],
                        "{what}: sum {found}, {expected:?}"
                    );
                }
                picked(&format!("{}/{name}", self.name), found)
            }
        };
        let error = relative_error(&found, expected);
        assert!(
            error <= tolerance,
            "{what} is off by {error:e} of the largest"
        );
        // However small an element is, the terms of its sum are as large as others'.
        let largest = expected.iter::<f64>().fold(1.0, |max, e| e.abs().max(max));
        let error = elementwise_error(&found, expected, tolerance * largest / 5.0, tolerance);
        assert!(
            error <= 1.0,
            "{what}: an element is off by {error} of what it may be"
        );
    }

    fn check_output(&self, name: &str, found: &TensorData) {
        self.check(&format!("out/{name}"), found, 1e-5);
    }

    fn check_gradient(&self, name: &str, found: &TensorData) {
        self.check(&format!("grad/{name}"), found, 1e-4);
    }

    /// Checks a module's outputs for an input and a state, and all gradients; gives all of them.
    fn check_run<C: Golden, M: Module, const D: usize, const S: usize>(
        &self,
        module: &M,
        run: impl Fn(Tensor<D>, C::State<S>) -> (Tensor<D>, C::State<S>),
    ) -> Vec<(String, TensorData)> {
        let input = self.input("x");
        let start = self.state::<C, S>();
        let (output, end) = run(input.clone(), start.clone());
        let outputs = vec![("output", output)];
        self.check_all::<C, _, D, S>(module, (input, start), outputs, end)
    }

    /// Checks outputs and the state after them, and the gradients with respect to the weights, the input
    /// and the state before them; gives all of them.
    fn check_all<C: Golden, M: Module, const D: usize, const S: usize>(
        &self,
        module: &M,
        (input, start): (Tensor<D>, C::State<S>),
        outputs: Vec<(&str, Tensor<D>)>,
        end: C::State<S>,
    ) -> Vec<(String, TensorData)> {
        let mut all = Vec::new();
        let mut losses: Vec<Tensor<1>> = Vec::new();
        for (name, output) in outputs {
            all.push((name.to_owned(), output.to_data()));
            losses.push((output * self.given(&format!("upstream_{name}"))).sum());
        }
        for (part, after) in C::parts(end) {
            let name = format!("{part}_n");
            losses.push((after.clone() * self.given(&format!("upstream_{name}"))).sum());
            all.push((name, after.into_data()));
        }
        for (name, found) in &all {
            self.check_output(name, found);
        }
        let loss = losses.into_iter().reduce(|a, b| a + b);
        let grads = loss.expect("an output").backward();
        let of = |name: &str, gradient: Option<TensorData>| {
            (name.to_owned(), gradient.expect("a gradient"))
        };
        let mut by_name = gradients(module, &grads);
        by_name.push(of("x", input.grad(&grads).map(Tensor::into_data)));
        for (part, before) in C::parts(start) {
            let gradient = before.grad(&grads).map(Tensor::into_data);
            by_name.push(of(&format!("{part}_0"), gradient));
        }
        for (name, found) in &by_name {
            self.check_gradient(name, found);
        }
        let expected = self.golden.names().filter(|name| name.starts_with("grad/"));
        assert_eq!(by_name.len(), expected.count(), "{}: gradients", self.name);
        all.extend(by_name);
        all
    }
}
