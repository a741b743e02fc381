//! `nn.RNNCell`, `nn.LSTMCell` and `nn.GRUCell`.

use std::collections::BTreeMap;

use rnn_model::{GruStep, LstmStep, Nonlinearity, RecurrentCellConfig, RnnStep};
use tests::devices;

use super::{Case, Golden, HIDDEN, INPUT, cases, is};

fn check<C: Golden>(
    kind: &str,
    configure: impl Fn(&str, RecurrentCellConfig<C>) -> RecurrentCellConfig<C>,
    count: usize,
) {
    let _alone = tests::seeded();
    let mut found = 0;
    for (name, golden) in cases("cells.safetensors") {
        if !is(&name, kind) {
            continue;
        }
        found += 1;
        for (device_name, device) in devices() {
            let device = device.autodiff();
            let case = Case {
                name: &name,
                golden: &golden,
                device: &device,
                device_name: &device_name,
                shapes: BTreeMap::new(),
            };
            let config = RecurrentCellConfig::new(INPUT, HIDDEN).with_bias(!is(&name, "no_bias"));
            let cell = golden
                .strip_prefix("weight/")
                .load_into(configure(&name, config).init(&device))
                .expect("PyTorch's names and shapes are ours");
            let (input, start) = (case.input::<2>("x"), case.state::<C, 2>());
            let end = cell.forward(input.clone(), Some(start.clone()));
            case.check_all::<C, _, 2, 2>(&cell, (input, start), Vec::new(), end);
        }
    }
    assert_eq!(found, count, "{kind}");
}

#[test]
fn rnn_cell() {
    check::<RnnStep>(
        "RNN",
        |name, config| match is(name, "relu") {
            true => config.with_nonlinearity(Nonlinearity::Relu),
            false => config,
        },
        4,
    );
}

#[test]
fn lstm_cell() {
    check::<LstmStep>("LSTM", |_, config| config, 2);
}

#[test]
fn gru_cell() {
    check::<GruStep>("GRU", |_, config| config, 2);
}
