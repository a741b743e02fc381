//! Settings from files and flags, and the output, reports and comparison of trainings.

use std::fs;

use super::{SMALL, fails, json, run, succeeds, text};

#[test]
fn a_file_sets_what_the_command_line_leaves_to_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = "# a small one\nhidden_size = 12\nnum-layers = 1\nepochs = 2\nlimit = 300\n\
                batch_size = 20\noptimizer = \"sgd\"\nschedule = \"cosine\"\nwarmup = 0.1\nseed = 9\n\
                bidirectional = true\n";
    fs::write(folder.path().join("small.toml"), file).expect("written");
    let line = "mnist train --config small.toml --epochs 1 --run run --json";
    let results = json(&succeeds(folder.path(), line));
    assert_eq!(results["epochs"], 1);
    assert_eq!(results["seed"], 9);
    let config = fs::read_to_string(folder.path().join("run/config.json")).expect("settings");
    let config: serde_json::Value = serde_json::from_str(&config).expect("JSON");
    assert_eq!(config["model"]["hidden_size"], 12);
    assert_eq!(config["model"]["bidirectional"], true);
    let fit = &config["training"]["fit"];
    assert_eq!(fit["optimizer"]["name"], "sgd");
    assert_eq!(fit["optimizer"]["momentum"], 0.9);
    assert_eq!(fit["schedule"]["cosine"]["warmup"], 0.1);
    for key in ["instruction_set", "threads"] {
        assert!(!config[key].is_null(), "no {key}");
    }
    let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock"));
    let burn = config["versions"]["burn"].as_str().expect("a version");
    let package = format!("name = \"burn\"\nversion = \"{burn}\"\n");
    assert!(lock.expect("a lock file").contains(&package), "{burn}");

    let json_file = r#"{"hidden_size": 10, "epochs": 1, "limit": 200, "num_layers": 1}"#;
    fs::write(folder.path().join("small.json"), json_file).expect("written");
    succeeds(
        folder.path(),
        "mnist train --config small.json --run from-json",
    );
}

#[test]
fn errors_in_a_file_are_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    for (content, says) in [
        (
            "hiden_size = 12",
            "line 1: unknown key `hiden_size`, did you mean `hidden_size`?",
        ),
        (
            "epochs = 1\nlearning_rate = -1",
            "line 2: learning_rate: invalid value '-1'",
        ),
        ("resume = \"x\"", "`resume` belongs on the command line"),
        ("epochs = ", "line 1"),
        ("{\"epochs\": [1]}", "found an array"),
    ] {
        fs::write(folder.path().join("bad.toml"), content).expect("written");
        let message = fails(folder.path(), "mnist train --config bad.toml", 2);
        assert!(message.contains("bad.toml: "), "{message}");
        assert!(message.contains(says), "no '{says}' in: {message}");
    }
    // What PowerShell's > writes.
    let bytes: Vec<u8> = "\u{feff}epochs = 1"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for bytes in [&bytes[..], &bytes[2..]] {
        fs::write(folder.path().join("bad.toml"), bytes).expect("written");
        let message = fails(folder.path(), "mnist train --config bad.toml", 2);
        assert!(
            message.contains("bad.toml: expected UTF-8, found UTF-16"),
            "{message}"
        );
    }
    let message = fails(folder.path(), "tagger train --config none.toml", 2);
    assert!(message.contains("none.toml"), "{message}");
    assert!(!folder.path().join("runs").exists(), "a run was made");
}

#[test]
fn printed_settings_can_be_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    for command in ["mnist", "tagger"] {
        let line = format!(
            "{command} train --hidden-size 20 --optimizer rmsprop --seed 4 --checkpoint-every 5m \
             --bidirectional --print-config"
        );
        let printed = succeeds(folder.path(), &line);
        for setting in [
            "seed = 4",
            "hidden_size = 20",
            "optimizer = \"rmsprop\"",
            "schedule = \"one-cycle\"",
            "momentum = 0.0",
            "bidirectional = true",
            "checkpoint_every = \"300s\"",
        ] {
            assert!(
                printed.lines().any(|line| line == setting),
                "no {setting} in:\n{printed}"
            );
        }
        fs::write(folder.path().join("printed.toml"), &printed).expect("written");
        let line = format!("{command} train --config printed.toml --print-config");
        assert_eq!(succeeds(folder.path(), &line), printed);
    }
    assert!(!folder.path().join("runs").exists(), "a run was made");
}

