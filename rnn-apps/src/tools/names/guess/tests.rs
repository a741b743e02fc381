use rnn_model::recurrent_layers;
use serde_json::{Value, json};

use super::super::parts::Weights;
use super::{Candidate, candidates};

type Shape<'a> = (&'a str, &'a [usize]);

fn guess(entries: &[Shape<'_>]) -> Vec<Candidate> {
    let weights: Weights<'_> = entries.iter().copied().collect();
    let layers = recurrent_layers(weights.iter().map(|(&name, &shape)| (name, shape)));
    let names: Vec<&str> = weights.keys().copied().collect();
    candidates(&weights, &layers, &names)
}

fn commands(found: &[Candidate]) -> Vec<&str> {
    found.iter().map(Candidate::command).collect()
}

fn description(candidate: &Candidate) -> Value {
    Value::Object(candidate.description.clone())
}

/// The parameters of a layer of `rows` rows.
fn layer<'a>(names: [&'a str; 4], ih: &'a [usize], hh: &'a [usize]) -> Vec<Shape<'a>> {
    let [w_ih, w_hh, b_ih, b_hh] = names;
    vec![(w_ih, ih), (w_hh, hh), (b_ih, &ih[..1]), (b_hh, &hh[..1])]
}

const RNN: [&str; 4] = [
    "rnn.weight_ih_l0",
    "rnn.weight_hh_l0",
    "rnn.bias_ih_l0",
    "rnn.bias_hh_l0",
];

const MODEL_LSTM: [&str; 4] = [
    "model.lstm.weight_ih_l0",
    "model.lstm.weight_hh_l0",
    "model.lstm.bias_ih_l0",
    "model.lstm.bias_hh_l0",
];

#[test]
fn an_embedding_an_lstm_and_a_head_are_a_tagger() {
    let mut entries = layer(MODEL_LSTM, &[12, 6], &[12, 3]);
    entries.extend([
        ("model.embedding_layer.weight", &[9, 6][..]),
        ("model.linear.weight", &[4, 3]),
        ("model.linear.bias", &[4]),
        ("optimizer.state.0.exp_avg", &[12, 6]),
        ("epoch", &[]),
    ]);
    let found = guess(&entries);
    assert_eq!(commands(&found), ["tagger", "recurrent"]);
    assert_eq!(
        description(&found[0]),
        json!({
            "command": "tagger",
            "strip_prefix": "model.",
            "rename": { "embedding_layer.": "emb.", "lstm.": "rnn.", "linear.": "fc." },
            "embedding_size": 6,
            "hidden_size": 3,
            "num_layers": 1,
            "bidirectional": false,
            "bias": true,
            "words": "words.json",
            "tags": "tags.json",
        })
    );
    assert_eq!(found[0].symbols, [("words.json", 9), ("tags.json", 4)]);
    assert!(found[0].left_out.names.is_empty());

    // A random field, and no prefix: then what belongs to no model has to be left out.
    let mut entries = layer(RNN, &[12, 6], &[12, 3]);
    entries.extend([
        ("emb.weight", &[9, 6][..]),
        ("fc.weight", &[4, 3]),
        ("fc.bias", &[4]),
        ("decoder.start_transitions", &[4]),
        ("decoder.end_transitions", &[4]),
        ("decoder.transitions", &[4, 4]),
        ("optimizer.state.0.exp_avg", &[12, 6]),
        ("optimizer.state.1.exp_avg", &[12, 6]),
    ]);
    let found = guess(&entries);
    assert_eq!(commands(&found), ["tagger", "recurrent"]);
    assert_eq!(found[0].description["crf"], true);
    assert_eq!(
        found[0].description["rename"],
        json!({ "decoder.": "crf." })
    );
    assert!(!found[0].description.contains_key("ignore"));
    assert!(!found[0].description.contains_key("strip_prefix"));
}

