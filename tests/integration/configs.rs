//! Configurations from and to JSON.

use std::fmt::Debug;

use rnn_model::{
    AnyConfig, CharRnnConfig, ClassifierConfig, ClassifierHead, GruCellConfig, GruConfig,
    LanguageModelConfig, LstmCellConfig, LstmConfig, LstmTaggerConfig, Nonlinearity, RecurrentInit,
    RnnCellConfig, RnnConfig, TaggerConfig, TokenModelConfig,
};
use serde_json::{Value, json};

/// Writes and reads the configuration, and refuses a key that it does not have.
fn check<K>(config: K, expected: Value)
where
    K: serde::Serialize + serde::de::DeserializeOwned + PartialEq + Debug,
{
    let written = serde_json::to_value(&config).expect("a configuration");
    assert_eq!(written, expected);
    let text = serde_json::to_string(&config).expect("a configuration");
    let read: K = serde_json::from_str(&text).expect("its own text");
    assert_eq!(read, config);

    let mut other = expected;
    other["hiden_size"] = json!(3);
    let error = serde_json::from_value::<K>(other).expect_err("no such key");
    let text = error.to_string();
    assert!(text.contains("unknown field `hiden_size`"), "{text}");
}

/// What is written of every module of five inputs and three units.
fn common() -> Value {
    json!({
        "input_size": 5, "hidden_size": 3, "num_layers": 1, "bias": true, "batch_first": true,
        "dropout": 0.0, "bidirectional": false, "recurrent_init": "uniform", "layer_norm": false,
        "recurrent_dropout": 0.0, "zoneout_hidden": 0.0,
    })
}

fn with(mut value: Value, more: Value) -> Value {
    let (Some(all), Value::Object(more)) = (value.as_object_mut(), more) else {
        panic!("both are objects")
    };
    all.extend(more);
    value
}

fn lstm() -> Value {
    with(common(), json!({"zoneout_cell": 0.0}))
}

#[test]
fn recurrent_modules() {
    check(
        RnnConfig::new(5, 3)
            .with_num_layers(2)
            .with_bias(false)
            .with_batch_first(false)
            .with_dropout(0.1)
            .with_bidirectional(true)
            .with_recurrent_init(RecurrentInit::Identity)
            .with_layer_norm(true)
            .with_recurrent_dropout(0.2)
            .with_zoneout(0.3)
            .with_nonlinearity(Nonlinearity::Relu),
        json!({
            "input_size": 5, "hidden_size": 3, "num_layers": 2, "bias": false,
            "batch_first": false, "dropout": 0.1, "bidirectional": true,
            "recurrent_init": "identity", "layer_norm": true, "recurrent_dropout": 0.2,
            "zoneout_hidden": 0.3, "nonlinearity": "relu",
        }),
    );
    check(GruConfig::new(5, 3), common());
    let config = LstmConfig::new(5, 3)
        .with_proj_size(2)
        .with_forget_bias(1.0)
        .with_zoneout(0.1, 0.2);
    let written = json!({
        "zoneout_hidden": 0.1, "zoneout_cell": 0.2, "proj_size": 2, "forget_bias": 1.0,
    });
    check(config.clone(), with(common(), written.clone()));
    check(
        AnyConfig::from(config),
        with(with(json!({"cell": "lstm"}), common()), written),
    );
}

#[test]
fn cells() {
    let bare = json!({"input_size": 5, "hidden_size": 3, "bias": false});
    check(LstmCellConfig::new(5, 3).with_bias(false), bare.clone());
    check(GruCellConfig::new(5, 3).with_bias(false), bare.clone());
    check(
        RnnCellConfig::new(5, 3).with_bias(false),
        with(bare, json!({"nonlinearity": "tanh"})),
    );
}

#[test]
fn models() {
    check(
        ClassifierConfig::new(AnyConfig::from(GruConfig::new(5, 3)), 4)
            .with_head(ClassifierHead::LastOutput),
        json!({
            "rnn": with(json!({"cell": "gru"}), common()), "num_classes": 4, "head": "last_output",
        }),
    );
    check(
        TokenModelConfig::new(GruConfig::new(5, 3), 5, 4).with_one_hot(true),
        json!({"vocab_size": 5, "one_hot": true, "rnn": common(), "num_classes": 4}),
    );
    check(
        LanguageModelConfig::new(GruConfig::new(5, 3), 9),
        json!({"vocab_size": 9, "one_hot": false, "rnn": common()}),
    );
    check(
        TaggerConfig::over(GruConfig::new(5, 3), 9, 4),
        json!({"vocab_size": 9, "rnn": common(), "num_tags": 4}),
    );
    check(
        LstmTaggerConfig::new(9, 5, 3, 4),
        json!({"vocab_size": 9, "rnn": lstm(), "num_tags": 4}),
    );
    check(
        CharRnnConfig::new(5, 3, 4),
        json!({
            "rnn": with(common(), json!({"nonlinearity": "tanh"})), "num_classes": 4,
        }),
    );
}

