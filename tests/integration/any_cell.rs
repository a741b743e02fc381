//! Models over any cell: a module whose cell is chosen at run time computes the same as the module
//! itself, and the notebook's models are configurations of the general ones.

use burn::module::Module;
use burn::tensor::{Device, Distribution, Int, Tensor};
use rnn_data::one_hot;
use rnn_model::{
    AnyConfig, CharRnnConfig, ClassifierConfig, ConfigError, GruConfig, LanguageModelConfig,
    Lengths, LstmConfig, LstmTaggerConfig, ModuleState, RecurrentModule, RecurrentModuleConfig,
    RnnConfig, StateDict, TaggerConfig, linear,
};
use tests::devices;

fn seeded<M: Module>(device: &Device, make: impl Fn(&Device) -> M) -> M {
    device.seed(11);
    let module = make(device);
    // Burn draws the weights of its own layers when they are first read.
    StateDict::of(&module);
    module
}

fn assert_same_weights<A: Module, B: Module>(a: &A, b: &B, what: &str) {
    let (a, b) = (StateDict::of(a), StateDict::of(b));
    assert!(a.names().eq(b.names()), "{what}: names");
    for name in a.names() {
        assert_eq!(a.get(name), b.get(name), "{what}: {name}");
    }
}

fn check_module<K>(config: K, device: &Device, what: &str)
where
    K: RecurrentModuleConfig,
    AnyConfig: From<K>,
{
    let any = AnyConfig::from(config.clone());
    assert_eq!(any.num_params(), config.num_params(), "{what}");
    let module = seeded(device, |device| config.init(device));
    let any = seeded(device, |device| any.init(device));
    assert_same_weights(&any, &module, what);
    assert_eq!(any.to_string(), module.to_string());
    assert_eq!(any.input_size(), 5, "{what}");
    assert_eq!(any.output_size(), module.output_size(), "{what}");
    assert_eq!(any.directions(), module.directions(), "{what}");
    let input = Tensor::random([3, 4, 5], Distribution::Default, device);
    let lengths = Lengths::new([4, 1, 3], 4).expect("valid");
    let (output, state) = any.forward(input.clone(), None);
    let (expected, expected_state) = module.forward(input.clone(), None);
    assert_eq!(output.to_data(), expected.to_data(), "{what}");
    let (output, state) = any.forward_with_lengths(input.clone(), &lengths, Some(state));
    let (expected, expected_state) =
        module.forward_with_lengths(input, &lengths, Some(expected_state));
    assert_eq!(output.to_data(), expected.to_data(), "{what}");
    let ((h, c), (expected_h, expected_c)) = (state.into_parts(), expected_state.into_parts());
    assert_eq!(h.to_data(), expected_h.to_data(), "{what}");
    assert_eq!(c.map(|c| c.to_data()), expected_c.map(|c| c.to_data()));
}

#[test]
fn a_module_chosen_at_run_time_equals_the_module_itself() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        check_module(RnnConfig::new(5, 3), &device, &format!("rnn on {name}"));
        let lstm = LstmConfig::new(5, 3).with_bidirectional(true);
        check_module(lstm, &device, &format!("lstm on {name}"));
        let gru = GruConfig::new(5, 3).with_num_layers(2);
        check_module(gru, &device, &format!("gru on {name}"));
    }
}

#[test]
fn settings_reach_the_module_inside() {
    let _alone = tests::seeded();
    let device = &devices()[0].1;
    let any = AnyConfig::from(GruConfig::new(5, 3))
        .with_num_layers(2)
        .with_bidirectional(true)
        .with_bias(false);
    let expected = GruConfig::new(5, 3)
        .with_num_layers(2)
        .with_bidirectional(true)
        .with_bias(false);
    assert_eq!(any.num_params(), expected.num_params());
    assert_eq!(any.init(device).num_params(), expected.num_params());
    assert!(any.with_dropout(1.0).validate().is_err());
}

#[test]
fn a_classifier_over_any_cell_has_the_cells_parameters() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let lstm = || LstmConfig::new(5, 3);
        let plain = seeded(&device, |device| {
            ClassifierConfig::new(lstm(), 4).init(device)
        });
        let any = AnyConfig::from(lstm());
        let any = seeded(&device, |device| {
            ClassifierConfig::new(any.clone(), 4).init(device)
        });
        assert_same_weights(&any, &plain, &name);
        let input = Tensor::random([2, 6, 5], Distribution::Default, &device);
        let (found, expected) = (any.forward(input.clone()), plain.forward(input));
        assert_eq!(found.into_data(), expected.into_data(), "{name}");
    }
}

