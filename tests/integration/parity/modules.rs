//! `nn.RNN`, `nn.LSTM` and `nn.GRU`, with all combinations of options.

use burn::module::Module;
use rnn_model::{
    GruStep, Lengths, LstmConfig, LstmStep, Nonlinearity, RecurrentConfig, RnnConfig, RnnStep,
};
use tests::devices;

use super::{Case, Golden, HIDDEN, INPUT, cases, is, option};

/// The lengths of the packed cases, in a batch of 5 steps.
const LENGTHS: [usize; 3] = [2, 4, 3];
const TIME: usize = 5;

/// The options that only one kind of module has.
trait Options: Golden {
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
            true => config.with_proj_size(2),
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
            };
            check_case::<C>(&case, layers);
        }
    }
    assert_eq!(found, count, "{file}: cases with {layers} layers");
}

fn check_case<C: Options>(case: &Case, layers: usize) {
    let name = case.name;
    let config = RecurrentConfig::<C>::new(INPUT, HIDDEN)
        .with_num_layers(layers)
        .with_bidirectional(is(name, "bidirectional"))
        .with_bias(!is(name, "no_bias"))
        .with_batch_first(!is(name, "time_first"));
    let config = C::configured(name, config);
    let module = case
        .golden
        .strip_prefix("weight/")
        .load_into(config.init(case.device))
        .expect("PyTorch's names and shapes are ours");
    assert_eq!(config.num_params(), module.num_params(), "{name}");
    if is(name, "unbatched") {
        case.check_run::<C, _, 2, 2>(&module, |input, state| {
            module.forward_unbatched(input, Some(state))
        });
    } else if is(name, "lengths") {
        let lengths = Lengths::new(LENGTHS, TIME).expect("good lengths");
        case.check_run::<C, _, 3, 3>(&module, |input, state| {
            module.forward_with_lengths(input, &lengths, Some(state))
        });
    } else {
        case.check_run::<C, _, 3, 3>(&module, |input, state| module.forward(input, Some(state)));
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