#[test]
fn a_tagger_that_reads_characters_has_a_second_layer() {
    let mut entries = layer(RNN, &[16, 12], &[16, 4]);
    for reverse in [false, true] {
        let names = match reverse {
            false => [
                "char_lstm.weight_ih_l0",
                "char_lstm.weight_hh_l0",
                "char_lstm.bias_ih_l0",
                "char_lstm.bias_hh_l0",
            ],
            true => [
                "char_lstm.weight_ih_l0_reverse",
                "char_lstm.weight_hh_l0_reverse",
                "char_lstm.bias_ih_l0_reverse",
                "char_lstm.bias_hh_l0_reverse",
            ],
        };
        entries.extend(layer(names, &[12, 2], &[12, 3]));
    }
    entries.extend([
        ("emb.weight", &[30, 6][..]),
        ("char_emb.weight", &[20, 2]),
        ("fc.weight", &[5, 4]),
        ("fc.bias", &[5]),
    ]);
    let found = guess(&entries);
    assert_eq!(commands(&found), ["tagger", "recurrent"]);
    assert_eq!(
        found[0].description["characters"],
        json!({ "embedding_size": 2, "hidden_size": 3, "symbols": "characters.json" })
    );
    assert_eq!(
        found[0].description["rename"],
        json!({ "char_emb.": "chars.emb.", "char_lstm.": "chars.rnn." })
    );
    assert_eq!(
        found[0].symbols,
        [
            ("words.json", 30),
            ("tags.json", 5),
            ("characters.json", 20)
        ]
    );
}

