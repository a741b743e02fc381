use burn::tensor::TensorData;
use rnn_model::{CharRnnConfig, StateDict};

use super::{fails, json, succeeds};

/// The starting weights and the batch of `hihello-train`.
fn inputs() -> StateDict {
    let device = rnn_train::select("auto").expect("a device").device;
    device.seed(1);
    let mut tensors = StateDict::of(&CharRnnConfig::new(5, 3, 5).init(&device));
    let mut x = vec![0.0f32; 30];
    for (step, character) in [0, 1, 0, 2, 3, 3].into_iter().enumerate() {
        x[5 * step + character] = 1.0;
    }
    tensors.insert("x", TensorData::new(x, [1, 6, 5]));
    tensors.insert("y", TensorData::from([1i64, 0, 2, 3, 3, 4]));
    tensors
}

#[test]
fn a_workload_is_timed_and_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("hihello-train.safetensors");
    std::fs::write(&file, inputs().to_safetensors().expect("bytes")).expect("written");
    let bench = |iters: usize| {
        let line = format!("bench --workload hihello-train --iters {iters} --threads 3 --inputs .");
        json(&succeeds(folder.path(), &line))
    };
    let row = bench(20);
    for (key, value) in [
        ("workload", "hihello-train".into()),
        ("iters", 20.into()),
        ("threads", 3.into()),
    ] {
        let value: serde_json::Value = value;
        assert_eq!(row[key], value, "{row}");
    }
    let number = |key: &str| {
        row[key]
            .as_f64()
            .unwrap_or_else(|| panic!("no {key} in {row}"))
    };
    assert!(
        0.0 < number("min_ms") && number("min_ms") <= number("median_ms"),
        "{row}"
    );
    assert!(number("median_ms") <= number("p90_ms"), "{row}");
    assert!(number("step_memory_mb") >= 0.0, "{row}");
    // The loss of the last of 5 + 20 steps, which is the same in each run.
    assert!(number("check") > 0.0, "{row}");
    assert!(bench(200)["check"].as_f64() < row["check"].as_f64());
    assert_eq!(bench(20)["check"], row["check"]);
}

#[test]
fn inputs_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let line = "bench --workload hihello-train --inputs .";
    let message = fails(folder.path(), line, 1);
    assert!(message.contains("hihello-train.safetensors"), "{message}");
    let file = folder.path().join("hihello-train.safetensors");
    for (name, data, says) in [
        (
            "y",
            TensorData::from([[1i64; 6]]),
            "expected y with 1 axes, found [1, 6]",
        ),
        (
            "fc.extra",
            TensorData::from([1.0f32]),
            "unexpected: fc.extra",
        ),
        ("fc.bias", TensorData::from([1.0f32]), "shape of fc.bias"),
    ] {
        let mut tensors = inputs();
        tensors.insert(name, data);
        std::fs::write(&file, tensors.to_safetensors().expect("bytes")).expect("written");
        let message = fails(folder.path(), line, 1);
        assert!(message.contains(says), "{message}");
    }
    let mut tensors = inputs();
    tensors.remove("x");
    std::fs::write(&file, tensors.to_safetensors().expect("bytes")).expect("written");
    assert!(fails(folder.path(), line, 1).contains("no tensor x"));
    fails(folder.path(), "bench --workload abacus --inputs .", 2);
}
