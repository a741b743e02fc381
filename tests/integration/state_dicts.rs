//! State dicts of modules that have more than floating-point parameters.

use burn::module::{Module, Param, ParamId};
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use rnn_model::{StateDict, StateDictError};
use tests::devices;

/// A module with a parameter of each kind.
#[derive(Module, Debug)]
struct Mixed {
    weight: Param<Tensor<2>>,
    steps: Param<Tensor<1, Int>>,
    mask: Param<Tensor<1, Bool>>,
}

impl Mixed {
    fn new(weight: f32, steps: i64, mask: bool, device: &Device) -> Self {
        let weight = Tensor::from_data(TensorData::from([[weight, 0.5]]), device);
        let steps = Tensor::from_data(TensorData::from([steps, 7]), device);
        let mask = Tensor::from_data(TensorData::from([mask, true]), device);
        Self {
            weight: Param::initialized(ParamId::new(), weight),
            steps: Param::initialized(ParamId::new(), steps),
            mask: Param::initialized(ParamId::new(), mask),
        }
    }
}

#[test]
fn integers_and_truth_values_are_kept() {
    for (name, device) in devices() {
        let weights = StateDict::of(&Mixed::new(1.5, -3, false, &device));
        assert!(weights.names().eq(["mask", "steps", "weight"]), "{name}");
        // In PyTorch's types, whatever the device computes with.
        let expected = TensorData::from([-3i64, 7]);
        assert_eq!(weights.get("steps"), Some(&expected), "{name}");
        let expected = TensorData::from([false, true]);
        assert_eq!(weights.get("mask"), Some(&expected), "{name}");

        let bytes = weights.to_safetensors().expect("bytes");
        let read = StateDict::from_safetensors(&bytes).expect("our own file");
        for entry in weights.names() {
            assert_eq!(read.get(entry), weights.get(entry), "{name}: {entry}");
        }
        let loaded = read.load_into(Mixed::new(0.0, 0, true, &device));
        let loaded = loaded.unwrap_or_else(|error| panic!("{name}: {error}"));
        let again = StateDict::of(&loaded);
        for entry in weights.names() {
            assert_eq!(again.get(entry), weights.get(entry), "{name}: {entry}");
        }
    }
}

#[test]
fn each_kind_of_parameter_takes_its_own() {
    let (_, device) = devices().swap_remove(0);
    let blank = || Mixed::new(0.0, 0, true, &device);
    // Narrower integers fit.
    let mut weights = StateDict::of(&blank());
    weights.insert("steps", TensorData::from([-1i8, 2]));
    let loaded = weights.load_into(blank()).expect("integers");
    let expected = TensorData::from([-1i64, 2]);
    assert_eq!(StateDict::of(&loaded).get("steps"), Some(&expected));

    let mut weights = StateDict::of(&blank());
    weights.insert("steps", TensorData::from([1.0f32, 2.0]));
    weights.insert("mask", TensorData::from([1u8, 0]));
    weights.insert("weight", TensorData::from([[true, false]]));
    let error = weights.load_into(blank()).expect_err("other kinds");
    let StateDictError::Mismatch(mismatch) = &error else {
        panic!("{error}");
    };
    assert_eq!(mismatch.types.len(), 3);
    for line in [
        "type of steps: expected integers, found F32",
        "type of mask: expected truth values, found U8",
        "type of weight: expected floating-point numbers, found Bool(Native)",
    ] {
        assert!(error.to_string().contains(line), "no {line} in {error}");
    }

    // An integer that the parameter can't hold is refused, not wrapped.
    let mut weights = StateDict::of(&blank());
    weights.insert("steps", TensorData::from([u64::MAX, 0]));
    let error = weights
        .load_into(blank())
        .expect_err("too large")
        .to_string();
    assert!(
        error.contains("type of steps: expected integers from -"),
        "{error}"
    );
    assert!(error.contains("found U64"), "{error}");
}

#[test]
fn a_parameter_without_values_is_missing() {
    let (_, device) = devices().swap_remove(0);
    let mut weights = StateDict::of(&Mixed::new(0.0, 0, true, &device));
    weights.remove("steps");
    weights.remove("mask");
    let error = weights.load_into(Mixed::new(0.0, 0, true, &device));
    let StateDictError::Mismatch(mismatch) = error.expect_err("missing") else {
        panic!("no mismatch");
    };
    assert_eq!(mismatch.missing, ["steps", "mask"]);
}
