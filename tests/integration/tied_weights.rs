//! Models whose output layer has the embedding's weight.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{DType, Device, Distribution, Int, Tensor, TensorData};
use rnn_model::{
    ConfigError, GruConfig, LanguageModelConfig, LstmConfig, RecurrentModule,
    RecurrentModuleConfig, StateDict, StateDictError, TokenModel, TokenModelConfig,
};
use tests::{devices, gradients, relative_error};

const TOKENS: usize = 7;
const FEATURES: usize = 5;

/// A model with tied weights, and one that has the same under both names.
fn models<K: RecurrentModuleConfig>(rnn: K, device: &Device) -> [TokenModel<K::Module>; 2] {
    let config = TokenModelConfig::new(rnn, TOKENS, TOKENS);
    let tied = config.clone().with_tied_weights(true).init(device);
    let weights = StateDict::of(&tied).untie("fc.weight", "emb.weight");
    let untied = weights
        .expect("it has an embedding")
        .load_into(config.init(device))
        .expect("the names and shapes of an untied model");
    [tied, untied]
}

fn tokens(device: &Device) -> Tensor<2, Int> {
    // Some come twice, and one never.
    Tensor::from_data([[0, 3, 3, 6, 1], [5, 0, 1, 1, 2]], device)
}

#[test]
fn the_parameters_are_those_of_an_embedding_and_a_bias() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let [tied, untied] = models(GruConfig::new(FEATURES, FEATURES), &device);
        let names = |model: &_| {
            let weights = StateDict::of(model);
            let names = weights.names().filter(|name| !name.starts_with("rnn."));
            names.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(names(&tied), ["emb.weight", "fc.bias"], "{name}");
        assert_eq!(names(&untied), ["emb.weight", "fc.bias", "fc.weight"]);
        let config = TokenModelConfig::new(GruConfig::new(FEATURES, FEATURES), TOKENS, TOKENS);
        assert_eq!(config.num_params(), untied.num_params());
        let config = config.with_tied_weights(true);
        assert_eq!(config.num_params(), tied.num_params());
        assert_eq!(
            untied.num_params() - tied.num_params(),
            TOKENS * FEATURES,
            "{name}"
        );
        // They start as those of an output layer do.
        let weights = StateDict::of(&tied);
        let embedding = weights.get("emb.weight").expect("it is there");
        let largest = embedding.iter::<f32>().fold(0.0, |max, x| x.abs().max(max));
        let limit = 1.0 / (FEATURES as f32).sqrt();
        assert!(
            largest <= limit && largest > limit / 2.0,
            "{name}: {largest}"
        );
        assert!(format!("{tied}").contains("TiedLinear"), "{tied}");
    }
}

fn check<K: RecurrentModuleConfig>(rnn: K, device: &Device, what: &str) {
    let device = device.clone().autodiff();
    let [tied, untied] = models(rnn, &device);
    let weigh = Tensor::<3>::random([2, 5, TOKENS], Distribution::Default, &device);
    let run = |model: &TokenModel<K::Module>| {
        let (logits, _) = model.forward(tokens(&device), None);
        let grads = (logits.clone() * weigh.clone()).sum().backward();
        (logits.into_data(), gradients(model, &grads))
    };
    let (found, found_gradients) = run(&tied);
    let (expected, expected_gradients) = run(&untied);
    let error = relative_error(&found, &expected);
    assert!(error < 1e-6, "{what}: logits are off by {error:e}");
    let expected = |name: &str| {
        let mut gradients = expected_gradients.iter();
        let (_, data) = gradients
            .find(|(found, _)| found == name)
            .expect("a gradient");
        data.clone()
    };
    for (name, gradient) in found_gradients {
        let mut expected_gradient = expected(&name);
        if name == "emb.weight" {
            // A linear layer of Burn's has its weight as [in, out].
            let embedding = Tensor::<2>::from_data(expected_gradient, &device);
            let output = Tensor::<2>::from_data(expected("fc.weight"), &device);
            expected_gradient = (embedding + output.transpose()).into_data();
        }
        let error = relative_error(&gradient, &expected_gradient);
        assert!(error < 1e-5, "{what}: {name} is off by {error:e}");
    }
}

#[test]
fn logits_and_gradients_are_those_of_an_untied_model_with_equal_weights() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let gru = GruConfig::new(FEATURES, FEATURES);
        check(gru, &device, &format!("gru on {name}"));
        let lstm = LstmConfig::new(FEATURES, 8).with_proj_size(FEATURES);
        check(lstm, &device, &format!("lstm with a projection on {name}"));
        let both = GruConfig::new(6, 3).with_bidirectional(true);
        check(both, &device, &format!("in both directions on {name}"));
    }
}

/// Makes parameters 64 bits wide.
struct Precise;

