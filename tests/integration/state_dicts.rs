//! State dicts of modules that have more than floating-point parameters.

use burn::module::{Module, Param, ParamId};
use burn::nn::{Linear, LinearConfig, LinearLayout};
use burn::tensor::{Bool, DType, Device, Int, Tensor, TensorData};
use rnn_model::{StateDict, StateDictError};
use tests::{chain, devices};

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

/// Makes a layer's parameters 64 bits wide.
fn precise(layer: &Linear) -> Linear {
    let wide = |weight: Tensor<2>| weight.cast(DType::F64);
    Linear {
        weight: layer.weight.clone().map(wide),
        bias: layer.bias.clone(),
    }
}

#[test]
fn parameters_keep_the_width_of_their_numbers() {
    for (name, device) in devices() {
        for layout in [LinearLayout::Row, LinearLayout::Col] {
            let config = LinearConfig::new(2, 3).with_layout(layout);
            let layer = config.init(&device).materialize();
            let mut weights = StateDict::of(&layer);
            // It is no number of 32 bits.
            let third = TensorData::full([3, 2], 1.0f64 / 3.0);
            weights.insert("weight", third.clone());
            let wide = weights.clone().load_into(precise(&layer)).expect("it fits");
            let found = StateDict::of(&wide);
            assert_eq!(found.get("weight"), Some(&third), "{name}");
            let dtype = |weight: &str| found.get(weight).map(TensorData::dtype);
            assert_eq!(dtype("bias"), Some(DType::F32), "{name}");
            let narrow = StateDict::of(&weights.load_into(layer).expect("it fits"));
            let third = TensorData::full([3, 2], 1.0f32 / 3.0);
            assert_eq!(narrow.get("weight"), Some(&third), "{name}");
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

#[test]
fn the_prefix_that_would_make_names_fit_is_named() {
    let (_, device) = devices().swap_remove(0);
    let blank = || Mixed::new(0.0, 0, true, &device);
    let weights = StateDict::of(&blank()).with_prefix("module.");
    let error = weights.load_into(blank()).expect_err("other names");
    let hint = "begin with \"module.\": without that prefix they fit (strip_prefix, --prefix)";
    assert!(error.to_string().contains(hint), "{error}");

    // Without it, the name that fits already would not.
    let mut weights = StateDict::of(&blank()).with_prefix("module.");
    let mask = weights.remove("module.mask").expect("a mask");
    weights.insert("mask", mask);
    let error = weights
        .load_into(blank())
        .expect_err("other names")
        .to_string();
    assert!(!error.contains("strip_prefix"), "{error}");
    assert!(error.contains("\"module.\" replaced by \"\""), "{error}");
}

#[test]
fn a_prefix_that_no_name_has_leaves_no_entries_which_is_said() {
    let (_, device) = devices().swap_remove(0);
    let blank = || Mixed::new(0.0, 0, true, &device);
    let weights = StateDict::of(&blank());
    for weights in [
        weights.strip_prefix("encoder."),
        weights.keep(&["encoder."]),
    ] {
        let error = weights.load_into(blank()).expect_err("nothing to load");
        let text = error.to_string();
        assert!(text.contains("they have no entries"), "{text}");
        assert!(text.contains("\n  missing: weight"), "{text}");
    }
}

/// By hand: in Burn's own layout a weight is `[in, out]`, in a state dict always `[out, in]`.
#[test]
fn the_weight_of_a_linear_layer_is_out_by_in_whatever_its_layout() {
    let layouts = [LinearLayout::Row, LinearLayout::Col];
    let both = |device| layouts.map(|layout| (device, layout));
    for ((name, device), layout) in devices().iter().flat_map(both) {
        let config = |inputs, outputs| LinearConfig::new(inputs, outputs).with_layout(layout);
        let mut weights = StateDict::default();
        weights.insert("weight", TensorData::from([[1.0f32, 2.0], [10.0, 20.0]]));
        weights.insert("bias", TensorData::from([100.0f32, 1000.0]));
        let layer = config(2, 2).init(device);
        let layer = weights.clone().load_into(layer).expect("square");
        let output = layer.forward(Tensor::<2>::from_data([[1.0, 3.0]], device));
        output
            .into_data()
            .assert_eq(&TensorData::from([[107.0f32, 1070.0]]), true);
        assert_eq!(
            StateDict::of(&layer).get("weight"),
            weights.get("weight"),
            "{name}"
        );

        let oblong = config(3, 2).init(device);
        let saved = StateDict::of(&oblong);
        let shape = saved.get("weight").map(|data| data.shape().to_vec());
        assert_eq!(shape, Some(vec![2, 3]), "{name}");
        let again = saved.load_into(config(3, 2).init(device));
        assert_eq!(
            again.expect("its own weights").weight.val().into_data(),
            oblong.weight.val().into_data(),
            "{name}"
        );
    }
}

#[test]
fn matrices_are_transposed() {
    let mut weights = StateDict::default();
    weights.insert("a", TensorData::from([[1i64, 2, 3], [4, 5, 6]]));
    weights.insert("b", TensorData::from([true, false]));
    let weights = weights.transpose("a").expect("a matrix");
    let expected = TensorData::from([[1i64, 4], [2, 5], [3, 6]]);
    assert_eq!(weights.get("a"), Some(&expected));
    let error = weights.clone().transpose("b").expect_err("one axis");
    assert_eq!(
        error.to_string(),
        "b: expected two axes, to be transposed, found the shape [2]"
    );
    let error = weights.transpose("c").expect_err("no such name");
    assert_eq!(error.to_string(), "there is no c; there are a, b");
}

#[test]
fn entries_are_split_along_any_axis() {
    let weights = || {
        let mut weights = StateDict::default();
        let rows = [[1.0f64, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]];
        weights.insert("whole", TensorData::from(rows));
        weights.insert("other", TensorData::from([0i32]));
        weights
    };
    let rows = weights().split("whole", &["x", "y"], 0).expect("two rows");
    assert!(rows.names().eq(["other", "x", "y"]));
    assert_eq!(
        rows.get("y"),
        Some(&TensorData::from([[5.0f64, 6.0, 7.0, 8.0]]))
    );
    let columns = weights().split("whole", &["x", "whole"], 1);
    let columns = columns.expect("an even number of columns");
    let expected = TensorData::from([[3.0f64, 4.0], [7.0, 8.0]]);
    assert_eq!(columns.get("whole"), Some(&expected));

    for (names, axis, message) in [
        (
            &["x", "y", "z"][..],
            1,
            "whole: expected an axis 1 that can be cut into 3 equal parts, found the shape [2, 4]",
        ),
        (
            &["x", "y"],
            2,
            "whole: expected an axis 2 that can be cut into 2 equal parts, found the shape [2, 4]",
        ),
        (
            &[],
            0,
            "whole: expected an axis 0 that can be cut into 0 equal parts, found the shape [2, 4]",
        ),
        (&["x", "other"], 0, "two tensors would be called other"),
    ] {
        let error = weights().split("whole", names, axis).expect_err("refused");
        assert_eq!(error.to_string(), message);
    }
    let error = weights().split("all", &["x"], 0).expect_err("refused");
    assert_eq!(error.to_string(), "there is no all; there are other, whole");
}

#[test]
fn entries_are_left_out_by_the_end_of_their_names() {
    let mut weights = StateDict::default();
    for name in ["a.steps", "steps", "a.time_steps", "steps.weight"] {
        weights.insert(name, TensorData::from([1i64]));
    }
    let weights = weights.without(&["steps", "gone"]);
    assert!(weights.names().eq(["a.time_steps", "steps.weight"]));
    assert!(weights.iter().all(|(_, data)| data.num_elements() == 1));
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let (_, device) = devices().swap_remove(0);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("weights.safetensors");
    let files = || {
        let entries = std::fs::read_dir(folder.path()).expect("the folder");
        entries.count()
    };
    let weights = StateDict::of(&Mixed::new(1.5, 3, false, &device));
    weights.write(&path).expect("a new file");
    let bytes = std::fs::read(&path).expect("the file");
    assert_eq!(Some(bytes), weights.to_safetensors().ok());
    let other = StateDict::of(&Mixed::new(2.5, 3, false, &device));
    other.write(&path).expect("a file to replace");
    let read = StateDict::read(&path).expect("the new file");
    assert_eq!(read.get("weight"), other.get("weight"));
    assert_eq!(files(), 1, "no temporary file is left");

    let error = weights.write(folder.path()).expect_err("a folder");
    let text = chain(&error);
    assert!(
        text.starts_with(&folder.path().display().to_string()),
        "{text}"
    );
    let error = weights.write(folder.path().join("none/weights.safetensors"));
    let text = chain(&error.expect_err("no such folder"));
    assert!(text.contains("none"), "{text}");
    assert_eq!(files(), 1, "what could not be written leaves nothing");
}
