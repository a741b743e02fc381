use super::Mismatch;

const PARTS: [&str; 4] = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"];

fn under(prefix: &str, names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("{prefix}{name}")).collect()
}

fn text(missing: &[String], unexpected: &[Vec<String>]) -> String {
    let mismatch = Mismatch {
        missing: missing.to_vec(),
        unexpected: unexpected.concat(),
        ..Mismatch::default()
    };
    mismatch.to_string()
}

#[test]
fn a_prefix_that_all_names_share_is_named() {
    let model = [under("rnn.", &PARTS), under("fc.", &["weight", "bias"])].concat();
    let model_names: Vec<&str> = model.iter().map(String::as_str).collect();
    for prefix in ["module.", "_orig_mod.", "model.", "a.b."] {
        let text = text(&model, &[under(prefix, &model_names)]);
        let hint = format!(
            "\n  all of these names begin with {prefix:?}: without that prefix they fit (strip_prefix, --prefix)"
        );
        assert!(text.ends_with(&hint), "{text}");
    }
    // Beside others.
    let other = under("", &["head.weight"]);
    let text = text(&model, &[under("net.", &model_names), other]);
    assert!(
        text.contains("that begin with \"net.\" fit without that prefix"),
        "{text}"
    );
}

#[test]
fn a_cell_s_names_are_those_of_a_layer() {
    let cell = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"];
    let text = text(&under("", &PARTS), &[under("decoder.cell.", &cell)]);
    assert!(
        text.contains("begin with \"decoder.cell.\": without"),
        "{text}"
    );
}

#[test]
fn several_prefixes_are_listed() {
    let file = [
        under("encoder.lstm.", &PARTS),
        under("decoder.lstm.", &PARTS),
    ];
    let text = text(&under("", &PARTS), &file);
    let hint = "\n  names fit without any of these prefixes, choose one (strip_prefix, --prefix): \"decoder.lstm.\", \
         \"encoder.lstm.\"";
    assert!(text.ends_with(hint), "{text}");
}

#[test]
fn a_prefix_that_makes_only_some_fit_is_not_named() {
    let text = text(&under("", &PARTS), &[under("module.", &PARTS[1..])]);
    assert!(!text.contains("strip_prefix"), "{text}");
    assert!(text.ends_with("unexpected: module.bias_hh_l0"), "{text}");
}

#[test]
fn where_other_names_fit_already_a_prefix_is_replaced() {
    let mismatch = Mismatch {
        missing: under("rnn.", &PARTS),
        unexpected: under("net.rnn.", &PARTS),
        shared: 2,
        ..Mismatch::default()
    };
    let text = mismatch.to_string();
    assert!(!text.contains("strip_prefix"), "{text}");
    assert!(text.ends_with("with \"net.\" replaced by \"\" the missing names are there (rename)"));
}

#[test]
fn a_prefix_that_the_names_lack_is_named() {
    let text = text(&under("rnn.", &PARTS), &[under("", &PARTS)]);
    assert!(text.ends_with("(rename): \"\" → \"rnn.\""), "{text}");
}

#[test]
fn groups_with_the_same_parts_are_renamings() {
    let model = [
        under("emb.", &["weight"]),
        under("fc.", &["weight", "bias"]),
        under("rnn.", &PARTS),
    ];
    let mut file = vec![
        under("embedding_layer.", &["weight"]),
        under("linear.", &["weight", "bias"]),
        under("lstm.", &PARTS),
    ];
    let found = text(&model.concat(), &file);
    assert!(found.contains("under other names (rename): "), "{found}");
    for pair in [
        "\"lstm.\" → \"rnn.\"",
        "\"linear.\" → \"fc.\"",
        "\"embedding_layer.\" → \"emb.\"",
    ] {
        assert!(found.contains(pair), "no {pair} in {found}");
    }
    // Two that could be meant are neither.
    file.push(under("head.", &["weight", "bias"]));
    let found = text(&model.concat(), &file);
    assert!(!found.contains("→ \"fc.\""), "{found}");
    assert!(found.contains("\"lstm.\" → \"rnn.\""), "{found}");
}

#[test]
fn what_belongs_to_no_model_is_counted() {
    let optimiser: Vec<String> = (0..120)
        .map(|i| format!("optimizer.state.{i}.exp_avg"))
        .collect();
    let counters = under("", &["epoch", "norm.num_batches_tracked"]);
    let found = text(
        &under("", &["fc.weight"]),
        &[optimiser.clone(), counters, under("", &["out.x"])],
    );
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(
        lines,
        [
            "the weights do not fit the model:",
            "  missing: fc.weight",
            "  unexpected: out.x",
            "  and 122 that belong to no model (epoch, num_batches_tracked, optimizer)",
        ]
    );
    let found = text(&[], &[optimiser]);
    assert!(
        found.ends_with("\n  unexpected: 120 that belong to no model (optimizer)"),
        "{found}"
    );
}

#[test]
fn long_lists_are_cut_and_what_is_shown_looks_like_the_missing() {
    let many: Vec<String> = (0..50).map(|i| format!("conv{i:02}.scale")).collect();
    let found = text(
        &under("rnn.", &PARTS),
        &[many.clone(), under("z.gru_layer.", &PARTS[..2])],
    );
    let lines: Vec<&str> = found.lines().collect();
    assert!(
        lines[5].starts_with("  unexpected: z.gru_layer.weight_"),
        "{found}"
    );
    assert!(
        lines[6].starts_with("  unexpected: z.gru_layer.weight_"),
        "{found}"
    );
    assert_eq!(lines[25], "  and 32 more unexpected");
    let shapes = many.iter().map(|name| (name.clone(), vec![1], vec![2]));
    let mismatch = Mismatch {
        missing: many.clone(),
        shapes: shapes.collect(),
        ..Mismatch::default()
    };
    let found = mismatch.to_string();
    assert!(found.contains("\n  and 30 more missing\n"), "{found}");
    assert!(
        found.ends_with("\n  and 30 more of another shape"),
        "{found}"
    );
}