#[test]
fn as_many_outputs_as_symbols_are_a_language_model() {
    let head: [Shape<'_>; 2] = [("fc.weight", &[7, 3]), ("fc.bias", &[7])];
    // Of any cell over an embedding,
    let mut entries = layer(RNN, &[9, 5], &[9, 3]);
    entries.extend(head);
    entries.push(("emb.weight", &[7, 5]));
    let found = guess(&entries);
    assert_eq!(commands(&found), ["charlm", "recurrent"]);
    let described = &found[0].description;
    assert_eq!(
        (&described["cell"], &described["embedding_size"]),
        (&json!("gru"), &json!(5))
    );
    assert_eq!(found[0].symbols, [("vocab.json", 7)]);
    assert!(!described.contains_key("rename") && !described.contains_key("ignore"));
    // over one-hot vectors,
    let mut entries = layer(RNN, &[3, 7], &[3, 3]);
    entries.extend(head);
    let found = guess(&entries);
    assert_eq!(commands(&found), ["charlm", "mnist", "recurrent"]);
    assert!(!found[0].description.contains_key("embedding_size"));
    assert!(
        found[0]
            .untold
            .iter()
            .any(|what| what.starts_with("nonlinearity"))
    );
    // or with one matrix for both.
    let mut entries = layer(RNN, &[12, 3], &[12, 3]);
    entries.extend([("emb.weight", &[7, 3][..]), ("fc.bias", &[7])]);
    let found = guess(&entries);
    assert_eq!(commands(&found), ["charlm", "recurrent"]);
    assert_eq!(found[0].description["tied_weights"], true);
}

#[test]
fn a_layer_and_a_head_may_be_a_classifier_or_the_layer_alone() {
    let mut entries = layer(RNN, &[64, 28], &[64, 16]);
    entries.extend([("fc.weight", &[10, 16][..]), ("fc.bias", &[10])]);
    let found = guess(&entries);
    assert_eq!(commands(&found), ["mnist", "recurrent"]);
    assert_eq!(
        description(&found[0]),
        json!({
            "command": "mnist",
            "cell": "lstm",
            "input_size": 28,
            "num_classes": 10,
            "hidden_size": 16,
            "num_layers": 1,
            "bidirectional": false,
            "bias": true,
        })
    );
    assert_eq!(found[1].description["strip_prefix"], "rnn.");
    // Another layer behind it makes it part of something else.
    entries.extend([("out.weight", &[3, 10][..]), ("out.bias", &[3])]);
    let found = guess(&entries);
    assert_eq!(commands(&found), ["recurrent", "mnist"]);
    assert_eq!(found[1].left_out.names, ["out.bias", "out.weight"]);
    assert_eq!(found[1].description["ignore"], json!(["out.*"]));
}

#[test]
fn which_output_a_head_in_both_directions_reads_is_not_guessed() {
    let reverse = [
        "rnn.weight_ih_l0_reverse",
        "rnn.weight_hh_l0_reverse",
        "rnn.bias_ih_l0_reverse",
        "rnn.bias_hh_l0_reverse",
    ];
    let mut entries = layer(RNN, &[64, 28], &[64, 16]);
    entries.extend(layer(reverse, &[64, 28], &[64, 16]));
    entries.extend([("fc.weight", &[10, 32][..]), ("fc.bias", &[10])]);
    let found = guess(&entries);
    assert_eq!(commands(&found), ["mnist", "recurrent"]);
    assert!(!found[0].description.contains_key("head"));
    assert!(found[0].untold.iter().any(|what| what.starts_with("head")));
}

#[test]
fn names_with_brackets_are_patterns_as_they_are() {
    let mut entries = layer(RNN, &[64, 28], &[64, 16]);
    entries.extend([
        ("fc.weight", &[10, 16][..]),
        ("fc.bias", &[10]),
        ("a[0]*", &[3]),
        ("b?.c", &[3]),
    ]);
    let found = guess(&entries);
    let ignored = json!(["a[0]*", "b?.*"]);
    assert_eq!(found[1].description["ignore"], ignored);
}

#[test]
fn a_cell_goes_into_a_layer() {
    let names = [
        "net.rnn.weight_ih",
        "net.rnn.weight_hh",
        "net.rnn.bias_ih",
        "net.rnn.bias_hh",
    ];
    let found = guess(&layer(names, &[12, 5], &[12, 3]));
    assert_eq!(commands(&found), ["recurrent"]);
    let described = &found[0].description;
    assert_eq!(described["strip_prefix"], "net.rnn.");
    // `import` takes a cell's names for those of a layer.
    assert!(!described.contains_key("rename"));
}

#[test]
fn names_of_numpy_programs_are_renamed_whole() {
    let mut entries = layer(
        ["enc_w_ih", "enc_w_hh", "enc_b_ih", "enc_b_hh"],
        &[9, 4],
        &[9, 3],
    );
    entries.extend(layer(
        ["dec_w_ih", "dec_w_hh", "dec_b_ih", "dec_b_hh"],
        &[9, 4],
        &[9, 3],
    ));
    entries.extend([
        ("enc_emb", &[29, 4][..]),
        ("dec_emb", &[74, 4]),
        ("fc_w", &[74, 3]),
        ("fc_b", &[74]),
    ]);
    let found = guess(&entries);
    assert_eq!(commands(&found), ["recurrent", "recurrent", "charlm"]);
    let alone = &found[1].description;
    assert_eq!(
        alone["keep"],
        json!(["enc_b_hh", "enc_b_ih", "enc_w_hh", "enc_w_ih"])
    );
    assert_eq!(alone["rename"]["enc_w_ih"], "weight_ih_l0");
    let model = &found[2].description;
    assert_eq!(model["rename"]["dec_emb"], "emb.weight");
    assert_eq!(model["rename"]["fc_b"], "fc.bias");
    assert_eq!(found[2].symbols, [("vocab.json", 74)]);
}

#[test]
fn what_has_no_recurrent_layer_is_none_of_our_models() {
    assert!(guess(&[]).is_empty());
    assert!(guess(&[("fc.weight", &[3, 4]), ("fc.bias", &[3])]).is_empty());
}

#[test]
fn many_parts_make_few_candidates() {
    let names: Vec<String> = (0..500).map(|n| format!("e{n}.weight")).collect();
    let heads: Vec<(String, String)> = (0..500)
        .map(|n| (format!("h{n}.weight"), format!("h{n}.bias")))
        .collect();
    let prefixes: Vec<[String; 4]> = (0..12)
        .map(|n| RNN.map(|name| format!("m{n}.{name}")))
        .collect();
    let mut entries: Vec<Shape<'_>> = Vec::new();
    for layer_names in &prefixes {
        let layer_names = layer_names.each_ref().map(String::as_str);
        entries.extend(layer(layer_names, &[12, 6], &[12, 3]));
    }
    entries.extend(names.iter().map(|name| (name.as_str(), &[9, 6][..])));
    for (weight, bias) in &heads {
        entries.extend([(weight.as_str(), &[4, 3][..]), (bias.as_str(), &[4])]);
    }
    assert_eq!(guess(&entries).len(), super::MOST);
}
