//! The same numbers as PyTorch 2.9 from the same weights: outputs within 1e-5, gradients within
//! 1e-4, relative to the largest element. The files are made by golden/generate.py.

mod bombs;
mod cells;
mod checkpoints;
mod layers;
mod modules;
mod pickles;
mod training;
mod variants;

use std::collections::BTreeSet;
use std::path::PathBuf;

use burn::module::Module;
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use rnn_model::{Cell, GruStep, LstmState, LstmStep, RnnStep, StateDict};
use tests::{gradients, relative_error};

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
}

impl Case<'_> {
    fn value(&self, name: &str) -> &TensorData {
        let data = self.golden.get(name);
        data.unwrap_or_else(|| panic!("{}: no {name}", self.name))
    }

    fn tensor<const D: usize>(&self, name: &str) -> Tensor<D> {
        Tensor::from_data(self.value(name).clone(), self.device)
    }

    /// A tensor with respect to which the gradient is computed.
    fn input<const D: usize>(&self, name: &str) -> Tensor<D> {
        self.tensor(&format!("in/{name}")).require_grad()
    }

    fn state<C: Golden, const D: usize>(&self) -> C::State<D> {
        C::state(|part| self.input(&format!("{part}_0")))
    }

    fn check(&self, kind: &str, name: &str, found: &TensorData, tolerance: f64) {
        let error = relative_error(found, self.value(&format!("{kind}/{name}")));
        assert!(
            error <= tolerance,
            "{}, {}: {kind} {name} is off by {error:e}",
            self.device_name,
            self.name
        );
    }

    /// Checks an output, and computes its part of the loss.
    fn judge<const D: usize>(&self, name: &str, output: Tensor<D>) -> Tensor<1> {
        self.check("out", name, &output.to_data(), 1e-5);
        (output * self.tensor(&format!("in/upstream_{name}"))).sum()
    }

    fn check_gradient<const D: usize>(&self, name: &str, of: &Tensor<D>, grads: &Gradients) {
        let found = of.grad(grads).expect("a gradient").into_data();
        self.check("grad", name, &found, 1e-4);
    }

    fn check_weights<M: Module>(&self, module: &M, grads: &Gradients) {
        for (name, found) in gradients(module, grads) {
            self.check("grad", &name, &found, 1e-4);
        }
    }

    /// Checks a module's outputs for an input and a state, and all gradients.
    fn check_run<C: Golden, M: Module, const D: usize, const S: usize>(
        &self,
        module: &M,
        run: impl Fn(Tensor<D>, C::State<S>) -> (Tensor<D>, C::State<S>),
    ) {
        let input = self.input("x");
        let state = self.state::<C, S>();
        let start = C::parts(state.clone());
        let (output, end) = run(input.clone(), state);
        let mut loss = self.judge("output", output);
        for (part, after) in C::parts(end) {
            loss = loss + self.judge(&format!("{part}_n"), after);
        }
        let grads = loss.backward();
        self.check_gradient("x", &input, &grads);
        for (part, before) in start {
            self.check_gradient(&format!("{part}_0"), &before, &grads);
        }
        self.check_weights(module, &grads);
    }
}
