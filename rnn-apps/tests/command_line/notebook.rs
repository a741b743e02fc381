//! The commands for the notebook's sections, and the tour.

use super::{fails, json, succeeds};

#[test]
fn hihello_ends_with_ihello() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = succeeds(folder.path(), "hihello");
    let last = output.lines().last().expect("a line");
    assert!(last.ends_with("ihello"), "{last}");
    // A line for each prediction that differs from the previous one, and for the last epoch.
    let lines: Vec<&str> = output.lines().filter(|l| l.starts_with("epoch ")).collect();
    assert!((5..100).contains(&lines.len()), "{output}");
    assert!(lines[lines.len() - 1].starts_with("epoch 100"), "{output}");

    let output = succeeds(folder.path(), "hihello --json --quiet --epochs 60");
    assert_eq!(output.lines().count(), 1, "{output}");
    assert_eq!(json(&output)["text"], "ihello");
}

#[test]
fn samples_are_drawn_by_temperature() {
    let folder = tempfile::tempdir().expect("a folder");
    let samples = |line: &str| json(&succeeds(folder.path(), line))["samples"].clone();
    let found = samples("hihello --sample --temperature 0.05,5 --json");
    let [cold, warm] = [0, 1].map(|i| found[i]["words"].as_array().expect("words").clone());
    assert_eq!(found[0]["temperature"], 0.05);
    assert_eq!(cold, ["ihello"; 6]);
    assert_ne!(warm, cold);
    for word in warm {
        let word = word.as_str().expect("a word");
        assert!(
            word.len() == 6 && word.chars().all(|c| "hielo".contains(c)),
            "{word}"
        );
    }
    let again = samples("hihello --sample --temperature 0.05,5 --json");
    assert_eq!(again, found);
    let other = samples("hihello --sample --temperature 0.05,5 --seed 2 --json");
    assert_ne!(other, found);

    // The notebook's own temperature.
    assert_eq!(samples("hihello --sample --json")[0]["temperature"], 0.85);
    fails(folder.path(), "hihello --sample --temperature 0", 2);
    fails(folder.path(), "hihello --temperature 1", 2);
}

#[test]
fn shapes_shows_what_goes_in_and_comes_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = succeeds(folder.path(), "shapes --json");
    for shape in ["[1, 6, 5]", "[1, 6, 3]", "[18]", "[6, 1, 6]", "[4, 1, 3]"] {
        assert!(output.contains(shape), "no {shape} in {output}");
    }
    assert_eq!(json(&output)["output"], serde_json::json!([1, 6, 3]));
}

#[test]
fn devices_are_listed_with_what_the_missing_ones_need() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = succeeds(folder.path(), "devices --json");
    let found = json(&output);
    let devices = found["devices"].as_array().expect("a list");
    let names: Vec<_> = devices
        .iter()
        .filter_map(|d| d["device"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "cuda",
            "libtorch:cuda",
            "wgpu",
            "libtorch",
            "flex",
            "ndarray"
        ]
    );
    for device in devices {
        // A device that is not found has a reason.
        let found = device["found"].as_array().expect("a list");
        assert_eq!(found.is_empty(), device["needs"].is_string(), "{device}");
        assert!(found.is_empty() || device["compiled"] == true, "{device}");
    }
    let auto = json(&succeeds(folder.path(), "shapes --json"))["device"].clone();
    assert_eq!(found["auto"], auto);
}

#[test]
fn the_tour_goes_through_the_notebook_in_its_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = succeeds(folder.path(), "tour --json");
    let mut rest = output.as_str();
    for part in [
        "[1, 6, 3]",                 // nn.RNN
        "[18]",                      // flattened
        "multinomial",               // sampled
        "hihell → ihello",           // the speller
        "state.c",                   // nn.LSTM
        "The 0  dog 1  ate 2",       // the word index
        "[0, 1, 2, 3, 4]",           // a sentence as ids
        "DET       NN        V",     // tags
        "epoch  4/4",                // the digits' losses
        "were correctly classified", // the accuracy sentence
        "two.png: 2 (",              // a picture
        "What to try next",
    ] {
        let at = rest.find(part);
        let at = at.unwrap_or_else(|| panic!("no {part:?} in the rest of {output}"));
        rest = &rest[at + part.len()..];
    }
    for line in output.lines().filter(|line| !line.starts_with('{')) {
        assert!(
            line.chars().count() <= 80,
            "too wide for a terminal: {line}"
        );
    }
    assert!(json(&output)["test_accuracy"].as_f64() > Some(0.97));
    // The suggested command works.
    succeeds(folder.path(), "info runs/mnist-1");
}
