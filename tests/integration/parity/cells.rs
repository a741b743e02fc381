//! `nn.RNNCell`, `nn.LSTMCell` and `nn.GRUCell`.

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
            };
            let config = RecurrentCellConfig::new(INPUT, HIDDEN).with_bias(!is(&name, "no_bias"));
            let cell = golden
                .strip_prefix("weight/")
                .load_into(configure(&name, config).init(&device))
                .expect("PyTorch's names and shapes are ours");
            let input = case.input::<2>("x");
            let state = case.state::<C, 2>();
            let start = C::parts(state.clone());
            let end = C::parts(cell.forward(input.clone(), Some(state)));
            let losses = end
                .into_iter()
                .map(|(part, after)| case.judge(&format!("{part}_n"), after));
            let loss = losses.reduce(|a, b| a + b).expect("a state");
            let grads = loss.backward();
            case.check_gradient("x", &input, &grads);
            for (part, before) in start {
                case.check_gradient(&format!("{part}_0"), &before, &grads);
            }
            case.check_weights(&cell, &grads);
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
