//! Files written by `torch.save` are read, and give PyTorch's numbers.

use std::error::Error;
use std::path::Path;

use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, TensorData};
use rnn_model::{Lstm, LstmConfig, StateDict, StateDictError};
use tests::{chain, devices, relative_error};

use super::{HIDDEN, INPUT, golden, path};

fn blank(device: &Device) -> Lstm {
    LstmConfig::new(INPUT, HIDDEN)
        .with_num_layers(2)
        .with_bidirectional(true)
        .init(device)
}

/// Checks that the weights are those of the checkpoint's LSTM, to within `tolerance`.
fn check(weights: StateDict, tolerance: f64) {
    let _alone = tests::seeded();
    let expected = golden("checkpoint.safetensors");
    for (name, device) in devices() {
        let lstm = weights.clone().load_into(blank(&device));
        let lstm = lstm.unwrap_or_else(|error| panic!("{name}: {error}"));
        let x = expected.get("x").expect("x").clone();
        let (output, state) = lstm.forward(Tensor::from_data(x, &device), None);
        for (what, found) in [("output", output), ("h_n", state.h), ("c_n", state.c)] {
            let expected = expected.get(what).expect(what);
            let error = relative_error(&found.into_data(), expected);
            assert!(error <= tolerance, "{name}: {what} is off by {error:e}");
        }
    }
}

#[test]
fn a_state_dict() {
    check(StateDict::read(path("lstm.pt")).expect("weights"), 1e-5);
}

#[test]
fn one_module_of_a_checkpoint() {
    let all = StateDict::read(path("checkpoint.pt")).expect("a checkpoint");
    // The batch normalisation's counter is an integer, which is read too.
    let counter = "model.encoder.norm.num_batches_tracked";
    assert_eq!(all.get(counter).map(TensorData::dtype), Some(DType::I64));
    assert!(all.get("epoch").is_none());
    check(all.strip_prefix("model.encoder.lstm."), 1e-5);
}

#[test]
fn the_format_before_pytorch_1_6() {
    check(StateDict::read(path("legacy.pt")).expect("weights"), 1e-5);
}

#[test]
fn half_precision_is_widened() {
    let weights = StateDict::read(path("half.pt")).expect("weights");
    let dtype = |name: &str| weights.get(name).map(TensorData::dtype);
    assert_eq!(dtype("weight_ih_l0"), Some(DType::F16));
    assert_eq!(dtype("bias_ih_l0"), Some(DType::BF16));
    // Bfloat16 has a significand of 8 bits.
    check(weights.clone(), 1e-2);
    // Writing and reading safetensors changes nothing.
    let bytes = weights.to_safetensors().expect("bytes");
    let again = StateDict::from_safetensors(&bytes).expect("our own file");
    for name in weights.names() {
        assert_eq!(again.get(name), weights.get(name), "{name}");
    }
}

#[test]
fn views_are_read_with_their_strides() {
    let views = StateDict::read(path("views.pt")).expect("tensors");
    let values = |name: &str| -> Vec<f32> { views.get(name).expect(name).iter().collect() };
    let (whole, turned) = (values("whole"), values("turned"));
    let (rows, columns) = (4 * HIDDEN, INPUT);
    assert_eq!(
        views.get("turned").expect("turned").shape()[..],
        [columns, rows]
    );
    for row in 0..rows {
        for column in 0..columns {
            assert_eq!(turned[column * rows + row], whole[row * columns + column]);
        }
    }
    assert_eq!(values("row"), whole[columns..2 * columns]);
}

#[test]
fn a_pickle_that_is_not_only_tensors_is_refused_by_name() {
    let error = chain(&StateDict::read(path("evil.pt")).expect_err("refused"));
    assert!(error.contains("evil.pt: data.pkl, byte "), "{error}");
    assert!(error.contains("asks for posix.system"), "{error}");
    // Nothing was executed.
    assert!(!path("evil-was-here").exists());
    assert!(!Path::new("evil-was-here").exists());
    // A whole model is pickled as Python classes, not only as tensors.
    let error = chain(&StateDict::read(path("module.pt")).expect_err("refused"));
    assert!(
        error.contains("asks for torch.nn.modules.container.Sequential"),
        "{error}"
    );
}

#[test]
fn a_damaged_file_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cut.pt");
    let whole = std::fs::read(path("lstm.pt")).expect("bytes");
    // Truncation at any length is an error and not a panic.
    for length in 0..whole.len() {
        std::fs::write(&file, &whole[..length]).expect("written");
        let error = chain(&StateDict::read(&file).expect_err("cut"));
        assert!(error.contains("cut.pt: "), "{length}: {error}");
        // Each part of the chain says something of its own.
        let parts: Vec<&str> = error.split(": ").collect();
        for pair in parts.windows(2) {
            assert_ne!(pair[0], pair[1], "{length}: {error}");
        }
    }
    let nowhere = folder.path().join("nowhere.pt");
    let error = StateDict::read(&nowhere).expect_err("missing");
    assert_eq!(error.to_string(), nowhere.display().to_string());
    let cause = error.source().expect("the system's answer").to_string();
    assert_eq!(chain(&error), format!("{}: {cause}", nowhere.display()));
    let weights = StateDict::read(path("lstm.pt")).expect("weights");
    let bytes = weights.to_safetensors().expect("bytes");
    let file = folder.path().join("cut.safetensors");
    std::fs::write(&file, &bytes[..bytes.len() - 1]).expect("written");
    let error = chain(&StateDict::read(&file).expect_err("cut"));
    assert!(
        error.contains("cut.safetensors: expected") && error.contains("the file is cut"),
        "{error}"
    );
}