#[test]
fn the_settings_of_a_run_are_read_as_flags() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("words.txt"), "Go/V now/A\nNow/A go/V\n").expect("written");
    let lines = [
        "mnist train --hidden-size 8 --num-layers 1 --limit 300 --epochs 2 --seed 3 \
         --bidirectional --checkpoint-every 7 --optimizer sgd --momentum 0.5 --schedule cosine \
         --warmup 0.1 --valid-split 0.2 --patience 3",
        "mnist train --hidden-size 8 --num-layers 1 --limit 300 --epochs 1 --recipe notebook \
         --cell gru --schedule reduce-on-plateau --gamma 0.25 --checkpoint-every epoch",
        "tagger train --hidden-size 8 --embedding-size 4 --epochs 2 --data words.txt \
         --valid-split 0.5 --schedule step --checkpoint-every 90s",
        "tagger train --hidden-size 8 --num-layers 1 --epochs 2 --data words.txt --valid-split 0.5 \
         --label auto --char-hidden-size 4 --lowercase --crf --word-dropout 0.5 --min-count 1 \
         --checkpoint-every epoch",
        "tagger train --hidden-size 8 --epochs 1 --data words.txt --valid-split 0.5 --no-chars \
         --digits --input-dropout 0 --output-dropout 0 --checkpoint-every epoch",
    ];
    for (number, flags) in (1..).zip(lines) {
        let run = format!("run-{number}");
        succeeds(folder.path(), &format!("{flags} --quiet --run {run}"));
        let command = flags.split(" --").next().expect("a command");
        let again = format!("{command} --config {run}/config.json");
        let settings = |line: &str| {
            let printed = succeeds(folder.path(), &format!("{line} --print-config"));
            // A run records an absolute path.
            let lines = printed.lines().filter(|line| !line.starts_with("data ="));
            lines.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(settings(&again), settings(flags));
        // What it has for another schedule and optimiser is left out.
        let other = settings(&format!("{again} --schedule one-cycle --optimizer rmsprop"));
        assert!(
            !other.iter().any(|line| line.starts_with("warmup")),
            "{other:?}"
        );
        let other = settings(&format!("{again} --epochs 7"));
        assert!(other.contains(&"epochs = 7".to_owned()), "{other:?}");
        succeeds(folder.path(), &format!("{again} --quiet --run {run}-again"));
        let weights = |run: &str| fs::read(folder.path().join(run).join("model.safetensors"));
        let again = weights(&format!("{run}-again")).expect("weights");
        assert!(again == weights(&run).expect("weights"), "{flags}");
    }
    let message = fails(folder.path(), "tagger train --config run-1/config.json", 2);
    assert!(
        message.contains("found those of a run of mnist"),
        "{message}"
    );
}

#[test]
fn flags_that_can_t_be_combined_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for (line, says) in [
        (
            "mnist train --momentum 0.5",
            "--momentum is not for --optimizer adam",
        ),
        ("mnist train --patience 2 --limit 100", "--valid-split"),
    ] {
        let message = fails(folder.path(), line, 2);
        assert!(message.contains(says), "{message}");
    }
    let message = fails(folder.path(), "mnist train --resume run --dropout 0.3", 2);
    assert!(message.contains("--dropout"), "{message}");
    let message = fails(folder.path(), "mnist train --resume nowhere", 1);
    assert!(message.contains("nowhere"), "{message}");
    assert!(!folder.path().join("runs").exists(), "a run was made");
}

#[test]
fn every_optimiser_and_schedule_trains() {
    let folder = tempfile::tempdir().expect("a folder");
    for (optimizer, rate, schedule) in [
        ("adam", 0.01, "constant"),
        ("adamw", 0.01, "cosine"),
        ("sgd", 0.1, "step"),
        ("rmsprop", 0.003, "reduce-on-plateau"),
        ("adam", 0.01, "one-cycle"),
    ] {
        let line = format!(
            "mnist train --hidden-size 16 --num-layers 1 --limit 1000 --batch-size 20 --epochs 3 \
             --optimizer {optimizer} --learning-rate {rate} --schedule {schedule} \
             --accumulate 2 --clip-value 0.5 --valid-split 0.1 --patience 5 --json \
             --run {optimizer}-{schedule}"
        );
        let results = json(&succeeds(folder.path(), &line));
        assert_eq!(results["steps"], 69, "{optimizer}");
        let loss = results["train_loss"].as_f64().expect("a number");
        assert!(loss < 2.25, "{optimizer}, {schedule}: {loss}"); // ln 10 = 2.30
    }
    let output = succeeds(folder.path(), "runs .");
    let best = "adam-one-cycle";
    for part in [
        best,
        "rmsprop-reduce-on-plateau",
        "learning_rate",
        "% test",
        "finished",
    ] {
        assert!(output.contains(part), "no {part} in:\n{output}");
    }
    let all = json(&succeeds(folder.path(), "runs . --json"));
    assert_eq!(all["runs"].as_array().map(Vec::len), Some(5));
}

