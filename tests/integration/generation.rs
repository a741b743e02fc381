//! The tokens with which a language model continues a prompt.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use rnn_model::{
    AnyConfig, GruConfig, LanguageModel, LanguageModelConfig, LstmConfig, RecurrentModule,
    RnnConfig, Sampling, SamplingError, StateDict,
};
use tests::devices;

const TOKENS: usize = 11;

fn configs() -> Vec<LanguageModelConfig<AnyConfig>> {
    let rnns: [AnyConfig; 3] = [
        LstmConfig::new(6, 12).with_num_layers(2).into(),
        GruConfig::new(6, 12).into(),
        RnnConfig::new(6, 12).into(),
    ];
    let mut configs: Vec<_> = rnns.map(|rnn| LanguageModelConfig::new(rnn, TOKENS)).into();
    let lstm = AnyConfig::from(LstmConfig::new(6, 12).with_proj_size(6));
    configs.push(LanguageModelConfig::new(lstm, TOKENS).with_tied_weights(true));
    let gru = AnyConfig::from(GruConfig::new(TOKENS, 12).with_layer_norm(true));
    configs.push(LanguageModelConfig::new(gru, TOKENS).with_one_hot(true));
    configs
}

/// A model whose scores differ enough that rounding decides nothing.
fn model<R: RecurrentModule>(model: LanguageModel<R>) -> LanguageModel<R> {
    let mut weights = StateDict::of(&model);
    let names: Vec<String> = weights.names().map(str::to_owned).collect();
    for name in names {
        let data = weights.get(&name).expect("a parameter");
        let values = data.iter::<f32>().map(|value| 3.0 * value);
        let data = TensorData::new(values.collect::<Vec<f32>>(), data.shape().clone());
        weights.insert(&name, data);
    }
    weights.load_into(model).expect("the same names")
}

/// The scores of the token after a text, all of which is read.
fn scores<R: RecurrentModule>(
    model: &LanguageModel<R>,
    text: &[usize],
    device: &Device,
) -> Vec<f32> {
    let ids: Vec<i64> = text.iter().map(|&id| id as i64).collect();
    let ids = TensorData::new(ids, [1, text.len()]);
    let (logits, _) = model.forward(Tensor::<2, Int>::from_data(ids, device), None);
    let last = logits.narrow(1, text.len() - 1, 1);
    last.into_data().iter().collect()
}

fn take<R: RecurrentModule>(
    model: &LanguageModel<R>,
    prompt: &[usize],
    sampling: &Sampling,
    count: usize,
) -> Vec<usize> {
    let tokens = model.generate(prompt, sampling.clone()).expect("valid");
    let tokens = tokens.take(count).collect::<Result<_, _>>();
    tokens.expect("finite scores")
}

fn greedy() -> Sampling {
    Sampling {
        temperature: 0.0,
        ..Sampling::new(0)
    }
}

#[test]
fn it_is_what_reading_the_whole_text_anew_each_time_gives() {
    let _alone = tests::seeded();
    let drawn = Sampling {
        temperature: 0.9,
        top_k: Some(8),
        top_p: Some(0.95),
        never: vec![4],
        seed: 5,
    };
    for (name, device) in devices() {
        for config in configs() {
            let model = model(config.init(&device));
            for sampling in [greedy(), drawn.clone()] {
                let mut text = vec![3, 1, 4];
                let mut rng = ChaCha8Rng::seed_from_u64(sampling.seed);
                for _ in 0..15 {
                    let scores = scores(&model, &text, &device);
                    text.push(sampling.choose(&scores, &mut rng).expect("a token"));
                }
                let found = take(&model, &[3, 1, 4], &sampling, 15);
                assert_eq!(found, text[3..], "{name}: {model}");
                if sampling.seed == 5 {
                    assert!(!found.contains(&4), "{name}: never");
                    let other = Sampling {
                        seed: 6,
                        ..sampling
                    };
                    assert_ne!(take(&model, &[3, 1, 4], &other, 15), found, "{name}");
                }
            }
        }
    }
}

#[test]
fn a_prompt_of_several_pieces_is_read_as_one() {
    let _alone = tests::seeded();
    // Pieces are of 1,024 tokens: the last one is a single token here, and the whole third one.
    for length in [1_023, 1_024, 1_025, 2_049] {
        let prompt: Vec<usize> = (0..length).map(|i| (i * i + i / 7) % TOKENS).collect();
        for (name, device) in devices() {
            let lstm = LstmConfig::new(6, 12).with_num_layers(2);
            let model = model(LanguageModelConfig::new(lstm, TOKENS).init(&device));
            let mut text = prompt.clone();
            let mut rng = ChaCha8Rng::seed_from_u64(0);
            for _ in 0..3 {
                let scores = scores(&model, &text, &device);
                text.push(greedy().choose(&scores, &mut rng).expect("a token"));
            }
            let found = take(&model, &prompt, &greedy(), 3);
            assert_eq!(found, text[length..], "{name}: {length} tokens");
            // What came before the last piece matters.
            let last = &prompt[length.saturating_sub(1)..];
            assert_ne!(
                scores(&model, last, &device),
                scores(&model, &prompt, &device),
                "{name}"
            );
        }
    }
}

#[test]
fn the_model_may_be_one_that_is_trained() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        // Its dropout is not active, and no graph grows with the text.
        let gru = GruConfig::new(6, 12).with_num_layers(2).with_dropout(0.5);
        let config = LanguageModelConfig::new(gru, TOKENS).with_input_dropout(0.5);
        let model = model(config.init(&device.autodiff()));
        let found = take(&model, &[1], &greedy(), 200);
        assert_eq!(found, take(&model.valid(), &[1], &greedy(), 200), "{name}");
    }
}

#[test]
fn scores_that_are_no_numbers_are_errors() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let config = LanguageModelConfig::new(GruConfig::new(6, 12), TOKENS);
        let mut weights = StateDict::of(&config.init(&device));
        let mut bias = vec![0.0f32; TOKENS];
        bias[2] = f32::NAN;
        weights.insert("fc.bias", TensorData::new(bias, [TOKENS]));
        let model = weights.load_into(config.init(&device)).expect("the names");
        for sampling in [greedy(), Sampling::new(1)] {
            let mut tokens = model.generate(&[1, 2], sampling).expect("valid");
            let error = tokens.next().expect("endless").expect_err("no scores");
            assert!(
                matches!(error, SamplingError::Weight { index: 2, .. }),
                "{name}: {error}"
            );
            // Nor is there anything after it.
            assert!(tokens.next().is_none(), "{name}");
        }
    }
}

#[test]
fn a_prompt_and_valid_settings_are_needed() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let model = LanguageModelConfig::new(GruConfig::new(6, 12), TOKENS).init(&device);
    let error = model.generate(&[], greedy()).expect_err("no prompt");
    assert_eq!(
        error.to_string(),
        "expected a prompt of at least 1 token, found none"
    );
    let sampling = Sampling {
        top_k: Some(0),
        ..greedy()
    };
    let error = model.generate(&[1], sampling).expect_err("no tokens left");
    assert_eq!(error, SamplingError::TopK);
}
