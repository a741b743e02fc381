//! `nn.RNN`, `nn.LSTM` and `nn.GRU`, with all combinations of options.

use std::collections::BTreeMap;

use burn::module::Module;
use burn::tensor::TensorData;
use rnn_model::{
    GruStep, Lengths, LstmConfig, LstmStep, Nonlinearity, RecurrentConfig, RnnConfig, RnnStep,
    StateDict,
};
use tests::devices;

use super::formula::formula;
use super::large::spread_lengths;
use super::{Case, Golden, HIDDEN, INPUT, cases, is, option};

/// Of a module and its input.
#[derive(Clone, Copy, PartialEq)]
pub struct Sizes {
    pub batch: usize,
    pub time: usize,
    pub input: usize,
    pub hidden: usize,
}

/// Those of all combinations of options.
const SIZES: Sizes = Sizes {
    batch: 3,
    time: 5,
    input: INPUT,
    hidden: HIDDEN,
};

/// The options that only one kind of module has.
pub trait Options: Golden {
    fn configured(_case: &str, config: RecurrentConfig<Self>) -> RecurrentConfig<Self> {
        config
    }
}

impl Options for RnnStep {
    fn configured(case: &str, config: RnnConfig) -> RnnConfig {
        match is(case, "relu") {
            true => config.with_nonlinearity(Nonlinearity::Relu),
            false => config,
        }
    }
}

impl Options for LstmStep {
    fn configured(case: &str, config: LstmConfig) -> LstmConfig {
        match is(case, "proj_size") {
            true => {
                let size = config.hidden_size() / 2;
                config.with_proj_size(size)
            }
            false => config,
        }
    }
}

impl Options for GruStep {}

/// Checks the cases with so many layers that satisfy `filter`; there must be `count` of them.
fn check<C: Options>(file: &str, layers: usize, filter: impl Fn(&str) -> bool, count: usize) {
    let _alone = tests::seeded();
    let of_layers = |case: &str| option(case, "num_layers") == Some(&layers.to_string());
    let cases = cases(file)
        .into_iter()
        .filter(|(case, _)| of_layers(case) && filter(case));
    let mut found = 0;
    for (name, golden) in cases {
        found += 1;
        for (device_name, device) in devices() {
            let case = Case {
                name: &name,
                golden: &golden,
                device: &device.autodiff(),
                device_name: &device_name,
                shapes: BTreeMap::new(),
            };
            check_module::<C>(case, SIZES);
        }
    }
    assert_eq!(found, count, "{file}: cases with {layers} layers");
}

/// The shapes of a case's inputs and upstream gradients.
fn shapes(case: &str, layers: usize, output: usize, sizes: Sizes) -> BTreeMap<String, Vec<usize>> {
    let directions = if is(case, "bidirectional") { 2 } else { 1 };
    let steps = |features: usize| match (is(case, "unbatched"), is(case, "time_first")) {
        (true, _) => vec![sizes.time, features],
        (false, true) => vec![sizes.time, sizes.batch, features],
        (false, false) => vec![sizes.batch, sizes.time, features],
    };
    let state = |features: usize| match is(case, "unbatched") {
        true => vec![layers * directions, features],
        false => vec![layers * directions, sizes.batch, features],
    };
    let all = [
        ("x", steps(sizes.input)),
        ("upstream_output", steps(directions * output)),
        ("h_0", state(output)),
        ("upstream_h_n", state(output)),
        ("c_0", state(sizes.hidden)),
        ("upstream_c_n", state(sizes.hidden)),
    ];
    all.map(|(name, shape)| (name.to_owned(), shape)).into()
}

/// Checks a case whose weights and inputs follow from their names; gives all outputs and gradients.
pub fn check_module<C: Options>(mut case: Case<'_>, sizes: Sizes) -> Vec<(String, TensorData)> {
    let name = case.name;
    let layers = option(name, "num_layers").and_then(|layers| layers.parse().ok());
    let layers = layers.expect("a number of layers");
    let config = RecurrentConfig::<C>::new(sizes.input, sizes.hidden)
        .with_num_layers(layers)
        .with_bidirectional(is(name, "bidirectional"))
        .with_bias(!is(name, "no_bias"))
        .with_batch_first(!is(name, "time_first"));
    let config = C::configured(name, config);
    let module = config.init(case.device);
    let mut weights = StateDict::of(&module);
    let names: Vec<String> = weights.names().map(str::to_owned).collect();
    let scale = (1.0 / (sizes.hidden as f64).sqrt()) as f32;
    for weight in names {
        let shape = weights.get(&weight).expect("a weight").shape().to_vec();
        let numbers = formula(&format!("{name}/weight/{weight}"), &shape, scale);
        weights.insert(&weight, numbers);
    }
    let module = weights.load_into(module).expect("its own names and shapes");
    assert_eq!(config.num_params(), module.num_params(), "{name}");
    case.shapes = shapes(name, layers, module.output_size(), sizes);
    if is(name, "unbatched") {
        case.check_run::<C, _, 2, 2>(&module, |input, state| {
            module.forward_unbatched(input, Some(state))
        })
    } else if is(name, "lengths") {
        let lengths = match sizes == SIZES {
            true => vec![2, 4, 3],
            false => spread_lengths(sizes.batch, sizes.time),
        };
        let lengths = Lengths::new(lengths, sizes.time).expect("good lengths");
        case.check_run::<C, _, 3, 3>(&module, |input, state| {
            module.forward_with_lengths(input, &lengths, Some(state))
        })
    } else {
        case.check_run::<C, _, 3, 3>(&module, |input, state| module.forward(input, Some(state)))
    }
}

/// A test for each number of layers and directions, so that a failure shows where it is.
macro_rules! grid {
    ($kind:ident, $step:ty, $file:literal, $count:literal) => {
        mod $kind {
            use super::*;

            const ONE_WAY: fn(&str) -> bool =
                |case| !is(case, "bidirectional") && !is(case, "unbatched");
            const BOTH_WAYS: fn(&str) -> bool =
                |case| is(case, "bidirectional") && !is(case, "unbatched");

            #[test]
            fn one_layer() {
                check::<$step>($file, 1, ONE_WAY, $count);
            }

            #[test]
            fn two_layers() {
                check::<$step>($file, 2, ONE_WAY, $count);
            }

            #[test]
            fn three_layers() {
                check::<$step>($file, 3, ONE_WAY, $count);
            }

            #[test]
            fn one_layer_in_both_directions() {
                check::<$step>($file, 1, BOTH_WAYS, $count);
            }

            #[test]
            fn two_layers_in_both_directions() {
                check::<$step>($file, 2, BOTH_WAYS, $count);
            }

            #[test]
            fn three_layers_in_both_directions() {
                check::<$step>($file, 3, BOTH_WAYS, $count);
            }

            #[test]
            fn one_sequence_without_a_batch() {
                for layers in [1, 2] {
                    check::<$step>($file, layers, |case| is(case, "unbatched"), 2);
                }
            }
        }
    };
}

// The counts are the combinations of bias, time first and lengths, times nonlinearity or proj_size.
grid!(rnn, RnnStep, "rnn.safetensors", 16);
grid!(lstm, LstmStep, "lstm.safetensors", 16);
grid!(gru, GruStep, "gru.safetensors", 8);
