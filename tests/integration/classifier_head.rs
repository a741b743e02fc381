//! What a classifier reads of a recurrent module in both directions.

use burn::tensor::{Distribution, Tensor, TensorData};
use rnn_model::{
    Classifier, ClassifierConfig, ClassifierHead, GruConfig, Lengths, Lstm, LstmConfig, StateDict,
    linear,
};
use tests::{devices, gradients, relative_error};

const HIDDEN: usize = 3;

fn rnn() -> LstmConfig {
    LstmConfig::new(5, HIDDEN)
        .with_num_layers(2)
        .with_bidirectional(true)
        .with_batch_first(true)
}

fn classifier(head: ClassifierHead) -> ClassifierConfig<LstmConfig> {
    ClassifierConfig::new(rnn(), 4).with_head(head)
}

#[test]
fn the_final_state_is_that_of_both_directions_after_the_whole_sequence() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let input = Tensor::random([2, 6, 5], Distribution::Default, &device);
        let model = classifier(ClassifierHead::FinalState).init(&device);
        let weights = StateDict::of(&model);
        let part = |prefix| weights.clone().strip_prefix(prefix);
        let rnn = part("rnn.")
            .load_into(rnn().init(&device))
            .expect("an LSTM");
        let fc = linear(2 * HIDDEN, 4, &device);
        let fc = part("fc.").load_into(fc).expect("a linear layer");

        // torch.cat((h_n[-2], h_n[-1]), dim=1) and out[:, -1]
        let (output, state) = rnn.forward(input.clone(), None);
        let hidden = |index| state.h.clone().narrow(0, index, 1).squeeze_dim::<2>(0);
        let finals = Tensor::cat(vec![hidden(2), hidden(3)], 1);
        let last = output.narrow(1, 5, 1).squeeze_dim::<2>(1);

        let other = classifier(ClassifierHead::LastOutput).init(&device);
        let other = weights.clone().load_into(other).expect("the same weights");
        for (model, features) in [(&model, finals), (&other, last)] {
            let found = model.forward(input.clone()).into_data();
            let error = relative_error(&found, &fc.forward(features).into_data());
            assert!(error < 1e-6, "{name}: {error}");
        }
    }
}

#[test]
fn only_from_the_final_state_does_the_reverse_direction_learn_to_recur() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let largest = |head| {
            let model: Classifier<Lstm> = classifier(head).init(&device.clone().autodiff());
            let input = Tensor::random([2, 6, 5], Distribution::Default, &device);
            let input = Tensor::from_inner(input);
            let loss = model.forward(input).square().sum();
            let of_model = gradients(&model, &loss.backward());
            let found = of_model
                .into_iter()
                .find(|(name, _)| name == "rnn.weight_hh_l1_reverse");
            let (_, gradient): (_, TensorData) = found.expect("a parameter");
            gradient.iter::<f64>().fold(0.0, |max, x| x.abs().max(max))
        };
        assert!(largest(ClassifierHead::FinalState) > 1e-4, "{name}");
        assert_eq!(largest(ClassifierHead::LastOutput), 0.0, "{name}");
    }
}

#[test]
fn with_lengths_each_sequence_is_classified_as_alone() {
    const LENGTHS: [usize; 4] = [2, 6, 0, 1];
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let input = Tensor::random([4, 6, 5], Distribution::Default, &device);
        let lengths = Lengths::new(LENGTHS, 6).expect("good lengths");
        for head in [ClassifierHead::FinalState, ClassifierHead::LastOutput] {
            let model = classifier(head).init(&device);
            let together = model.forward_with_lengths(input.clone(), &lengths);
            assert_eq!(together.dims(), [4, 4]);
            for (row, length) in LENGTHS.into_iter().enumerate() {
                let found = together.clone().narrow(0, row, 1).into_data();
                if length == 0 {
                    let bias = StateDict::of(&model).get("fc.bias").cloned();
                    let bias: Vec<f32> = bias.expect("a bias").iter().collect();
                    let found: Vec<f32> = found.iter().collect();
                    assert_eq!(found, bias, "{name}, {head:?}");
                    continue;
                }
                let alone = input.clone().narrow(0, row, 1).narrow(1, 0, length);
                let error = relative_error(&found, &model.forward(alone).into_data());
                assert!(error < 1e-5, "{name}, {head:?}, row {row}: {error}");
            }
        }
        // Gradients reach the weights of both heads.
        let device = device.autodiff();
        for head in [ClassifierHead::FinalState, ClassifierHead::LastOutput] {
            let model = classifier(head).init(&device);
            let logits = model.forward_with_lengths(Tensor::from_inner(input.clone()), &lengths);
            let of_model = gradients(&model, &logits.square().sum().backward());
            let largest = |data: &TensorData| data.iter::<f64>().fold(0.0, |m, x| x.abs().max(m));
            let mut of_first = of_model.iter().filter(|(name, _)| name.contains("_l0"));
            assert!(of_first.all(|(_, data)| largest(data) > 1e-6), "{name}");
        }
    }
}

#[test]
fn in_one_direction_both_heads_are_the_same() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let config = ClassifierConfig::new(GruConfig::new(5, 3), 4);
    let model = config.init(&device);
    let other = config.with_head(ClassifierHead::LastOutput).init(&device);
    let other = StateDict::of(&model).load_into(other).expect("the same");
    let input = Tensor::random([2, 6, 5], Distribution::Default, &device);
    let (found, expected) = (model.forward(input.clone()), other.forward(input));
    assert_eq!(found.into_data(), expected.into_data());
}
