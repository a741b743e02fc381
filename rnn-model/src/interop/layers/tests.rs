use super::{CellType, RecurrentShape, loaded_as, recurrent_layers};

type Entry = (&'static str, &'static [usize]);

fn one(weights: &[Entry]) -> RecurrentShape {
    let mut found = recurrent_layers(weights.iter().copied());
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

const LSTM: [Entry; 8] = [
    ("encoder.gru.weight_ih_l0", &[12, 5]),
    ("encoder.gru.weight_hh_l0", &[12, 3]),
    ("encoder.gru.bias_ih_l0", &[12]),
    ("encoder.gru.bias_hh_l0", &[12]),
    ("encoder.gru.weight_ih_l1", &[12, 3]),
    ("encoder.gru.weight_hh_l1", &[12, 3]),
    ("encoder.gru.bias_ih_l1", &[12]),
    ("encoder.gru.bias_hh_l1", &[12]),
];

#[test]
fn layers_are_told_by_shapes_and_not_by_what_they_are_called() {
    let weights = [&LSTM[..], &[("fc.weight", &[2, 3]), ("fc.bias", &[2])]].concat();
    let found = one(&weights);
    assert_eq!(found.prefix, "encoder.gru.");
    assert_eq!(found.cell, CellType::Lstm);
    assert_eq!((found.input_size, found.hidden_size), (5, 3));
    assert_eq!((found.num_layers, found.proj_size), (2, None));
    assert!(found.bias && !found.bidirectional && !found.is_cell && !found.layer_norm);
    assert_eq!(found.names.len(), 8);
    assert!(found.renames.is_empty());
    assert_eq!(found.output_size(), 3);
}

#[test]
fn gates_tell_the_cell() {
    for (rows, cell) in [
        (3, Some(CellType::Rnn)),
        (9, Some(CellType::Gru)),
        (12, Some(CellType::Lstm)),
        (6, None),
        (11, None),
        (0, None),
    ] {
        let (ih, hh) = ([rows, 4], [rows, 3]);
        let weights = [("weight_ih_l0", &ih[..]), ("weight_hh_l0", &hh)];
        let found = recurrent_layers(weights);
        assert_eq!(found.first().map(|found| found.cell), cell, "{rows}");
        assert!(
            found
                .iter()
                .all(|found| !found.bias && found.prefix.is_empty())
        );
    }
}

#[test]
fn both_directions_with_a_projection() {
    let found = one(&[
        ("l.weight_ih_l0", &[20, 4]),
        ("l.weight_hh_l0", &[20, 2]),
        ("l.weight_hr_l0", &[2, 5]),
        ("l.weight_ih_l0_reverse", &[20, 4]),
        ("l.weight_hh_l0_reverse", &[20, 2]),
        ("l.weight_hr_l0_reverse", &[2, 5]),
        ("l.weight_ih_l1", &[20, 4]),
        ("l.weight_hh_l1", &[20, 2]),
        ("l.weight_hr_l1", &[2, 5]),
        ("l.weight_ih_l1_reverse", &[20, 4]),
        ("l.weight_hh_l1_reverse", &[20, 2]),
        ("l.weight_hr_l1_reverse", &[2, 5]),
    ]);
    assert_eq!((found.hidden_size, found.proj_size), (5, Some(2)));
    assert_eq!((found.num_layers, found.bidirectional), (2, true));
    assert_eq!(found.output_size(), 4);
    // Only an LSTM has one.
    let weights: [Entry; 3] = [
        ("weight_ih_l0", &[5, 4]),
        ("weight_hh_l0", &[5, 2]),
        ("weight_hr_l0", &[2, 5]),
    ];
    assert_eq!(recurrent_layers(weights), []);
}

#[test]
fn layer_normalisation_under_our_names() {
    let found = one(&[
        ("weight_ih_l0", &[12, 5]),
        ("weight_hh_l0", &[12, 3]),
        ("norm_ih_l0.weight", &[12]),
        ("norm_ih_l0.bias", &[12]),
        ("norm_hh_l0.weight", &[12]),
        ("norm_hh_l0.bias", &[12]),
        ("norm_c_l0.weight", &[3]),
        ("norm_c_l0.bias", &[3]),
    ]);
    assert!(found.layer_norm && !found.bias);
}

#[test]
fn cells_have_no_layer_in_their_names() {
    let found = one(&[
        ("cell.weight_ih", &[9, 5]),
        ("cell.weight_hh", &[9, 3]),
        ("cell.bias_ih", &[9]),
        ("cell.bias_hh", &[9]),
    ]);
    assert!(found.is_cell && found.bias && found.renames.is_empty());
    assert_eq!((found.cell, found.num_layers), (CellType::Gru, 1));
}

#[test]
fn both_forms_of_weight_norm_are_seen_through() {
    let old: [Entry; 3] = [
        ("rnn.weight_ih_l0", &[12, 5]),
        ("rnn.weight_hh_l0_g", &[12, 1]),
        ("rnn.weight_hh_l0_v", &[12, 3]),
    ];
    let new: [Entry; 3] = [
        ("rnn.weight_ih_l0", &[12, 5]),
        ("rnn.parametrizations.weight_hh_l0.original0", &[12, 1]),
        ("rnn.parametrizations.weight_hh_l0.original1", &[12, 3]),
    ];
    for weights in [old, new] {
        let found = one(&weights);
        assert_eq!((&found.prefix[..], found.hidden_size), ("rnn.", 3));
        assert_eq!(found.names.len(), 3);
        // Half of a pair is no weight, and a third one too many.
        assert_eq!(recurrent_layers(weights[..2].iter().copied()), []);
        let more: Entry = ("rnn.weight_hh_l0", &[12, 3]);
        let weights = [&weights[..], &[more]].concat();
        assert_eq!(recurrent_layers(weights), []);
    }
}

#[test]
fn names_of_numpy_programs_are_cells_with_renamings() {
    let weights: [Entry; 10] = [
        ("enc_emb", &[29, 4]),
        ("enc_w_ih", &[9, 4]),
        ("enc_w_hh", &[9, 3]),
        ("enc_b_ih", &[9]),
        ("enc_b_hh", &[9]),
        ("dec_w_ih", &[9, 4]),
        ("dec_w_hh", &[9, 3]),
        ("dec_b_ih", &[9]),
        ("dec_b_hh", &[9]),
        ("fc_w", &[7, 3]),
    ];
    let found = recurrent_layers(weights);
    let prefixes: Vec<&str> = found.iter().map(|found| &found.prefix[..]).collect();
    assert_eq!(prefixes, ["dec_", "enc_"]);
    assert!(found[1].is_cell && found[1].cell == CellType::Gru);
    let renames = [
        ("b_hh", "bias_hh_l0"),
        ("b_ih", "bias_ih_l0"),
        ("w_hh", "weight_hh_l0"),
        ("w_ih", "weight_ih_l0"),
    ];
    let renames = renames.map(|(from, to)| (from.to_owned(), to.to_owned()));
    assert_eq!(found[1].renames, renames);
}

#[test]
fn what_contradicts_itself_is_no_module() {
    let without = |left_out: &str| -> Vec<Entry> {
        let kept = LSTM
            .into_iter()
            .filter(|(name, _)| !name.ends_with(left_out));
        kept.collect()
    };
    for name in ["weight_hh_l0", "weight_ih_l1", "bias_ih_l0", "bias_hh_l1"] {
        assert_eq!(recurrent_layers(without(name)), [], "without {name}");
    }
    const HUGE: usize = usize::MAX;
    let others: [(&str, &'static [usize]); 9] = [
        ("weight_ih_l1", &[12, 4]),
        ("weight_ih_l1", &[12]),
        ("weight_hh_l1", &[12, 3, 1]),
        ("bias_ih_l1", &[13]),
        ("bias_ih_l1", &[]),
        ("weight_hh_l0", &[12, 0]),
        ("weight_hh_l0", &[HUGE, HUGE]),
        ("weight_ih_l0", &[HUGE, HUGE]),
        ("weight_ih_l0", &[12]),
    ];
    for (name, shape) in others {
        let mut weights = LSTM.to_vec();
        for entry in &mut weights {
            if entry.0.ends_with(name) {
                entry.1 = shape;
            }
        }
        assert_eq!(recurrent_layers(weights), [], "{name} of {shape:?}");
    }
}

#[test]
fn names_that_only_look_alike_are_no_parameters() {
    for name in [
        "weight_ih_l",
        "weight_ih_l+0",
        "weight_ih_l00",
        "weight_ih_l99999999999999999999999",
        "weight_ih_l0_",
        "xweight_ih_l0",
        "weight_ih_l0_reversed",
        "parametrizations.weight_ih_l0.original2",
        "original1",
        "a.original1",
        "parametrizations.a.weight_ih_l0.original1",
    ] {
        let weights: [Entry; 2] = [(name, &[12, 5]), ("weight_hh_l0", &[12, 3])];
        assert_eq!(recurrent_layers(weights), [], "{name}");
    }
    // A number of layers that a name lies about takes no memory.
    for layer in ["18446744073709551615", "9999999999999"] {
        let name = format!("encoder.gru.weight_ih_l{layer}");
        let mut weights: Vec<(&str, &[usize])> = LSTM.to_vec();
        weights.push((&name, &[12, 3]));
        assert_eq!(recurrent_layers(weights), []);
    }
}

#[test]
fn cells_and_normalised_weights_are_loaded_as_those_of_a_layer() {
    for (name, expected) in [
        ("a.weight_ih", "a.weight_ih_l0"),
        ("weight_hh_l1_reverse_g", "weight_hh_l1_reverse"),
        (
            "a.parametrizations.weight_hh_l0.original1",
            "a.weight_hh_l0",
        ),
        ("a.weight_ih_l2", "a.weight_ih_l2"),
        ("enc_w_ih", "enc_w_ih"),
        ("norm_ih_l0.weight", "norm_ih_l0.weight"),
        ("fc.weight", "fc.weight"),
    ] {
        assert_eq!(loaded_as(name), expected);
    }
}
