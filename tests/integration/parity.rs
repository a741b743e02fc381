//! The same numbers as PyTorch 2.9, from the same weights: values within 1e-5, gradients within
//! 1e-4 of the largest entry. And the same training, step by step. The files are made by golden/generate.py.

use std::collections::BTreeSet;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use rnn_model::{
    Cell, CharRnnConfig, GruStep, LstmState, LstmStep, Nonlinearity, RecurrentConfig, RnnConfig,
    RnnStep, StateDict,
};
use rnn_train::{CharLoader, FitConfig, Schedule, Trainer};
use tests::{devices, gradients, relative_error};

const INPUT: usize = 4;
const HIDDEN: usize = 6;

fn golden(file: &str) -> StateDict {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("golden")
        .join(file);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    StateDict::from_safetensors(&bytes).expect("a golden file")
}

/// A case's options by name, from `num_layers=2,bidirectional=true`.
fn option<'a>(case: &'a str, name: &str) -> Option<&'a str> {
    case.split(',')
        .find_map(|option| option.strip_prefix(name)?.strip_prefix('='))
}

/// How a cell's options and state look in the golden files.
trait Golden: Cell + Default {
    fn configured(_case: &str, config: RecurrentConfig<Self>) -> RecurrentConfig<Self> {
        config
    }
    fn state(of: impl Fn(&str) -> Tensor<3>) -> Self::State<3>;
    fn parts(state: Self::State<3>) -> Vec<(&'static str, Tensor<3>)>;
}

impl Golden for RnnStep {
    fn configured(case: &str, config: RnnConfig) -> RnnConfig {
        match option(case, "nonlinearity") {
            Some("tanh") => config.with_nonlinearity(Nonlinearity::Tanh),
            Some("relu") => config.with_nonlinearity(Nonlinearity::Relu),
            other => panic!("{case}: nonlinearity {other:?}"),
        }
    }
    fn state(of: impl Fn(&str) -> Tensor<3>) -> Tensor<3> {
        of("h")
    }
    fn parts(state: Tensor<3>) -> Vec<(&'static str, Tensor<3>)> {
        vec![("h", state)]
    }
}

impl Golden for GruStep {
    fn state(of: impl Fn(&str) -> Tensor<3>) -> Tensor<3> {
        of("h")
    }
    fn parts(state: Tensor<3>) -> Vec<(&'static str, Tensor<3>)> {
        vec![("h", state)]
    }
}

impl Golden for LstmStep {
    fn state(of: impl Fn(&str) -> Tensor<3>) -> LstmState<3> {
        LstmState {
            h: of("h"),
            c: of("c"),
        }
    }
    fn parts(state: LstmState<3>) -> Vec<(&'static str, Tensor<3>)> {
        vec![("h", state.h), ("c", state.c)]
    }
}

fn check_file<C: Golden>(file: &str, cases: usize) {
    let golden = golden(file);
    let names: BTreeSet<&str> = golden
        .names()
        .filter_map(|name| name.split('/').next())
        .collect();
    assert_eq!(names.len(), cases);
    for case in names {
        let case_golden = golden.strip_prefix(&format!("{case}/"));
        for (device_name, device) in devices() {
            check_case::<C>(case, &case_golden, &device.autodiff(), &device_name);
        }
    }
}

fn check_case<C: Golden>(case: &str, golden: &StateDict, device: &Device, device_name: &str) {
    let is = |name| option(case, name) == Some("true");
    let layers: usize = option(case, "num_layers").map_or(0, |n| n.parse().expect("a number"));
    let config = RecurrentConfig::<C>::new(INPUT, HIDDEN)
        .with_num_layers(layers)
        .with_bidirectional(is("bidirectional"))
        .with_bias(is("bias"))
        .with_batch_first(is("batch_first"));
    let module = C::configured(case, config).init(device);
    let module = golden
        .strip_prefix("weight/")
        .load_into(module)
        .expect("PyTorch's names and shapes are ours");

    let value = |name: String| -> TensorData {
        let data = golden.get(&name);
        data.unwrap_or_else(|| panic!("{case}: no {name}")).clone()
    };
    let tensor = |name: String| Tensor::<3>::from_data(value(name), device);
    let input = tensor("in/x".into()).require_grad();
    let state = C::state(|part| tensor(format!("in/{part}_0")).require_grad());
    let start = C::parts(state.clone());
    let (output, end) = module.forward(input.clone(), Some(state));

    let check = |kind: &str, name: &str, found: TensorData, tolerance: f64| {
        let error = relative_error(&found, &value(format!("{kind}/{name}")));
        assert!(
            error <= tolerance,
            "{device_name}, {case}: {kind} {name} is off by {error:e}"
        );
    };
    check("out", "output", output.to_data(), 1e-5);
    let mut loss = (output * tensor("in/upstream".into())).sum();
    for (part, after) in C::parts(end) {
        check("out", &format!("{part}_n"), after.to_data(), 1e-5);
        loss = loss + (after * tensor(format!("in/upstream_{part}"))).sum();
    }

    let grads = loss.backward();
    let gradient = |tensor: &Tensor<3>| tensor.grad(&grads).expect("a gradient").into_data();
    check("grad", "x", gradient(&input), 1e-4);
    for (part, before) in start {
        check("grad", &format!("{part}_0"), gradient(&before), 1e-4);
    }
    for (name, found) in gradients(&module, &grads) {
        check("grad", &name, found, 1e-4);
    }
}

#[test]
fn parity_rnn() {
    let _alone = tests::seeded();
    check_file::<RnnStep>("rnn.safetensors", 32);
}

#[test]
fn parity_lstm() {
    let _alone = tests::seeded();
    check_file::<LstmStep>("lstm.safetensors", 16);
}

#[test]
fn parity_gru() {
    let _alone = tests::seeded();
    check_file::<GruStep>("gru.safetensors", 16);
}

#[test]
fn parity_training() {
    let _alone = tests::seeded();
    // Carried state, cross entropy, clipping, Adam and the one-cycle schedule: if any of them, or
    // their order, were another, the weights would be.
    let golden = golden("training.safetensors");
    for (name, device) in devices() {
        let model = CharRnnConfig::new(5, 3, 5).init(&device);
        let model = golden.strip_prefix("before/").load_into(model);
        let model = model.expect("PyTorch's names and shapes are ours");
        let pairs = vec![(vec![0, 1, 0, 2, 3, 3], vec![1, 0, 2, 3, 3, 4])];
        let config = FitConfig {
            learning_rate: 0.1,
            schedule: Schedule::OneCycle,
            clip_norm: Some(0.5),
            carry_state: true,
            ..FitConfig::new(5)
        };
        let loader = CharLoader::sequences(pairs, 5, 1);
        let fitted = Trainer::new(config).fit(model, loader).expect("a training");

        let losses = fitted.history.iter().map(|report| report.train_loss as f32);
        let losses = TensorData::new(losses.collect::<Vec<_>>(), [5]);
        let error = relative_error(&losses, golden.get("losses").expect("losses"));
        assert!(error < 1e-5, "{name}: the losses are off by {error:e}");
        let expected = golden.strip_prefix("after/");
        let found = StateDict::of(&fitted.model);
        for parameter in expected.names() {
            let (found, expected) = (found.get(parameter), expected.get(parameter));
            let error = relative_error(found.expect(parameter), expected.expect(parameter));
            assert!(error < 1e-4, "{name}: {parameter} is off by {error:e}");
        }
    }
}
