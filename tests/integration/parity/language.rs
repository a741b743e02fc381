//! Language models in evaluation: logits, loss and gradients, with the embedding's weight in the output
//! layer and without.

use std::collections::BTreeMap;

use burn::tensor::{Device, Int, Tensor};
use rnn_model::{
    GruConfig, LanguageModel, LanguageModelConfig, LstmConfig, RecurrentModule,
    RecurrentModuleConfig, StateDict, without_noise,
};
use rnn_train::BatchLoss;
use tests::{devices, gradients};

use super::formula::formula;
use super::{Case, cases};

const TOKENS: usize = 7;

/// The model whose weights follow from their names.
fn model<K: RecurrentModuleConfig>(
    case: &str,
    config: &LanguageModelConfig<K>,
    device: &Device,
) -> LanguageModel<K::Module> {
    let model = config.init(device);
    let mut weights = StateDict::of(&model);
    let names: Vec<String> = weights.names().map(str::to_owned).collect();
    for name in names {
        let shape = weights.get(&name).expect("a parameter").shape().clone();
        let data = formula(&format!("{case}/weight/{name}"), &shape, 1.0);
        weights.insert(&name, data);
    }
    let weights = match config.has_tied_weights() {
        // As PyTorch's state dict has it.
        true => {
            let weights = weights.untie("fc.weight", "emb.weight");
            let weights = weights.expect("there is an embedding");
            weights.tie("fc.weight", "emb.weight").expect("equal")
        }
        false => weights,
    };
    weights.load_into(model).expect("the same names")
}

fn check<R: RecurrentModule>(case: &Case<'_>, model: &LanguageModel<R>) {
    let text = case.value("in/text").clone();
    let text = Tensor::<2, Int>::from_data(text, case.device);
    // In evaluation, while gradients are still computed.
    let logits = without_noise(|| {
        let (first, state) = model.forward(text.clone().narrow(1, 0, 3), None);
        let (second, _) = model.forward(text.clone().narrow(1, 3, 3), Some(state));
        Tensor::cat(vec![first, second], 1)
    });
    case.check_output("logits", &logits.to_data());
    let targets = text.narrow(1, 1, 6).flatten(0, 1);
    let loss = BatchLoss::cross_entropy(logits.flatten(0, 1), targets).loss;
    case.check_output("loss", &loss.to_data());
    let found = gradients(model, &loss.backward());
    let expected = case.golden.names().filter(|name| name.starts_with("grad/"));
    assert_eq!(found.len(), expected.count(), "{}", case.name);
    for (name, gradient) in found {
        let gradient = match &*name {
            // A linear layer of Burn's has its weight as [in, out].
            "fc.weight" => Tensor::<2>::from_data(gradient, case.device)
                .transpose()
                .into_data(),
            _ => gradient,
        };
        case.check_gradient(&name, &gradient);
    }
}

#[test]
fn language_models() {
    let _alone = tests::seeded();
    let lstm = LstmConfig::new(4, 4).with_num_layers(2).with_dropout(0.3);
    let tied = LanguageModelConfig::new(lstm, TOKENS)
        .with_tied_weights(true)
        .with_input_dropout(0.3)
        .with_output_dropout(0.3);
    let gru = LanguageModelConfig::new(GruConfig::new(4, 5), TOKENS);
    let cases = cases("language.safetensors");
    assert_eq!(cases.len(), 2);
    for (name, golden) in &cases {
        for (device_name, device) in devices() {
            let device = device.autodiff();
            let case = Case {
                name,
                golden,
                device: &device,
                device_name: &device_name,
                shapes: BTreeMap::new(),
            };
            match &**name {
                "LSTM,tied" => check(&case, &model(name, &tied, &device)),
                _ => check(&case, &model(name, &gru, &device)),
            }
        }
    }
}