#[test]
fn a_file_of_another_format_is_said_to_be_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("other.bin");
    for (entry, name) in [
        ("model.weights.h5", "a Keras model"),
        ("net/archive_format", "torch.export"),
        ("word/document.xml", "found word/document.xml"),
    ] {
        std::fs::write(&file, super::pickles::zip_of(&[(entry, b"")])).expect("written");
        let error = chain(&StateDict::read(&file).expect_err("no weights"));
        assert!(error.contains(name), "{error}");
    }
    for (bytes, name) in [
        (&b""[..], "an empty file"),
        (b"\x89PNG\r\n", "a PNG picture"),
        (b"epoch,loss\n1,0.5\n", "a text"),
        (b"<!DOCTYPE html><html>404</html>", "a web page"),
        (
            b"version https://git-lfs.github.com/spec/v1\nsize 7\n",
            "a Git LFS pointer",
        ),
        (
            b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            "found nothing",
        ),
    ] {
        std::fs::write(&file, bytes).expect("written");
        let error = chain(&StateDict::read(&file).expect_err("no weights"));
        assert!(error.contains("other.bin: expected"), "{error}");
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn every_difference_is_listed() {
    let _alone = tests::seeded();
    let (_, device) = devices().swap_remove(0);
    let all = StateDict::read(path("checkpoint.pt")).expect("a checkpoint");
    let mut weights = all.strip_prefix("model.encoder.lstm.");
    weights.insert("bias_ih_l0", TensorData::from([1i64; 4 * HIDDEN]));
    weights.insert("weight_hr_l0", TensorData::from([[1.0f32; HIDDEN]; 2]));
    let config = LstmConfig::new(INPUT + 1, HIDDEN)
        .with_num_layers(3)
        .with_bidirectional(true);
    let error = weights
        .load_into(config.init(&device))
        .expect_err("another");
    let StateDictError::Mismatch(mismatch) = &error else {
        panic!("{error}");
    };
    assert_eq!(mismatch.missing.len(), 8); // the third layer
    assert_eq!(mismatch.unexpected, ["weight_hr_l0"]);
    let shapes = ["weight_ih_l0", "weight_ih_l0_reverse"].map(|name| {
        let (expected, found) = (vec![4 * HIDDEN, INPUT + 1], vec![4 * HIDDEN, INPUT]);
        (name.to_owned(), expected, found)
    });
    assert_eq!(mismatch.shapes, shapes);
    assert_eq!(
        mismatch.types,
        [("bias_ih_l0", "floating-point numbers", "I64")].map(|(name, expected, found)| (
            name.into(),
            expected.into(),
            found.into()
        ))
    );
    let message = error.to_string();
    for line in [
        "missing: weight_ih_l2",
        "unexpected: weight_hr_l0",
        "shape of weight_ih_l0: expected [16, 4], found [16, 3]",
        "type of bias_ih_l0: expected floating-point numbers, found I64",
    ] {
        assert!(message.contains(line), "no {line} in {message}");
    }
}

#[test]
fn names_are_cut_and_lengthened() {
    let weights = StateDict::read(path("lstm.pt")).expect("weights");
    let longer = weights.clone().with_prefix("encoder.lstm.");
    assert!(longer.names().all(|name| name.starts_with("encoder.lstm.")));
    let renamed = longer.rename([("encoder.", "decoder.")]).expect("distinct");
    check(renamed.strip_prefix("decoder.lstm."), 1e-5);
    let error = weights
        .clone()
        .rename([("weight_ih_l0", "weight_ih_l1")])
        .expect_err("twice");
    assert!(error.to_string().contains("weight_ih_l1"), "{error}");
    let error = weights
        .clone()
        .rename([("gru.", "rnn.")])
        .expect_err("none");
    assert!(
        error
            .to_string()
            .contains("no name begins with \"gru.\"; there are bias_hh_l0"),
        "{error}"
    );
    // Each name is renamed only once, so that two names can be swapped.
    let swapped = weights
        .clone()
        .rename([("bias_ih", "bias_hh"), ("bias_hh", "bias_ih")])
        .expect("distinct");
    assert_eq!(swapped.get("bias_ih_l0"), weights.get("bias_hh_l0"));
    assert_eq!(
        weights
            .keep(&["bias_ih_l0", "weight_hh_l1"])
            .names()
            .count(),
        4
    );
    let blank = blank(&devices().swap_remove(0).1);
    assert_eq!(StateDict::of(&blank).names().count(), 16);
    assert!(blank.num_params() > 0);
}