#[test]
fn the_notebooks_models_are_configurations_of_the_general_ones() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let tagger = LstmTaggerConfig::new(9, 6, 3, 4);
        let tagger = seeded(&device, |device| tagger.init(device));
        let names = StateDict::of(&tagger);
        let names: Vec<&str> = names.names().collect();
        assert_eq!(names[..3], ["emb.weight", "fc.bias", "fc.weight"], "{name}");
        assert!(names[3..].iter().all(|name| name.starts_with("rnn.")));
        let any = TaggerConfig::over(AnyConfig::from(LstmConfig::new(6, 3)), 9, 4);
        let any = seeded(&device, |device| any.init(device));
        assert_same_weights(&any, &tagger, &name);

        let ids = [[0usize, 4, 2, 1], [3, 3, 0, 2]];
        let vectors = one_hot(&[&ids[0][..], &ids[1][..]], 5, &device);
        let tokens = ids.map(|row| row.map(|id| id as i64));
        let tokens = Tensor::<2, Int>::from_data(tokens, &device);
        let notebook = CharRnnConfig::new(5, 3, 5);
        let notebook = seeded(&device, |device| notebook.init(device));
        let config = LanguageModelConfig::new(RnnConfig::new(5, 3), 5).with_one_hot(true);
        let model = seeded(&device, |device| config.init(device));
        assert_same_weights(&model, &notebook, &name);
        let (found, state) = model.forward(tokens.clone(), None);
        let (expected, expected_state) = notebook.forward(vectors.clone(), None);
        assert_eq!(found.into_data(), expected.into_data(), "{name}");
        assert_eq!(state.to_data(), expected_state.to_data(), "{name}");
        let lengths = Lengths::new([2, 4], 4).expect("valid");
        let (found, _) = model.forward_with_lengths(tokens, &lengths, Some(state.clone()));
        let (expected, _) = notebook.forward_with_lengths(vectors, &lengths, Some(state));
        assert_eq!(found.into_data(), expected.into_data(), "{name}");
    }
}

#[test]
fn invalid_token_models_are_refused() {
    let config = LanguageModelConfig::new(GruConfig::new(4, 3), 5);
    assert_eq!(config.validate(), Ok(()));
    let error = config.with_one_hot(true).validate().unwrap_err();
    assert_eq!(
        error.to_string(),
        "TokenModel: with one-hot vectors input_size must be vocab_size, which is 5, found 4"
    );
    for (vocab_size, num_tags) in [(0, 3), (3, 0)] {
        let config = TaggerConfig::over(GruConfig::new(4, 3), vocab_size, num_tags);
        let error = config.validate().unwrap_err();
        assert!(matches!(error, ConfigError::Size { .. }), "{error}");
    }
}

/// PyTorch's `nn.Linear` draws weight and bias from U(−k, k) with k = 1/√in.
#[test]
fn a_linear_layer_starts_as_pytorchs() {
    let _alone = tests::seeded();
    for (name, device) in devices() {
        let layer = linear(128, 170, &device);
        let k = 1.0 / 128f64.sqrt();
        let bias = layer.bias.as_ref().expect("a bias").val();
        for (what, values) in [
            ("weight", layer.weight.val().into_data()),
            ("bias", bias.into_data()),
        ] {
            let values: Vec<f64> = values.iter::<f64>().collect();
            let largest = values.iter().map(|x| x.abs()).fold(0.0, f64::max);
            assert!((0.9 * k..=k).contains(&largest), "{name}: {what}");
            // The variance of such a distribution is k²/3.
            let square = values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64;
            let ratio = square / (k * k / 3.0);
            let tolerance = 5.0 / (values.len() as f64).sqrt();
            assert!((ratio - 1.0).abs() < tolerance, "{name}: {what}: {ratio}");
        }
        assert_eq!(
            StateDict::of(&layer)
                .get("weight")
                .map(|w| w.shape().to_vec()),
            Some(vec![170, 128])
        );
    }
}