/// Settings that are written only where they are not the default, so that what was written before they
/// were there is what is written now.
#[test]
fn settings_that_are_newer() {
    let newer = json!({"variational_dropout": true, "weight_dropout": 0.3});
    let gru = GruConfig::new(5, 3)
        .with_variational_dropout(true)
        .with_weight_dropout(0.3);
    check(gru.clone(), with(common(), newer.clone()));
    check(
        AnyConfig::from(gru)
            .with_variational_dropout(false)
            .with_weight_dropout(0.0),
        with(json!({"cell": "gru"}), common()),
    );
    let newer = json!({
        "tied_weights": true, "input_dropout": 0.1, "output_dropout": 0.2, "variational_dropout": true,
    });
    check(
        TokenModelConfig::new(GruConfig::new(5, 3), 9, 4)
            .with_tied_weights(true)
            .with_input_dropout(0.1)
            .with_output_dropout(0.2)
            .with_variational_dropout(true),
        with(
            json!({"vocab_size": 9, "one_hot": false, "rnn": common(), "num_classes": 4}),
            newer.clone(),
        ),
    );
    check(
        LanguageModelConfig::new(GruConfig::new(5, 3), 9)
            .with_tied_weights(true)
            .with_input_dropout(0.1)
            .with_output_dropout(0.2)
            .with_variational_dropout(true),
        with(
            json!({"vocab_size": 9, "one_hot": false, "rnn": common()}),
            newer,
        ),
    );
    let old = json!({"vocab_size": 9, "rnn": common()});
    let read: LanguageModelConfig<GruConfig> = serde_json::from_value(old).expect("a model");
    assert_eq!(read, LanguageModelConfig::new(GruConfig::new(5, 3), 9));
}

#[test]
fn probabilities_are_checked() {
    type Make = fn(f64) -> Result<(), rnn_model::ConfigError>;
    let cases: [(&str, Make); 3] = [
        ("Gru: weight_dropout", |p| {
            GruConfig::new(5, 3).with_weight_dropout(p).validate()
        }),
        ("TokenModel: input_dropout", |p| {
            let config = LanguageModelConfig::new(GruConfig::new(5, 3), 9);
            config.with_input_dropout(p).validate()
        }),
        ("TokenModel: output_dropout", |p| {
            let config = LanguageModelConfig::new(GruConfig::new(5, 3), 9);
            config.with_output_dropout(p).validate()
        }),
    ];
    for (field, validate) in cases {
        validate(0.999).expect(field);
        for prob in [1.0, -0.1, f64::NAN] {
            let error = validate(prob).expect_err(field).to_string();
            let expected = format!("{field} must be from 0 to below 1, found {prob}");
            assert_eq!(error, expected);
        }
    }
}

#[test]
fn what_has_a_default_may_be_left_out() {
    let sizes = json!({"input_size": 5, "hidden_size": 3});
    let read = serde_json::from_value::<LstmConfig>(sizes.clone());
    assert_eq!(read.expect("the sizes"), LstmConfig::new(5, 3));
    let read = serde_json::from_value::<RnnCellConfig>(sizes.clone());
    assert_eq!(read.expect("the sizes"), RnnCellConfig::new(5, 3));
    let model = json!({"rnn": sizes, "num_classes": 4});
    let read = serde_json::from_value::<ClassifierConfig<GruConfig>>(model);
    let expected = ClassifierConfig::new(GruConfig::new(5, 3), 4);
    assert_eq!(read.expect("a model"), expected);
}

#[test]
fn settings_of_another_cell_are_refused() {
    let refused = |cell: &str, name: &str, value: Value| {
        let mut json = json!({"cell": cell, "input_size": 5, "hidden_size": 3});
        json[name] = value;
        let error = serde_json::from_value::<AnyConfig>(json).expect_err("refused");
        error.to_string()
    };
    assert_eq!(
        refused("gru", "proj_size", json!(2)),
        "unknown field `proj_size`: Gru has no such setting"
    );
    assert_eq!(
        refused("rnn", "zoneout_cell", json!(0.1)),
        "unknown field `zoneout_cell`: Rnn has no such setting"
    );
    assert_eq!(
        refused("gru", "forget_bias", json!(1.0)),
        "unknown field `forget_bias`: Gru has no such setting"
    );
    assert_eq!(
        refused("lstm", "nonlinearity", json!("relu")),
        "unknown field `nonlinearity`: Lstm has no such setting"
    );
    let text = refused("elman", "num_layers", json!(2));
    assert!(text.contains("unknown variant `elman`"), "{text}");
    let json = json!({"input_size": 5, "hidden_size": 3, "nonlinearity": "relu"});
    let error = serde_json::from_value::<LstmCellConfig>(json).expect_err("refused");
    assert!(error.to_string().contains("no such setting"), "{error}");
}

/// Reading checks names and types, `validate` the values.
#[test]
fn values_are_checked_as_those_of_the_builders_are() {
    let json = json!({"rnn": {"input_size": 5, "hidden_size": 0}, "num_classes": 4});
    let config: ClassifierConfig<GruConfig> = serde_json::from_value(json).expect("the right keys");
    let error = config.validate().expect_err("no units");
    assert_eq!(
        error.to_string(),
        "Gru: hidden_size must be from 1 to 16777216, found 0"
    );
    let error = ClassifierConfig::new(GruConfig::new(5, 3), 0).validate();
    assert_eq!(
        error.expect_err("no classes").to_string(),
        "Classifier: num_classes must be from 1 to 16777216, found 0"
    );
}