impl ModuleMapper for Precise {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| tensor.cast(DType::F64))
    }
}

#[test]
fn the_embedding_s_gradient_matches_finite_differences() {
    let _alone = tests::seeded();
    fn loss<R: RecurrentModule>(model: &TokenModel<R>, device: &Device) -> Tensor<1> {
        let (logits, _) = model.forward(tokens(device), None);
        logits.square().sum()
    }
    for (name, device) in devices() {
        let training = device.clone().autodiff();
        let [tied, _] = models(GruConfig::new(FEATURES, FEATURES), &training);
        let grads = loss(&tied, &training).backward();
        let gradient = gradients(&tied, &grads).into_iter();
        let mut gradient = gradient.filter(|(name, _)| name == "emb.weight");
        let (_, gradient) = gradient.next().expect("a gradient");
        let precise = tied.valid().map(&mut Precise);
        let weights = StateDict::of(&precise);
        let embedding = weights.get("emb.weight").expect("it is there");
        let values: Vec<f64> = embedding.iter().collect();
        let slopes = (0..values.len()).map(|i| {
            const STEP: f64 = 1e-3;
            let at = |step: f64| -> f64 {
                let mut moved = values.clone();
                moved[i] += step;
                let mut weights = weights.clone();
                weights.insert("emb.weight", TensorData::new(moved, [TOKENS, FEATURES]));
                let model = weights.load_into(precise.clone()).expect("the same names");
                loss(&model, &device).into_scalar()
            };
            (at(STEP) - at(-STEP)) / (2.0 * STEP)
        });
        let slopes = TensorData::new(slopes.collect::<Vec<f64>>(), [TOKENS, FEATURES]);
        let error = relative_error(&gradient, &slopes);
        assert!(error < 1e-4, "{name}: off by {error:e}");
    }
}

#[test]
fn sizes_that_do_not_allow_it_are_said() {
    let says = |error: Result<(), ConfigError>| error.expect_err("refused").to_string();
    let config = |rnn| LanguageModelConfig::new(rnn, 9).with_tied_weights(true);
    let lstm = LstmConfig::new(5, 8);
    assert_eq!(
        says(config(lstm.clone()).validate()),
        "TokenModel: tied weights need embeddings (input_size) as large as the output of the recurrent \
         part, which is 8, found 5"
    );
    let text = says(config(lstm.clone().with_bidirectional(true)).validate());
    assert!(text.contains("which is 16, found 5"), "{text}");
    let text = says(config(lstm.clone().with_proj_size(4)).validate());
    assert!(text.contains("which is 4, found 5"), "{text}");
    let text = says(config(LstmConfig::new(9, 9)).with_one_hot(true).validate());
    assert!(text.contains("which is 9, found one-hot vectors"), "{text}");
    let model = TokenModelConfig::new(LstmConfig::new(5, 5), 9, 4).with_tied_weights(true);
    assert_eq!(
        says(model.validate()),
        "TokenModel: tied weights need as many classes as tokens, which are 9, found 4"
    );
    for allowed in [LstmConfig::new(5, 5), lstm.with_proj_size(5)] {
        config(allowed).validate().expect("the sizes fit");
    }
}

#[test]
fn a_state_dict_is_tied_and_untied() {
    let mut weights = StateDict::default();
    weights.insert("emb.weight", TensorData::from([[1.0f32, 2.0]]));
    weights.insert("fc.bias", TensorData::from([0.5f32]));
    let both = weights.clone().untie("fc.weight", "emb.weight");
    let both = both.expect("there is an embedding");
    assert!(both.names().eq(["emb.weight", "fc.bias", "fc.weight"]));
    assert_eq!(both.get("fc.weight"), weights.get("emb.weight"));
    // The copy may be there or not.
    for weights in [both.clone(), weights.clone()] {
        let tied = weights.tie("fc.weight", "emb.weight").expect("equal");
        assert!(tied.names().eq(["emb.weight", "fc.bias"]));
    }

    for other in [
        TensorData::from([[1.0f32, 2.5]]),
        TensorData::from([[1.0f32], [2.0]]),
    ] {
        let mut weights = weights.clone();
        weights.insert("fc.weight", other);
        let error = weights.tie("fc.weight", "emb.weight").expect_err("other");
        assert_eq!(
            error.to_string(),
            "expected fc.weight to be the same as emb.weight, with which it is tied; found other numbers"
        );
    }
    let error = both.clone().untie("fc.weight", "emb.weight");
    assert!(matches!(error, Err(StateDictError::Twice(name)) if name == "fc.weight"));
    for error in [
        both.clone().tie("fc.weight", "embedding.weight"),
        weights.untie("fc.weight", "embedding.weight"),
    ] {
        let text = error.expect_err("no such entry").to_string();
        assert!(text.starts_with("there is no embedding.weight"), "{text}");
    }
}
