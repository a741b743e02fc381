//! Training on the embedded text, its results, and evaluation.

use std::fs;

use super::{SMALL, eval, is_near, number, settings};
use crate::{fails, has_keys, json, succeeds};

#[test]
fn the_embedded_text_is_learnt_and_evaluated() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let output = succeeds(path, &format!("{SMALL} --run run --json"));
    for text in [
        "the embedded play: ",
        " characters to train on, ",
        " characters and a symbol for others",
        "validated every 3",
        "it writes: ",
        "step 6/6  loss ",
        "state carried on: ",
        "state reset every 16 characters: ",
        "Next: charlm sample --run run",
    ] {
        assert!(output.contains(text), "no {text} in {output}");
    }
    let trained = json(&output);
    has_keys(
        &trained,
        "command run seed device threads parameters epochs steps best_step seconds step_seconds \
         train_loss valid_nats_per_char valid_nats_per_char_reset bits_per_char perplexity chars \
         predicted unknown reset_window",
    );
    let nats = number(&trained, "valid_nats_per_char");
    // Near chance level, whatever is guessed.
    assert!((3.0..4.5).contains(&nats), "{nats}");
    assert!(is_near(number(&trained, "bits_per_char"), nats / 2f64.ln()));
    assert!(is_near(number(&trained, "perplexity"), nats.exp()));
    for file in [
        "config.json",
        "model.json",
        "vocab.json",
        "model.safetensors",
        "history.jsonl",
        "metrics.json",
    ] {
        assert!(path.join("run").join(file).exists(), "no {file}");
    }
    let report = fs::read_to_string(path.join("run/report.html")).expect("a report");
    for text in ["Loss in nats over steps", "chance level (ln "] {
        assert!(report.contains(text), "no {text} in the report");
    }

    let evaluated = eval(path, "--run run");
    for key in [
        "valid_nats_per_char",
        "valid_nats_per_char_reset",
        "bits_per_char",
        "perplexity",
        "chars",
        "predicted",
    ] {
        assert_eq!(evaluated[key], trained[key], "{key}");
    }
    assert_eq!(
        number(&evaluated, "predicted"),
        number(&evaluated, "chars") - 1.0
    );
    let part = eval(path, "--run run --part train");
    assert!(number(&part, "chars") > 8.0 * number(&evaluated, "chars"));

    // Where the state is reset changes that figure alone.
    let reset = eval(path, "--run run --window 4");
    assert_eq!(
        reset["valid_nats_per_char"],
        evaluated["valid_nats_per_char"]
    );
    assert_eq!(reset["reset_window"], 4);
    assert_ne!(
        reset["valid_nats_per_char_reset"],
        evaluated["valid_nats_per_char_reset"]
    );
    let never = eval(path, "--run run --window 100000");
    assert!(
        is_near(number(&never, "valid_nats_per_char_reset"), nats),
        "{never}"
    );

    // The weights adapt only where it is asked for, and nothing else changes.
    assert!(evaluated["valid_nats_per_char_dynamic"].is_null());
    let dynamic = eval(path, "--run run --dynamic");
    assert_eq!(
        dynamic["valid_nats_per_char"],
        evaluated["valid_nats_per_char"]
    );
    assert!(
        number(&dynamic, "valid_nats_per_char_dynamic") < nats,
        "{dynamic}"
    );

    for line in [
        "charlm eval --run run --part train --file text",
        "charlm eval --run run --dynamic-rate 0.1",
        "charlm eval --run run --window 0",
    ] {
        fails(path, line, 2);
    }
    let message = fails(path, "mnist eval --run run", 1);
    assert!(
        message.contains("expected a run of mnist, found one of charlm"),
        "{message}"
    );
}

#[test]
fn settings_of_a_run_are_those_of_another() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let flags = "--dropout 0.1 --num-layers 2 --variational-dropout --tied-weights --seed 3";
    let line = SMALL.replace("--num-layers 1 ", "");
    succeeds(path, &format!("{line} {flags} --run run --quiet"));
    let toml = succeeds(path, "charlm train --config run/config.json --print-config");
    for text in [
        "max_steps = 6\n",
        "valid_every = \"3\"\n",
        "hidden_size = 16\n",
        "variational_dropout = true\n",
        "tied_weights = true\n",
    ] {
        assert!(toml.contains(text), "no {text} in {toml}");
    }
    fs::write(path.join("again.toml"), &toml).expect("written");
    let again = succeeds(path, "charlm train --config again.toml --print-config");
    assert_eq!(again, toml);
    succeeds(path, "charlm train --config again.toml --quiet --run again");
    let weights = |run: &str| fs::read(path.join(run).join("model.safetensors")).expect("weights");
    assert!(weights("again") == weights("run"), "other weights");
    assert_eq!(
        settings(path, "again")["model"],
        settings(path, "run")["model"]
    );

    // A preset decides what no flag does.
    let print = |flags: &str| succeeds(path, &format!("charlm train {flags} --print-config"));
    let line = |toml: &str, key: &str| {
        let found = toml
            .lines()
            .find(|line| line.starts_with(&format!("{key} = ")));
        found
            .map(str::to_owned)
            .unwrap_or_else(|| panic!("no {key} in {toml}"))
    };
    let base = print("--data text.txt --preset base");
    let tiny = print("--data text.txt --preset tiny");
    for key in ["hidden_size", "max_steps", "dropout"] {
        assert_ne!(line(&base, key), line(&tiny, key), "{key}");
    }
    assert_eq!(print("--data text.txt"), tiny);
    let smaller = print("--data text.txt --preset base --hidden-size 20 --max-steps 5");
    assert_eq!(line(&smaller, "hidden_size"), "hidden_size = 20");
    assert_eq!(line(&smaller, "max_steps"), "max_steps = 5");
    assert_eq!(line(&smaller, "dropout"), line(&base, "dropout"));
}

#[test]
fn a_finished_run_goes_on_to_more_steps() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let train = format!("{SMALL} --schedule constant --quiet");
    succeeds(path, &format!("{train} --run run"));
    let whole = train.replace("--max-steps 6", "--max-steps 9");
    succeeds(path, &format!("{whole} --run whole"));
    let results = json(&succeeds(
        path,
        "charlm train --resume run --max-steps 9 --json",
    ));
    assert_eq!(results["steps"], 9);
    let weights = |run: &str| fs::read(path.join(run).join("model.safetensors")).expect("weights");
    assert!(weights("run") == weights("whole"), "other weights");
}