#[test]
fn runs_are_listed_even_if_one_is_damaged() {
    let folder = tempfile::tempdir().expect("a folder");
    let message = fails(folder.path(), "runs", 1);
    assert!(message.contains("runs"), "{message}");
    fs::create_dir(folder.path().join("runs")).expect("a folder");
    let message = fails(folder.path(), "runs", 1);
    assert!(message.contains("no runs in it"), "{message}");

    succeeds(folder.path(), &format!("mnist train {SMALL} --quiet"));
    fs::create_dir(folder.path().join("runs/broken")).expect("a folder");
    fs::write(folder.path().join("runs/broken/config.json"), "{").expect("written");
    let output = run(folder.path(), "runs");
    assert!(output.status.success());
    assert!(text(&output.stdout).contains("mnist-1"));
    assert!(text(&output.stderr).contains("broken/config.json"));
}

#[test]
fn piped_output_is_plain_lines() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = succeeds(folder.path(), "tagger train --epochs 3 --run run");
    for part in [
        "parameters",
        "device     ",
        "steps      adamw, on one cycle up to 0.004, batches of about 24; 3 × 1 steps",
        "epoch  1/3  loss ",
        "tokens/s",
        "best",
        "How it went: run/report.html",
    ] {
        assert!(output.contains(part), "no {part} in:\n{output}");
    }
    assert!(!output.contains('\u{1b}'), "an escape sequence in a pipe");
    let quiet = run(folder.path(), "tagger train --epochs 1 --quiet --run quiet");
    assert!(quiet.stdout.is_empty() && quiet.stderr.is_empty());
}

#[test]
fn a_report_holds_everything_in_one_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = format!("mnist train {SMALL} --valid-split 0.1 --run <run>");
    succeeds(folder.path(), &line);
    let run = folder.path().join("<run>");
    let page = fs::read_to_string(run.join("report.html")).expect("a report");
    for part in [
        "<svg",
        "data:image/png;base64,",
        "test_accuracy",
        "hidden_size",
        "&lt;run&gt;",
    ] {
        assert!(page.contains(part), "no {part}");
    }
    for part in ["<run>", "<script", "src=\"http"] {
        assert!(!page.contains(part), "{part}");
    }
    let table = fs::read_to_string(run.join("history.csv")).expect("a table");
    assert!(table.starts_with("epoch,train_loss,"), "{table}");
    assert_eq!(table.lines().count(), 2, "{table}");
}

#[test]
fn a_report_that_could_not_be_written_is_made_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    for (command, flags) in [
        ("mnist", format!("{SMALL} --valid-split 0.1 --patience 3")),
        ("tagger", "--epochs 3".to_owned()),
    ] {
        succeeds(folder, &format!("{command} train {flags} --run {command}"));
        let run = folder.join(command);
        let names = |folder: &std::path::Path| {
            let mut names: Vec<_> = fs::read_dir(folder)
                .expect("a folder")
                .map(|entry| entry.expect("an entry").file_name())
                .collect();
            names.sort();
            names
        };
        let before = (names(&run), fs::read_to_string(run.join("report.html")));
        for name in &before.0 {
            let name = name.to_string_lossy();
            if name.ends_with(".svg") || name.ends_with(".png") || name.ends_with(".html") {
                fs::remove_file(run.join(&*name)).expect("removed");
            }
        }
        let output = succeeds(folder, &format!("report {command}"));
        assert!(output.contains("report.html"), "{output}");
        assert_eq!(names(&run), before.0);
        let again = fs::read_to_string(run.join("report.html")).expect("a report");
        assert_eq!(again, before.1.expect("a report"));
    }
    fs::remove_file(folder.join("mnist/metrics.json")).expect("removed");
    let message = fails(folder, "report mnist", 1);
    assert!(
        message.contains("mnist: the training is not finished"),
        "{message}"
    );
    fails(folder, "report nowhere", 1);
}

#[test]
fn dropout_without_a_place_is_a_warning() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(
        folder.path(),
        &format!("mnist train {SMALL} --dropout 0.2 --run one"),
    );
    assert!(output.status.success());
    let warning = text(&output.stderr);
    assert!(
        warning.contains("--dropout has no effect on one"),
        "{warning}"
    );
}

#[test]
fn a_dashboard_that_cannot_be_shown_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let message = fails(folder.path(), "mnist train --limit 100 --tui --run run", 1);
    let says = if cfg!(feature = "tui") {
        "--tui needs a terminal"
    } else {
        "cargo run -p rnn-apps --features tui -- mnist train"
    };
    assert!(message.contains(says), "{message}");
    assert!(!folder.path().join("run").exists());
}
