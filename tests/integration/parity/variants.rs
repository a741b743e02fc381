//! Layer normalisation and zoneout, compared with step-by-step implementations in PyTorch, which
//! has no modules for them.

use std::collections::BTreeMap;

use burn::module::{Module, ParamGroup};
use rnn_model::{GruStep, LstmConfig, LstmStep, RecurrentConfig, RnnStep};
use tests::devices;

use super::{Case, Golden, HIDDEN, INPUT, cases, is, option};

fn check<C: Golden>(
    kind: &str,
    zoneout: impl Fn(RecurrentConfig<C>, f64, f64) -> RecurrentConfig<C>,
) {
    let _alone = tests::seeded();
    let mut found = 0;
    for (name, golden) in cases("variants.safetensors") {
        if !is(&name, kind) {
            continue;
        }
        found += 1;
        let number =
            |text: Option<&str>| text.and_then(|text| text.parse().ok()).expect("a number");
        let hidden = number(option(&name, "zoneout"));
        let cell = number(name.rsplit(',').next());
        for (device_name, device) in devices() {
            let device = device.autodiff();
            let case = Case {
                name: &name,
                golden: &golden,
                device: &device,
                device_name: &device_name,
                shapes: BTreeMap::new(),
            };
            let config = RecurrentConfig::<C>::new(INPUT, HIDDEN)
                .with_num_layers(2)
                .with_layer_norm(option(&name, "layer_norm") == Some("true"));
            let config = zoneout(config, hidden, cell);
            let module = golden
                .strip_prefix("weight/")
                .load_into(config.init(&device))
                .expect("the names and shapes are ours");
            assert_eq!(config.num_params(), module.num_params(), "{name}");
            // Zoneout is set to evaluation, in which it takes the expectation instead of random
            // masks, while gradients are still computed.
            let module = module.freeze_group(ParamGroup::from_paths(vec![
                "noise.zoneout_hidden.training",
                "noise.zoneout_cell.training",
            ]));
            case.check_run::<C, _, 3, 3>(&module, |input, state| {
                module.forward(input, Some(state))
            });
        }
    }
    assert_eq!(found, 3, "{kind}");
}

#[test]
fn rnn_variants() {
    check::<RnnStep>("RNN", |config, z, _| config.with_zoneout(z));
}

#[test]
fn lstm_variants() {
    check::<LstmStep>("LSTM", |config: LstmConfig, h, c| config.with_zoneout(h, c));
}

#[test]
fn gru_variants() {
    check::<GruStep>("GRU", |config, z, _| config.with_zoneout(z));
}
